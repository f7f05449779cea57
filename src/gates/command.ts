import type { GateResult, TestGate } from "../model/index.ts";
import type { Bench } from "./bench.ts";
import { lastWords, runTests } from "./test-run.ts";

/** What shells, and programs that speak for them, exit with where something cannot be executed or is not there (POSIX). */
const notThere: readonly (number | null)[] = [126, 127];

/** Gate `command`: exit code 0. */
export async function commandGate(gate: TestGate, bench: Bench): Promise<GateResult> {
  const done = await runTests(gate, bench);
  const base = { name: `command: ${gate.name}`, mode: gate.mode };
  if (done.error !== undefined) return { ...base, verdict: "error", detail: done.error };
  if (notThere.includes(done.code))
    return {
      ...base,
      verdict: "error",
      detail: `something that it needs is not here (exit code ${done.code ?? "none"}): ${done.tail}`,
    };
  if (done.code === 0) return { ...base, verdict: "pass", detail: "exit code 0" };
  return {
    ...base,
    verdict: "fail",
    detail: done.timedOut
      ? `took longer than ${gate.timeoutMs / 1000} s`
      : `exit code ${done.code ?? "none"}${lastWords(done)}`,
    samples: [done.tail],
  };
}

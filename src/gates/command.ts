import type { GateResult, TestGate } from "../model/index.ts";
import type { Bench } from "./bench.ts";
import { runTests } from "./test-run.ts";

/** Gate `command`: exit code 0. */
export async function commandGate(gate: TestGate, bench: Bench): Promise<GateResult> {
  const done = await runTests(gate, bench);
  const base = { name: `command: ${gate.name}`, mode: gate.mode };
  if (done.error !== undefined) return { ...base, verdict: "error", detail: done.error };
  if (done.code === 0) return { ...base, verdict: "pass", detail: "exit code 0" };
  return {
    ...base,
    verdict: "fail",
    detail: done.timedOut
      ? `took longer than ${gate.timeoutMs / 1000} s`
      : `exit code ${done.code ?? "none"}`,
    samples: [done.tail],
  };
}

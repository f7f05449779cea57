import type { GateResult, HealthGate, ProcessSettings } from "../model/index.ts";
import { probe, shown, sleep, type Probed } from "../system/index.ts";
import type { Bench } from "./bench.ts";
import { serve } from "./served-process.ts";

/** Gate `health`: HTTP probes of a running application, or of a process that is started for them. */
export async function healthGate(
  gate: HealthGate,
  processes: readonly ProcessSettings[],
  bench: Bench,
): Promise<GateResult> {
  const base = { name: `health: ${gate.name}`, mode: gate.mode };
  const { target } = gate;
  if ("url" in target) return { ...base, ...(await probeOften(gate, target.url, bench.signal)) };
  const settings = processes.find((one) => one.name === target.process);
  if (settings === undefined)
    return { ...base, verdict: "error", detail: `no process ${target.process} is declared` };
  const serving = await serve(settings, bench);
  if ("failed" in serving)
    return { ...base, verdict: "fail", detail: `${target.process} does not start: ${serving.failed}` };
  try {
    return { ...base, ...(await probeOften(gate, serving.url(target.path), bench.signal)) };
  } finally {
    await serving.end();
  }
}

/** Probes until enough good ones came in a row, too many failed, or all are made. */
async function probeOften(
  gate: HealthGate,
  url: string,
  signal: AbortSignal | undefined,
): Promise<Pick<GateResult, "verdict" | "detail" | "samples">> {
  const samples: object[] = [];
  const wrongs: string[] = [];
  let row = 0;
  const enough = gate.consecutiveSuccess ?? Infinity;
  for (let number = 1; number <= gate.count && wrongs.length <= gate.failureLimit && row < enough; number++) {
    if (number > 1) await sleep(gate.intervalMs, signal);
    signal?.throwIfAborted();
    const answer = await probe(url, {
      timeoutMs: gate.timeoutMs,
      ...(signal === undefined ? {} : { signal }),
    });
    const wrong = wrongWith(answer, gate);
    row = wrong === undefined ? row + 1 : 0;
    if (wrong !== undefined) wrongs.push(wrong);
    samples.push({
      status: answer.status ?? null,
      durationMs: Math.round(answer.durationMs * 10) / 10,
      ...(wrong === undefined ? {} : { wrong }),
    });
  }
  const made = samples.length;
  const tally = `${made - wrongs.length} of ${made} probes of ${shown(url)} good`;
  const fewInRow = gate.consecutiveSuccess !== undefined && row < gate.consecutiveSuccess;
  const isFailed = wrongs.length > gate.failureLimit || fewInRow;
  const why = wrongs.at(-1);
  return {
    verdict: isFailed ? "fail" : wrongs.length > 0 ? "warn" : "pass",
    detail: [
      tally,
      ...(fewInRow && wrongs.length <= gate.failureLimit ? [`never ${enough} in a row at the end`] : []),
      ...(why === undefined ? [] : [`last: ${why}`]),
    ].join("; "),
    samples,
  };
}

/** What is wrong with an answer; `undefined` when nothing is. */
function wrongWith({ status, body, error }: Probed, gate: HealthGate): string | undefined {
  if (status === undefined) return error ?? "no answer";
  const isWanted = gate.status?.includes(status) ?? (status >= 200 && status < 300);
  if (!isWanted) return `status ${status}`;
  if (gate.body !== undefined && !body.includes(gate.body)) return `the answer does not hold “${gate.body}”`;
  return undefined;
}

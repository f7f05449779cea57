import path from "node:path";
import { controls } from "../../evidence/index.ts";
import { Failure } from "../../model/index.ts";
import { disk, runFolder } from "../../run/index.ts";
import {
  assembleEvidence,
  evidenceFolder,
  followChain,
  journalName,
  readSealed,
  settleFolders,
  traceFindings,
  trustedKeys,
  verifyEvidence,
} from "../../seal/index.ts";
import type { Exit } from "../program.ts";
import { rootOf, terminalFor, type CommonOptions } from "../setting.ts";
import { showTrace } from "../show/trace.ts";

/**
 * `redress explain FINDING --run RUN`: what the sealed record of a run says of a finding. Nothing is looked at but the
 * record, and one that does not hold is not read from.
 */
export async function explainRecorded(
  subject: string,
  place: string | undefined,
  options: CommonOptions & { readonly run: string },
): Promise<Exit> {
  const terminal = terminalFor(options);
  const { root } = await rootOf([place ?? "."]);
  const { run } = options;
  const folder = runFolder(root, run);
  if ((await disk.look(folder)) === undefined)
    throw new Failure("usage", `there is no ${run} here`, "See redress status.");
  await settleFolders(folder, disk);
  const read = await readSealed(evidenceFolder(folder), disk);
  if (read.state !== "whole")
    throw new Failure(
      "corrupt",
      `the evidence of ${run} does not hold: ${read.state === "none" ? "there is none" : `${read.problem.path}: ${read.problem.detail}`}`,
      "See redress verify.",
    );
  const text = (name: string): string | undefined => {
    const bytes = read.files.get(name);
    return bytes === undefined ? undefined : Buffer.from(bytes).toString("utf8");
  };
  const evidence = await assembleEvidence(text);
  const traces =
    evidence === undefined
      ? []
      : traceFindings(subject, {
          evidence,
          journal: followChain(text(journalName) ?? "").lines,
          checkpoint: read.statement.checkpoint,
        });
  if (traces.length === 0)
    throw new Failure(
      "usage",
      `${run} began with no finding that is called ${subject}`,
      `Name a finding, an advisory or a package; ${path.posix.join(".redress/reports", `${run}.md`)} lists them.`,
    );
  const { intact, problem } = await verifyEvidence({
    folder: evidenceFolder(folder),
    trusted: await trustedKeys(),
    files: disk,
    journal: (await disk.read(path.join(folder, "journal.jsonl")).catch(() => Buffer.alloc(0))).toString(),
  });
  const record = { intact, keyId: read.signed.keyId, ...(problem === undefined ? {} : { problem }) };
  if (options.json === true)
    terminal.print(JSON.stringify({ schemaVersion: 1, run, record, findings: traces, controls }, null, 2));
  else
    terminal.print(
      traces.map((trace) => showTrace(trace, { record, colors: terminal.colors }).join("\n")).join("\n\n"),
    );
  return 0;
}

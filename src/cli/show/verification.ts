import type { Verification } from "../../seal/index.ts";
import type { Terminal } from "../terminal.ts";
import { count, plain } from "./words.ts";

/** What a check of evidence found, for a person. */
export function showVerification(
  { intact, problem, checkpoint, keyId, digest, files }: Verification,
  { folder, colors }: { folder: string; colors: Terminal["colors"] },
): string {
  if (problem !== undefined) {
    const where = `${plain(problem.path)}${problem.line === undefined ? "" : `:${problem.line}`}`;
    return [
      `${colors.red("✗ not intact")}  ${plain(folder)}`,
      `${where}: ${plain(problem.detail)}`,
      ...(problem.code === "unknown-key"
        ? [
            "Name the public key of whoever sealed it with --key FILE, or believe it from now on: redress keys trust FILE",
          ]
        : []),
    ].join("\n");
  }
  if (!intact || checkpoint === undefined) return colors.red("✗ not intact");
  return [
    `${colors.green("✓ intact")}  ${checkpoint.run}, which ended as ${plain(checkpoint.state)}`,
    `${count(files ?? 0, "file")} and ${count(checkpoint.journal.entries, "journal entry", "journal entries")}, sealed ${checkpoint.sealedAt}${checkpoint.by === undefined ? "" : ` by ${plain(checkpoint.by)}`}${checkpoint.earlier.length === 0 ? "" : `, after ${count(checkpoint.earlier.length, "earlier checkpoint")}`}`,
    `key ${keyId ?? ""}`,
    `checkpoint sha256:${digest ?? ""}`,
    `head ${checkpoint.journal.head}`,
  ].join("\n");
}

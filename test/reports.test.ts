/** The two documents that people wrote by hand: every section of them has its place (`docs/reports.md`). */
import assert from "node:assert/strict";
import { existsSync, readFileSync } from "node:fs";
import path from "node:path";
import { describe, it } from "node:test";
import { renderers } from "../src/evidence/index.ts";
import type { Evidence } from "../src/model/index.ts";
import { runEvidence } from "./support/evidence.ts";

const repository = path.join(import.meta.dirname, "..");
const seeds = path.join(repository, "..", "shared", "seeds");

/** A title without ornaments. */
const plain = (title: string): string =>
  title
    .replace(/[*\u{1f000}-\u{1ffff}\u{fe0f}]/gu, "")
    .replace(/\s+/g, " ")
    .trim();

/** Rows of the table below a heading of docs/reports.md: by hand → section. */
function tableOf(heading: string): Map<string, string> {
  const text = readFileSync(path.join(repository, "docs", "reports.md"), "utf8");
  const part = text.split(`### ${heading}\n`)[1]?.split("\n### ")[0] ?? "";
  const rows = [...part.matchAll(/^\| (.+?) \| (.+?) \| (.+?) \|$/gm)].slice(1);
  return new Map(rows.map(([, left = "", section = ""]) => [plain(left), section]));
}

async function sectionsOf(evidence: Evidence): Promise<Set<string>> {
  const markdown = String(await renderers.find((one) => one.format === "md")?.render(evidence));
  return new Set([...markdown.matchAll(/^## (.+)$/gm)].map(([, title = ""]) => title));
}

const { run: _run, after: _after, ...planned } = runEvidence();
const cases = [
  {
    seed: "remediation-plan.md",
    heading: "Remediation plan",
    evidence: { ...planned, kind: "plan" } as Evidence,
  },
  { seed: "update-summary.md", heading: "Update summary", evidence: runEvidence() },
];

describe("docs/reports.md", () => {
  for (const { seed, heading, evidence } of cases) {
    const file = path.join(seeds, seed);
    const skip = existsSync(file) ? false : `${seed} is not beside the repository`;
    it(`places every line of ${seed}`, { skip }, () => {
      const table = tableOf(heading);
      let current: string | undefined;
      let lines = 0;
      let isCode = false;
      for (const line of readFileSync(file, "utf8").split("\n")) {
        if (line.startsWith("```")) isCode = !isCode;
        const title = isCode ? undefined : /^#+ (.+)$/.exec(line)?.[1];
        if (title !== undefined) {
          current = plain(title);
          assert.ok(table.has(current), `${seed}: “${current}” has no row in docs/reports.md`);
        } else if (line.trim() !== "") {
          assert.notEqual(current, undefined, `${seed}: “${line}” stands before any section`);
          lines++;
        }
      }
      assert.ok(lines > 50);
    });

    it(`sends each row of “${heading}” to a section that is there`, async () => {
      const sections = await sectionsOf(evidence);
      // A plan is not carried out yet: what only a run can show is in its summary.
      const both = new Set([...sections, ...(await sectionsOf(runEvidence()))]);
      const table = tableOf(heading);
      assert.ok(table.size > 30);
      for (const [title, section] of table)
        assert.ok((heading === "Update summary" ? sections : both).has(section), `${title} → ${section}`);
    });
  }
});

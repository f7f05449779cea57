import * as fs from "node:fs/promises";
import { reasonOf, type CoverageGate, type GateResult } from "../model/index.ts";
import { exists, readText } from "../system/index.ts";
import { placeOn, type Bench } from "./bench.ts";
import { tagsOf } from "./xml.ts";

/** Lines of the application that its tests run through. */
export type Coverage = { readonly covered: number; readonly lines: number } | { readonly unreadable: string };

/** Gate `coverage`: not more than the allowed percentage points below the old versions' run. */
export async function coverageGate(
  gate: CoverageGate,
  baseline: Coverage | undefined,
  bench: Bench,
): Promise<GateResult> {
  const base = { name: `coverage: ${gate.name}`, mode: gate.mode };
  const now = await readCoverage(gate, bench);
  if (baseline === undefined || "unreadable" in baseline)
    return {
      ...base,
      verdict: "missing",
      detail: `the tests on the old versions reported none: ${baseline?.unreadable ?? "they did not run"}`,
    };
  if ("unreadable" in now)
    return { ...base, verdict: "fail", detail: `reported on the old versions, now not: ${now.unreadable}` };
  const [before, after] = [percentOf(baseline), percentOf(now)];
  const drop = before - after;
  return {
    ...base,
    // Percentages of line counts: a difference in the last bit is none.
    verdict: drop > gate.allowedDrop + 1e-9 ? "fail" : "pass",
    detail: `${before.toFixed(2)} % → ${after.toFixed(2)} % of lines; it may fall by ${gate.allowedDrop} points`,
    samples: [{ before: baseline, after: now }],
  };
}

const percentOf = ({ covered, lines }: { covered: number; lines: number }): number =>
  lines === 0 ? 100 : (100 * covered) / lines;

/** Removes a report, so that the next one is known to be new. */
export async function removeCoverage(gate: CoverageGate, bench: Bench): Promise<void> {
  const file = placeOn(bench, gate.file);
  if (file !== undefined && (await exists(file))) await fs.rm(file, { force: true }).catch(() => undefined);
}

/** Line coverage as the tests reported it: coverage.py's JSON, Cobertura XML, lcov, Istanbul's JSON summary. */
export async function readCoverage(gate: CoverageGate, bench: Bench): Promise<Coverage> {
  const file = placeOn(bench, gate.file);
  if (file === undefined) return { unreadable: `${gate.file} lies outside the project` };
  if (!(await exists(file))) return { unreadable: `${gate.file} was not written` };
  try {
    return parseCoverage(await readText(file)) ?? { unreadable: `${gate.file} is in no form that is known` };
  } catch (error) {
    return { unreadable: reasonOf(error) };
  }
}

/** The line counts of a report; `undefined` where its form is not known. */
export function parseCoverage(text: string): Coverage | undefined {
  const begin = text.trimStart();
  if (begin.startsWith("{")) return fromJson(begin);
  if (begin.startsWith("<")) return fromCobertura(begin);
  return fromLcov(begin);
}

const counted = (covered: unknown, lines: unknown): Coverage | undefined =>
  typeof covered === "number" && typeof lines === "number" && covered >= 0 && covered <= lines
    ? { covered, lines }
    : undefined;

/** coverage.py: `totals.covered_lines` of `num_statements`; Istanbul: `total.lines.covered` of `total`. */
function fromJson(text: string): Coverage | undefined {
  try {
    const { totals, total } = JSON.parse(text) as {
      totals?: { covered_lines?: unknown; num_statements?: unknown };
      total?: { lines?: { covered?: unknown; total?: unknown } };
    };
    return (
      counted(totals?.covered_lines, totals?.num_statements) ??
      counted(total?.lines?.covered, total?.lines?.total)
    );
  } catch {
    return undefined;
  }
}

/** The root's own counts; older writers give only the lines. */
function fromCobertura(text: string): Coverage | undefined {
  let [covered, lines] = [0, 0];
  let isReport = false;
  for (const { name, attributes, kind } of tagsOf(text)) {
    if (kind === "end") continue;
    if (name === "coverage") {
      isReport = true;
      const own = counted(numberIn(attributes, "lines-covered"), numberIn(attributes, "lines-valid"));
      if (own !== undefined) return own;
    } else if (name === "line") {
      lines++;
      if ((numberIn(attributes, "hits") ?? 0) > 0) covered++;
    }
  }
  return isReport && lines > 0 ? { covered, lines } : undefined;
}

function numberIn(attributes: ReadonlyMap<string, string>, name: string): number | undefined {
  const text = attributes.get(name);
  return text === undefined || !/^\d+$/.test(text) ? undefined : Number(text);
}

/** `LH:` of `LF:`, summed over the files. */
function fromLcov(text: string): Coverage | undefined {
  const sum = (pattern: RegExp): number =>
    [...text.matchAll(pattern)].reduce((total, [, digits]) => total + Number(digits), 0);
  if (!/^LF:\d+\s*$/m.test(text)) return undefined;
  return counted(sum(/^LH:(\d+)\s*$/gm), sum(/^LF:(\d+)\s*$/gm));
}

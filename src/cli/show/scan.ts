import { ageHoursOf } from "../../advisories/index.ts";
import { tierNames, severities, tiers, type Finding, type Scan, type Summary } from "../../model/index.ts";
import { compareTexts, orderOf } from "../../versions/index.ts";
import type { Terminal } from "../terminal.ts";
import { columns, count, day, paintSeverity, plain, severityWords, tierWords } from "./words.ts";

interface ShowScan {
  readonly by: "package" | "finding";
  readonly colors: Terminal["colors"];
  readonly verdict: { readonly met: boolean; readonly broken: readonly string[] };
  /** Older than this, a source is worth a warning. */
  readonly staleAfterHours?: number;
}

/** The age in hours from which a source is worth a warning where the configuration does not say. */
export const oldHours = 24;

/** A scan for a person: most urgent deadline first, then totals, then what was not read. */
export function showScan(scan: Scan, { by, colors, verdict, staleAfterHours = oldHours }: ShowScan): string {
  const lines: string[] = [...header(scan, { colors, staleAfterHours })];
  const active = scan.findings.filter((finding) => finding.waiver === null);
  const groups = by === "package" ? groupByPackage(active) : active.map((finding) => [finding]);
  for (const tier of tiers) {
    const inTier = groups.filter((group) => group[0]?.tier === tier);
    if (inTier.length === 0) continue;
    lines.push("", `${colors.bold(tierNames[tier])}  ${colors.dim(`due ${dueRange(inTier)}`)}`);
    lines.push(...(by === "package" ? packageLines(inTier, colors) : findingLines(inTier.flat(), colors)));
  }
  const waived = scan.findings.filter((finding) => finding.waiver !== null);
  if (waived.length > 0) {
    lines.push("", colors.bold("Waived"));
    for (const { waiver, ...finding } of waived)
      lines.push(
        `  ${plain(finding.package)} ${plain(finding.version)}  ${finding.advisory}  until ${waiver?.expires ?? ""} by ${plain(waiver?.by ?? "")}: ${plain(waiver?.reason ?? "")}`,
      );
  }
  lines.push("", ...totals(scan.summary, verdict, colors), ...notes(scan, colors), ...unread(scan, colors));
  return lines.join("\n");
}

/** Findings of one package at one version in one project, the most urgent first. */
type Group = readonly Finding[];

function groupByPackage(findings: readonly Finding[]): Group[] {
  const urgency = (finding: Finding): number => tiers.indexOf(finding.tier);
  const groups = Map.groupBy(
    findings,
    (finding) => `${finding.project}|${finding.package}|${finding.version}`,
  );
  return [...groups.values()].map((group) =>
    group.sort((a, b) => urgency(a) - urgency(b) || compareTexts(a.due, b.due)),
  );
}

function header(
  scan: Scan,
  { colors, staleAfterHours }: { colors: Terminal["colors"]; staleAfterHours: number },
): string[] {
  const components = scan.projects.reduce((sum, project) => sum + project.components, 0);
  const kinds = [...new Set(scan.projects.map((project) => project.manager))].join(", ");
  const sources = scan.snapshot.sources
    .map(
      (source) =>
        `${source.id} (${count(source.records, "record")}${source.newest === null ? "" : `, newest ${day(source.newest)}`})`,
    )
    .join(", ");
  return [
    `${count(components, "component")} in ${count(scan.projects.length, "project")}${kinds === "" ? "" : ` (${kinds})`}`,
    colors.dim(
      `advisories: ${sources === "" ? "none" : sources}${scan.asOf === undefined ? "" : ` · as of ${day(scan.asOf)}`}`,
    ),
    ...ageWarnings(scan, staleAfterHours).map((text) => colors.yellow(text)),
  ];
}

/** Nothing where an earlier date was asked for: then the sources need not be of today. */
function ageWarnings(scan: Scan, staleAfterHours: number): string[] {
  if (scan.asOf !== undefined) return [];
  const now = new Date(scan.scannedAt);
  return scan.snapshot.sources.flatMap((source) => {
    const hours = ageHoursOf(source, now);
    const { ahead = 0 } = source;
    return [
      ...(hours === null || hours <= staleAfterHours
        ? []
        : [`${source.id} is ${age(hours)} old: what was published since is not seen`]),
      ...(ahead === 0
        ? []
        : [
            `${source.id} dates ${count(ahead, "record")} in the future; ${ahead === 1 ? "that date does" : "those dates do"} not count for its age`,
          ]),
    ];
  });
}

const age = (hours: number): string =>
  hours < 48 ? `${Math.floor(hours)} hours` : `${Math.floor(hours / 24)} days`;

function dueRange(groups: readonly Group[]): string {
  const days = groups.map(([first]) => day(first?.due ?? "")).sort();
  const [first = "", last = ""] = [days[0], days.at(-1)];
  return first === last ? first : `${first} to ${last}`;
}

function packageLines(groups: readonly Group[], colors: Terminal["colors"]): string[] {
  const rows = groups.map((group) => {
    const [first] = group;
    if (first === undefined) return [];
    const bySeverity = Object.fromEntries(
      severities.map((severity) => [
        severity,
        group.filter((finding) => finding.severity === severity).length,
      ]),
    ) as Summary["bySeverity"];
    return [
      `${colors.bold(plain(first.package))} ${plain(first.version)}`,
      severityWords(bySeverity, colors),
      clearedBy(group),
      colors.dim([first.rule, origin(first), disagreement(group)].filter(Boolean).join(" · ")),
    ];
  });
  return columns(rows, "  ");
}

/** The version at which all of a group's declared fixes are in: the highest of the lowest fixes. */
function clearedBy(group: Group): string {
  const open = group.filter((finding) => finding.fixedIn.length === 0).length;
  let target: string | undefined;
  for (const { ecosystem, fixedIn } of group) {
    const [lowest] = fixedIn;
    if (lowest === undefined) continue;
    if (target === undefined || orderOf(ecosystem).compare(lowest, target) > 0) target = lowest;
  }
  if (target === undefined) return "no fix declared";
  return `fixed in ${plain(target)}${open === 0 ? "" : `, ${open} with no fix declared`}`;
}

/** Who says otherwise is told by `explain` and `--by finding`; here only that somebody does. */
function disagreement(group: Group): string {
  const disputed = group.filter((finding) => (finding.disagreements ?? []).length > 0).length;
  if (disputed === 0) return "";
  return `sources disagree${group.length === 1 ? "" : ` on ${disputed} of ${group.length}`}`;
}

function origin(finding: Finding): string {
  const parts: string[] = [];
  if (!finding.direct) {
    const via = [...new Set(finding.paths.map((path) => path[0] ?? ""))]
      .filter((name) => name !== "")
      .slice(0, 3);
    if (via.length > 0) parts.push(`through ${via.map(plain).join(", ")}`);
  }
  if (finding.scope !== "production") parts.push(finding.scope);
  if (finding.functions.length > 0) parts.push(finding.functions.map(plain).join(", "));
  if (finding.project !== ".") parts.push(plain(finding.project));
  return parts.join(" · ");
}

function findingLines(findings: readonly Finding[], colors: Terminal["colors"]): string[] {
  return findings.flatMap((finding) => [
    `  ${colors.bold(plain(finding.package))} ${plain(finding.version)}  ${finding.advisory}  ${paintSeverity(finding.severity, finding.severity, colors)}${finding.score === undefined ? "" : ` ${finding.score}`}  ${clearedBy([finding])}  ${colors.dim(finding.id)}`,
    ...(finding.summary === undefined ? [] : [`      ${plain(finding.summary)}`]),
    colors.dim(
      `      due ${day(finding.due)} by ${finding.rule}${origin(finding) === "" ? "" : ` · ${origin(finding)}`}`,
    ),
    ...(finding.disagreements ?? []).map((text) => colors.dim(`      sources disagree: ${plain(text)}`)),
  ]);
}

function totals(summary: Summary, verdict: ShowScan["verdict"], colors: Terminal["colors"]): string[] {
  if (summary.findings === 0) return [colors.green("No findings.")];
  return [
    `${colors.bold(count(summary.findings, "finding"))} in ${count(summary.packages, "package")}: ${severityWords(summary.bySeverity, colors)}${summary.waived > 0 ? ` (${summary.waived} more waived)` : ""}`,
    colors.dim(tierWords(summary.byTier)),
    verdict.met
      ? colors.green("Within the criteria.")
      : colors.red(`Outside the criteria: ${verdict.broken.join("; ")}.`),
  ];
}

/** How many notes are worth showing beside findings; the rest is in `--json`. */
const mostNotes = 8;

function notes(scan: Scan, colors: Terminal["colors"]): string[] {
  if (scan.notes.length === 0) return [];
  const shown = scan.notes.slice(0, mostNotes).map((note) => `  ${plain(note.text)}`);
  const more = scan.notes.length - shown.length;
  return [
    "",
    colors.bold("Notes"),
    ...shown,
    ...(more > 0 ? [colors.dim(`  … ${more} more with --json`)] : []),
  ];
}

function unread(scan: Scan, colors: Terminal["colors"]): string[] {
  if (scan.unread.length === 0) return [];
  return [
    "",
    colors.red(colors.bold("Not read")),
    ...scan.unread.map(
      (one) => `  ${plain(one.path)}${one.line === undefined ? "" : `:${one.line}`}: ${plain(one.reason)}`,
    ),
  ];
}

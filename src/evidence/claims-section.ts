import { count, normaliseName, type ClaimedCount, type Evidence, type Finding } from "../model/index.ts";
import { heading, paragraph, strong, table, type Block, type Inline } from "./document.ts";
import { text } from "./text.ts";

/**
 * What an earlier document counted beside what is found, package by package, with the reason for each difference: the
 * configured one, or what the paths to the findings show. Waived findings count too, since the document knew no waivers.
 */
export function claimsSection({ claims, before }: Evidence): Block[] {
  if (claims === undefined) return [];
  const { findings } = before;
  const claimed = claims.counts.map((one) => ({
    one,
    found: findings.filter((finding) => isMeant(one, finding)),
  }));
  const named = new Set(claimed.flatMap(({ found }) => found));
  const unnamed = [
    ...Map.groupBy(
      findings.filter((finding) => !named.has(finding)),
      (finding) => finding.package,
    ),
  ].sort(([a, left], [b, right]) => right.length - left.length || (a < b ? -1 : 1));
  const sum = claims.counts.reduce((total, one) => total + one.findings, 0);
  const rows: Inline[][] = [
    ...claimed.map(({ one, found }) => [
      [strong(one.package ?? `all of ${one.project ?? ""}`)],
      String(one.findings),
      countOf(found),
      reasonFor(one, found, unnamed),
    ]),
    ...unnamed.map(([name, found]): Inline[] => [
      [strong(name)],
      "–",
      countOf(found),
      `not counted there; ${originOf(found)}`,
    ]),
    [[strong("all, added up")], String(sum), countOf(findings), ""],
  ];
  if (claims.findings !== undefined)
    rows.push([
      [strong("all, as it says")],
      String(claims.findings),
      countOf(findings),
      claims.findings === sum ? "" : `its own counts add up to ${sum}`,
    ]);
  return [
    heading(2, text.headings.claims),
    paragraph(`Counted by: ${claims.source}. ${text.claimsRule}`),
    table(["Package", "Claimed", "Found", "Why they differ"], rows),
  ];
}

/** Advisories, and findings where they are more. */
function countOf(findings: readonly Finding[]): string {
  const advisories = distinct(findings);
  return advisories === findings.length
    ? String(advisories)
    : `${advisories} (${count(findings.length, "finding")})`;
}

const distinct = (findings: readonly Finding[]): number => new Set(findings.map((one) => one.advisory)).size;

function isMeant(one: ClaimedCount, finding: Finding): boolean {
  return (
    (one.package === undefined || normaliseName(finding.ecosystem, one.package) === finding.package) &&
    (one.project === undefined || one.project === finding.project)
  );
}

type Unnamed = readonly (readonly [name: string, findings: readonly Finding[]])[];

function reasonFor(one: ClaimedCount, found: readonly Finding[], unnamed: Unnamed): string {
  if (distinct(found) === one.findings) return one.reason ?? "";
  const brought = one.package === undefined || found.length > 0 ? "" : broughtBy(one.package, unnamed);
  return [brought, one.reason ?? ""].filter(Boolean).join("; ") || text.claimsUnexplained;
}

/** Of what is counted nowhere else, what comes in by a package that has no findings of its own. */
function broughtBy(name: string, unnamed: Unnamed): string {
  const parts = unnamed
    .filter(([, findings]) =>
      findings.some(({ ecosystem, paths }) =>
        paths.some((path) =>
          path.slice(0, -1).some((step) => nameIn(step) === normaliseName(ecosystem, name)),
        ),
      ),
    )
    .map(([part, findings]) => `${part} has ${countOf(findings)}`);
  return parts.length === 0 ? "it has none" : `it has none itself; of what it brings in, ${parts.join(", ")}`;
}

/** How a package that nobody counted got there. A list of pins names everything: who brings it in says more. */
function originOf(findings: readonly Finding[]): string {
  const parents = new Set(
    findings
      .flatMap((one) => one.paths)
      .filter((path) => path.length > 1)
      .map((path) => nameIn(path.at(-2) ?? "")),
  );
  if (parents.size > 0) return `required by ${[...parents].sort().join(", ")}`;
  return findings.some((finding) => finding.direct)
    ? "named by the project itself"
    : "nothing shows what brings it in";
}

const nameIn = (step: string): string => step.slice(0, Math.max(0, step.lastIndexOf("@")));

import type { Evidence, Finding } from "../model/index.ts";
import { actionFor, asJson, markOf, pageOf, subjectOf, type Subject } from "./subject.ts";
import { justificationOf } from "./vex.ts";
import { describeWeakness } from "./weakness-names.ts";

/** CSAF 2.0, profile VEX (section 4.5); where there is nothing to state, the base profile, which needs no statement. */
export function renderCsaf(evidence: Evidence): string {
  const subject = subjectOf(evidence);
  const { at, scan } = subject;
  const stated = statementsOf(subject, evidence);
  const isEmpty = stated.length === 0;
  return asJson({
    document: {
      category: isEmpty ? "csaf_base" : "csaf_vex",
      csaf_version: "2.0",
      lang: "en",
      title: `Vulnerabilities of dependencies, ${at.slice(0, 10)}`,
      publisher: { category: "user", name: scan.tool.name, namespace: "urn:redress:local" },
      tracking: {
        id: markOf(evidence, "csaf"),
        status: "final",
        version: "1",
        initial_release_date: at,
        current_release_date: at,
        revision_history: [{ number: "1", date: at, summary: "As seen." }],
        generator: { date: at, engine: { name: scan.tool.name, version: scan.tool.version } },
      },
    },
    ...(isEmpty
      ? {}
      : { product_tree: { full_product_names: products(stated) }, vulnerabilities: vulnerabilities(stated) }),
  });
}

interface Statement {
  readonly finding: Finding;
  readonly purl: string;
  readonly version: string;
  readonly status: "known_affected" | "known_not_affected" | "fixed";
  readonly note: string;
}

function statementsOf({ findings, fixed }: Subject, evidence: Evidence): Statement[] {
  return [
    ...findings.map((finding): Statement => ({
      finding,
      purl: finding.purl,
      version: finding.version,
      status: justificationOf(finding.waiver) === undefined ? "known_affected" : "known_not_affected",
      note: actionFor(finding, evidence),
    })),
    ...fixed.flatMap(({ finding, successor }): Statement[] =>
      successor === null
        ? []
        : [
            {
              finding,
              purl: successor.purl,
              version: successor.version,
              status: "fixed",
              note: `In place of ${finding.package} ${finding.version}.`,
            },
          ],
    ),
  ];
}

function products(stated: readonly Statement[]): object[] {
  const byPurl = new Map(stated.map((one) => [one.purl, one]));
  return [...byPurl]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([purl, { finding, version }]) => ({
      product_id: purl,
      name: `${finding.package} ${version}`,
      product_identification_helper: { purl },
    }));
}

function vulnerabilities(stated: readonly Statement[]): object[] {
  // A CVE may stand at one vulnerability only (section 6.1.23).
  const named = new Set<string>();
  return [...Map.groupBy(stated, (one) => one.finding.advisory).values()].flatMap((group) => {
    const [first] = group;
    if (first === undefined) return [];
    const ids = [first.finding.advisory, ...first.finding.aliases];
    const cve = ids.find((id) => /^CVE-[0-9]{4}-[0-9]{4,}$/.test(id) && !named.has(id));
    if (cve !== undefined) named.add(cve);
    return [vulnerability(group, { finding: first.finding, cve, ids: ids.filter((id) => id !== cve) })];
  });
}

function vulnerability(
  group: readonly Statement[],
  { finding, cve, ids }: { finding: Finding; cve: string | undefined; ids: readonly string[] },
): object {
  const of = (status: Statement["status"]): string[] => [
    ...new Set(group.filter((one) => one.status === status).map((one) => one.purl)),
  ];
  const status = Object.fromEntries(
    (["known_affected", "known_not_affected", "fixed"] as const)
      .map((one) => [one, of(one)] as const)
      .filter(([, purls]) => purls.length > 0),
  );
  const harmless = group.filter((one) => one.status === "known_not_affected");
  return {
    ...(cve === undefined ? {} : { cve }),
    ...(ids.length === 0 ? {} : { ids: ids.map((id) => ({ system_name: "OSV", text: id })) }),
    title: finding.summary ?? finding.advisory,
    notes: [
      { category: "summary", text: finding.summary ?? `${finding.advisory} in ${finding.package}` },
      // `cwe` wants the catalogue's own names, which are shortened here; as words they do no harm.
      ...(finding.weaknesses.length === 0
        ? []
        : [
            {
              category: "details",
              text: finding.weaknesses.map(describeWeakness).join("; "),
              title: "Weaknesses",
            },
          ]),
    ],
    references: [{ category: "external", summary: finding.advisory, url: pageOf(finding.advisory) }],
    product_status: status,
    ...(harmless.length === 0
      ? {}
      : {
          flags: [...Map.groupBy(harmless, (one) => justificationOf(one.finding.waiver)).entries()].map(
            ([label, ones]) => ({ label, product_ids: [...new Set(ones.map((one) => one.purl))] }),
          ),
          threats: harmless.map((one) => ({
            category: "impact",
            details: one.note,
            product_ids: [one.purl],
          })),
        }),
    ...(of("known_affected").length === 0 ? {} : { remediations: remediations(group) }),
  };
}

function remediations(group: readonly Statement[]): object[] {
  return [
    ...Map.groupBy(
      group.filter((one) => one.status === "known_affected"),
      (one) => one.note,
    ).entries(),
  ].map(([details, ones]) => {
    const { finding } = ones[0] ?? {};
    const category =
      finding !== undefined && finding.waiver !== null
        ? "no_fix_planned"
        : (finding?.fixedIn.length ?? 0) > 0
          ? "vendor_fix"
          : "none_available";
    return { category, details, product_ids: [...new Set(ones.map((one) => one.purl))] };
  });
}

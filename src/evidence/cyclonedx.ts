import { componentKey, type Component, type Evidence, type Finding } from "../model/index.ts";
import { actionFor, asJson, markOf, pageOf, subjectOf, type Subject } from "./subject.ts";
import { justificationOf } from "./vex.ts";

/** CycloneDX 1.6: the components, their vulnerabilities, and what was decided of each (VEX analyses). */
export function renderCycloneDx(evidence: Evidence): string {
  const subject = subjectOf(evidence);
  const { scan, components } = subject;
  const known = new Set(components.map(componentKey));
  return asJson({
    $schema: "http://cyclonedx.org/schema/bom-1.6.schema.json",
    bomFormat: "CycloneDX",
    specVersion: "1.6",
    serialNumber: `urn:uuid:${markOf(evidence, "cyclonedx")}`,
    version: 1,
    metadata: {
      timestamp: subject.at,
      tools: { components: [{ type: "application", name: scan.tool.name, version: scan.tool.version }] },
      component: { type: "application", name: "application", "bom-ref": "application" },
      properties: [{ name: "redress:snapshot", value: scan.snapshot.digest }],
    },
    components: components.map(component),
    dependencies: [
      {
        ref: "application",
        dependsOn: components.filter((one) => one.direct).map(componentKey),
      },
      ...components.map((one) => ({
        ref: componentKey(one),
        dependsOn: [...new Set(subject.requires.get(componentKey(one)) ?? [])]
          .filter((key) => known.has(key))
          .sort(),
      })),
    ],
    compositions: [{ aggregate: subject.complete ? "complete" : "incomplete", assemblies: ["application"] }],
    vulnerabilities: vulnerabilities(subject, evidence),
  });
}

const scopes = { production: "required", development: "excluded", optional: "optional" } as const;

function component(one: Component): object {
  const slash = one.ecosystem === "npm" && one.name.startsWith("@") ? one.name.indexOf("/") : -1;
  return {
    type: "library",
    "bom-ref": componentKey(one),
    ...(slash === -1
      ? { name: one.name }
      : { group: one.name.slice(0, slash), name: one.name.slice(slash + 1) }),
    version: one.version,
    scope: scopes[one.scope],
    purl: one.purl,
    ...(hashesOf(one).length === 0 ? {} : { hashes: hashesOf(one) }),
    ...(one.places.length === 0
      ? {}
      : {
          evidence: {
            occurrences: [
              ...new Map(
                one.places.map((place) => [
                  `${place.path}:${place.line ?? ""}`,
                  { location: place.path, ...(place.line === undefined ? {} : { line: place.line }) },
                ]),
              ).values(),
            ],
          },
        }),
    properties: [{ name: "redress:project", value: one.project }],
  };
}

/** Digests of the archive in hexadecimal, from `sha512-BASE64` or `sha256:HEX`. */
export function hashesOf({ integrity = [] }: Component): { alg: string; content: string }[] {
  const hashes = new Map<string, string>();
  for (const one of integrity.flatMap((text) => text.split(/\s+/))) {
    const [, kind = "", separator, digest = ""] = /^(sha(?:1|256|384|512))([-:])(\S+)$/.exec(one) ?? [];
    const hex = separator === "-" ? Buffer.from(digest, "base64").toString("hex") : digest.toLowerCase();
    const length = { sha1: 40, sha256: 64, sha384: 96, sha512: 128 }[kind];
    // Of several archives of one release nobody knows which is meant: only a single one is the component's.
    if (hex.length !== length || !/^[0-9a-f]+$/.test(hex)) continue;
    hashes.set(kind, hashes.has(kind) && hashes.get(kind) !== hex ? "" : hex);
  }
  return [...hashes]
    .filter(([, content]) => content !== "")
    .map(([kind, content]) => ({ alg: kind.replace("sha", "SHA-"), content }));
}

/** One entry an advisory and analysis: components that share both share the entry. */
function vulnerabilities({ findings, fixed }: Subject, evidence: Evidence): object[] {
  const entries = [
    ...findings.map((finding) => ({ finding, analysis: analysisOf(finding, evidence), fixed: false })),
    ...fixed.map(({ finding, successor }) => ({
      finding,
      analysis: {
        state: "resolved",
        response: ["update"],
        detail: `Fixed: ${finding.package} ${finding.version} ${successor === null ? "is gone" : `became ${successor.version}`}.`,
      },
      fixed: true,
    })),
  ];
  return [
    ...Map.groupBy(entries, (one) => JSON.stringify([one.finding.advisory, one.analysis])).values(),
  ].flatMap((group) => {
    const [first] = group;
    return first === undefined
      ? []
      : [
          vulnerability(
            first.finding,
            first.analysis,
            group.map((one) => one),
          ),
        ];
  });
}

function vulnerability(
  finding: Finding,
  analysis: object,
  group: readonly { finding: Finding; fixed: boolean }[],
): object {
  const cwes = finding.weaknesses.flatMap((one) => /^CWE-(\d+)$/.exec(one)?.[1] ?? []).map(Number);
  return {
    "bom-ref": finding.id,
    id: finding.advisory,
    source: { name: "OSV", url: pageOf(finding.advisory) },
    references: finding.aliases.map((alias) => ({ id: alias, source: { name: "OSV", url: pageOf(alias) } })),
    ratings: [
      {
        severity: finding.severity,
        ...(finding.score === undefined ? {} : { score: finding.score }),
        ...(finding.vector === undefined ? {} : { method: methodOf(finding.vector), vector: finding.vector }),
      },
    ],
    ...(cwes.length === 0 ? {} : { cwes }),
    ...(finding.summary === undefined ? {} : { description: finding.summary }),
    ...(finding.fixedIn[0] === undefined
      ? {}
      : { recommendation: `Upgrade ${finding.package} to ${finding.fixedIn[0]} or later.` }),
    analysis,
    affects: [
      ...new Set(
        group.map((one) =>
          // What is fixed is no component of this bill any more: it is named by its purl.
          one.fixed ? one.finding.purl : componentKey({ ...one.finding, name: one.finding.package }),
        ),
      ),
    ].map((ref) => ({ ref })),
    properties: [
      { name: "redress:tier", value: finding.tier },
      { name: "redress:due", value: finding.due },
      { name: "redress:rule", value: finding.rule },
    ],
  };
}

function methodOf(vector: string): string {
  const version = /^CVSS:(\d\.\d)\//.exec(vector)?.[1];
  return { "3.0": "CVSSv3", "3.1": "CVSSv31", "4.0": "CVSSv4" }[version ?? ""] ?? "CVSSv2";
}

/** CycloneDX 1.6 `vulnerability.analysis`. */
function analysisOf(finding: Finding, evidence: Evidence): object {
  const { waiver } = finding;
  if (waiver === null) return { state: "exploitable", detail: actionFor(finding, evidence) };
  const isHarmless = justificationOf(waiver) !== undefined;
  return {
    state: isHarmless ? "not_affected" : "exploitable",
    ...(isHarmless ? { justification: waiver.justification } : { response: ["will_not_fix"] }),
    detail: actionFor(finding, evidence),
    firstIssued: waiver.madeAt,
  };
}

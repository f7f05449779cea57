import type { Evidence, Finding, Severity } from "../model/index.ts";
import { actionFor, asJson, lowestScore, pageOf, subjectOf, type Subject } from "./subject.ts";
import { describeWeakness } from "./weakness-names.ts";

const levels: Readonly<Record<Severity, "error" | "warning" | "note">> = {
  critical: "error",
  high: "error",
  medium: "warning",
  low: "note",
  unknown: "warning",
};

/**
 * SARIF 2.1.0 as code scanning takes it: one rule an advisory, one result a finding. Fingerprints are made of the
 * finding's id, so that they survive line moves and upgrades; waivers are suppressions; what was not read is a
 * notification.
 */
export function renderSarif(evidence: Evidence): string {
  const subject = subjectOf(evidence);
  const { scan, findings } = subject;
  const byAdvisory = Map.groupBy(findings, (finding) => finding.advisory);
  const advisories = [...byAdvisory.keys()].sort();
  const indexes = new Map(advisories.map((advisory, index) => [advisory, index]));
  return asJson({
    $schema: "https://json.schemastore.org/sarif-2.1.0.json",
    version: "2.1.0",
    runs: [
      {
        tool: {
          driver: {
            name: scan.tool.name,
            version: scan.tool.version,
            rules: advisories.map((advisory) => rule(byAdvisory.get(advisory) ?? [])),
          },
        },
        automationDetails: { id: `${scan.tool.name}/dependencies/` },
        columnKind: "utf16CodeUnits",
        invocations: [invocation(subject)],
        results: findings.map((finding) =>
          result(finding, { index: indexes.get(finding.advisory) ?? 0, evidence }),
        ),
        properties: {
          snapshot: scan.snapshot.digest,
          ...(scan.asOf === undefined ? {} : { asOf: scan.asOf }),
        },
      },
    ],
  });
}

function rule(findings: readonly Finding[]): object {
  const [first] = findings;
  if (first === undefined) return {};
  const packages = [...new Set(findings.map((finding) => finding.package))].sort();
  const weaknesses = [...new Set(findings.flatMap((finding) => finding.weaknesses))].sort();
  const title = first.summary ?? `${first.advisory} in ${packages.join(", ")}`;
  const names = weaknesses.map(describeWeakness);
  return {
    id: first.advisory,
    name: first.advisory,
    shortDescription: { text: title },
    fullDescription: { text: `${title}. Affects ${packages.join(", ")}.` },
    help: {
      text: [
        title,
        ...(first.aliases.length === 0 ? [] : [`Also known as ${first.aliases.join(", ")}.`]),
        ...(names.length === 0 ? [] : [`Weakness: ${names.join("; ")}.`]),
      ].join("\n"),
    },
    helpUri: pageOf(first.advisory),
    defaultConfiguration: { level: levels[first.severity] },
    properties: {
      "security-severity": (first.score ?? lowestScore[first.severity]).toFixed(1),
      tags: ["security", ...weaknesses.map((one) => `external/cwe/${one.toLowerCase()}`)],
    },
  };
}

function result(finding: Finding, { index, evidence }: { index: number; evidence: Evidence }): object {
  const places = finding.places.length === 0 ? [{ path: finding.project }] : finding.places;
  return {
    ruleId: finding.advisory,
    ruleIndex: index,
    level: levels[finding.severity],
    message: {
      text: `${finding.package} ${finding.version} has ${finding.advisory}${finding.summary === undefined ? "" : ` (${finding.summary})`}. ${actionFor(finding, evidence)}`,
    },
    locations: places.slice(0, 10).map((place) => location(place, finding)),
    partialFingerprints: { primaryLocationLineHash: finding.id, "redress/finding/v1": finding.id },
    ...(finding.waiver === null
      ? {}
      : {
          suppressions: [
            {
              kind: "external",
              status: "accepted",
              justification: `${finding.waiver.justification}: ${finding.waiver.reason} (${finding.waiver.by}, until ${finding.waiver.expires})`,
            },
          ],
        }),
    properties: {
      purl: finding.purl,
      tier: finding.tier,
      due: finding.due,
      rule: finding.rule,
      scope: finding.scope,
      direct: finding.direct,
      fixedIn: finding.fixedIn,
    },
  };
}

function location(place: { path: string; line?: number }, finding: Finding): object {
  return {
    physicalLocation: {
      artifactLocation: {
        uri: place.path.toWellFormed().split("/").map(encodeURIComponent).join("/"),
        uriBaseId: "%SRCROOT%",
      },
      // Code scanning shows nothing without a line; where none is known the finding is the file's.
      region: { startLine: place.line ?? 1 },
    },
    logicalLocations: [
      {
        name: finding.package,
        fullyQualifiedName: `${finding.project}|${finding.package}@${finding.version}`,
        kind: "package",
      },
    ],
  };
}

function invocation({ at, scan }: Subject): object {
  return {
    executionSuccessful: true,
    endTimeUtc: at,
    toolExecutionNotifications: scan.unread.map((one) => ({
      level: "warning",
      message: {
        text: `Not read: ${one.path}${one.line === undefined ? "" : `:${one.line}`}: ${one.reason}`,
      },
    })),
  };
}

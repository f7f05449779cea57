import type { Evidence, Finding, Severity } from "../model/index.ts";
import { actionFor, asJson, pageOf, subjectOf, uuidOf } from "./subject.ts";

const severityNames: Readonly<Record<Severity, string>> = {
  critical: "Critical",
  high: "High",
  medium: "Medium",
  low: "Low",
  unknown: "Unknown",
};

/** GitLab's dependency-scanning report, schema 15.2.1. Waivers are not part of it: waived findings are left out. */
export function renderGitlab(evidence: Evidence): string {
  const { at, scan, components, findings } = subjectOf(evidence);
  const tool = {
    id: scan.tool.name,
    name: scan.tool.name,
    version: scan.tool.version,
    vendor: { name: scan.tool.name },
  };
  const managers = new Map(scan.projects.map((project) => [project.path, project.manager]));
  const placed = components.map((one) => ({
    component: one,
    file: one.places[0]?.path ?? one.project,
  }));
  return asJson({
    version: "15.2.1",
    scan: {
      analyzer: tool,
      scanner: tool,
      type: "dependency_scanning",
      // GitLab's schema wants times without a zone; they are in UTC.
      start_time: at.slice(0, 19),
      end_time: at.slice(0, 19),
      status: "success",
      messages: scan.unread.map((one) => ({ level: "warn", value: `Not read: ${one.path}: ${one.reason}` })),
    },
    vulnerabilities: findings
      .filter((finding) => finding.waiver === null)
      .map((finding) => vulnerability(finding, evidence)),
    dependency_files: [...Map.groupBy(placed, (one) => one.file)]
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([file, ones]) => ({
        path: file,
        package_manager: managers.get(ones[0]?.component.project ?? "") ?? "unknown",
        dependencies: ones.map(({ component }) => ({
          package: { name: component.name },
          version: component.version,
        })),
      })),
  });
}

function vulnerability(finding: Finding, evidence: Evidence): object {
  return {
    id: uuidOf(finding.id),
    name: (finding.summary ?? finding.advisory).slice(0, 255),
    description: finding.summary ?? `${finding.advisory} in ${finding.package} ${finding.version}`,
    severity: severityNames[finding.severity],
    solution: actionFor(finding, evidence),
    identifiers: [finding.advisory, ...finding.aliases].slice(0, 20).map((id) => ({
      type: (/^[a-z]+/i.exec(id)?.[0] ?? "other").toLowerCase(),
      name: id,
      value: id,
      url: pageOf(id),
    })),
    links: [{ url: pageOf(finding.advisory) }],
    location: {
      file: finding.places[0]?.path ?? finding.project,
      dependency: {
        package: { name: finding.package },
        version: finding.version,
        direct: finding.direct,
      },
    },
    ...(finding.vector === undefined || !finding.vector.startsWith("CVSS:3")
      ? {}
      : { cvss_vectors: [{ vendor: "OSV", vector: finding.vector }] }),
  };
}

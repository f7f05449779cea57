import { createHash } from "node:crypto";
import { componentKey, type Component, type Evidence } from "../model/index.ts";
import { hashesOf } from "./cyclonedx.ts";
import { asJson, markOf, pageOf, subjectOf } from "./subject.ts";

/**
 * SPDX 2.3 bill of materials. What was not looked up is `NOASSERTION` (SPDX 2.3, section 7); findings are external
 * references of category SECURITY on the package that they touch.
 */
export function renderSpdx(evidence: Evidence): string {
  const subject = subjectOf(evidence);
  const { at, scan, components } = subject;
  const advisories = Map.groupBy(subject.findings, (one) => componentKey({ ...one, name: one.package }));
  const known = new Set(components.map(componentKey));
  const mark = markOf(evidence, "spdx");
  return asJson({
    spdxVersion: "SPDX-2.3",
    dataLicense: "CC0-1.0",
    SPDXID: "SPDXRef-DOCUMENT",
    name: "application",
    documentNamespace: `urn:uuid:${mark}`,
    creationInfo: {
      created: at,
      creators: [`Tool: ${scan.tool.name}-${scan.tool.version}`],
      ...(subject.complete ? {} : { comment: "Incomplete: some of what is there could not be listed." }),
    },
    packages: [
      {
        SPDXID: "SPDXRef-application",
        name: "application",
        downloadLocation: "NOASSERTION",
        filesAnalyzed: false,
        primaryPackagePurpose: "APPLICATION",
      },
      ...components.map((one) =>
        packageOf(
          one,
          [...new Set((advisories.get(componentKey(one)) ?? []).map((finding) => finding.advisory))].sort(),
        ),
      ),
    ],
    relationships: [
      relation("SPDXRef-DOCUMENT", "DESCRIBES", "SPDXRef-application"),
      ...components
        .filter((one) => one.direct || !subject.complete)
        .map((one) => relation("SPDXRef-application", "DEPENDS_ON", idOf(componentKey(one)))),
      ...components.flatMap((one) =>
        [...new Set(subject.requires.get(componentKey(one)) ?? [])]
          .filter((key) => known.has(key))
          .sort()
          .map((key) => relation(idOf(componentKey(one)), "DEPENDS_ON", idOf(key))),
      ),
    ],
  });
}

/** SPDX ids hold letters, digits, `.` and `-` only (section 7.2). */
function idOf(key: string): string {
  return `SPDXRef-${createHash("sha256").update(key).digest("hex").slice(0, 24)}`;
}

const relation = (from: string, kind: string, to: string): object => ({
  spdxElementId: from,
  relationshipType: kind,
  relatedSpdxElement: to,
});

function packageOf(one: Component, advisories: readonly string[]): object {
  const hashes = hashesOf(one);
  return {
    SPDXID: idOf(componentKey(one)),
    name: one.name,
    versionInfo: one.version,
    downloadLocation: "NOASSERTION",
    filesAnalyzed: false,
    licenseConcluded: "NOASSERTION",
    licenseDeclared: "NOASSERTION",
    copyrightText: "NOASSERTION",
    primaryPackagePurpose: "LIBRARY",
    ...(hashes.length === 0
      ? {}
      : {
          checksums: hashes.map(({ alg, content }) => ({
            algorithm: alg.replace("-", ""),
            checksumValue: content,
          })),
        }),
    externalRefs: [
      { referenceCategory: "PACKAGE-MANAGER", referenceType: "purl", referenceLocator: one.purl },
      ...advisories.map((advisory) => ({
        referenceCategory: "SECURITY",
        referenceType: "advisory",
        referenceLocator: pageOf(advisory),
      })),
    ],
  };
}

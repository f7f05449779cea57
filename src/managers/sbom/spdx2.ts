import type { Ecosystem } from "../../model/index.ts";
import { isObject, stringAt, type JsonObject } from "../json-text.ts";
import { Listing, listAt, type BillOfMaterials } from "./bill-of-materials.ts";

/** Reads SPDX 2.2 and 2.3. */
export function readSpdx2(document: JsonObject, ecosystem: Ecosystem): BillOfMaterials {
  const edges: [string, string][] = [];
  const development = new Set<string>();
  let root = "";
  for (const one of listAt(document, "relationships")) {
    if (!isObject(one)) continue;
    const from = stringAt(one, "spdxElementId") ?? "";
    const to = stringAt(one, "relatedSpdxElement") ?? "";
    const type = stringAt(one, "relationshipType") ?? "";
    if (type === "DESCRIBES") root ||= to;
    else if (type === "DESCRIBED_BY") root ||= from;
    else if (type === "DEPENDS_ON" || type === "CONTAINS") edges.push([from, to]);
    else if (/DEPENDENCY_OF$/.test(type)) edges.push([to, from]);
    if (/^(?:DEV|TEST|BUILD)_DEPENDENCY_OF$/.test(type)) development.add(from);
  }
  const listing = new Listing(ecosystem);
  for (const one of listAt(document, "packages")) {
    if (!isObject(one)) continue;
    const ref = stringAt(one, "SPDXID") ?? "";
    if (ref === root) continue;
    const reference = listAt(one, "externalRefs")
      .filter(isObject)
      .find((each) => each["referenceType"] === "purl");
    const purl = reference === undefined ? undefined : stringAt(reference, "referenceLocator");
    listing.add({ purl, ref, scope: development.has(ref) ? "development" : "production" });
  }
  const { listed, others, unversioned } = listing;
  return { root, listed, others, unversioned, edges };
}

import type { Ecosystem } from "../../model/index.ts";
import { isObject, stringAt, type JsonObject } from "../json-text.ts";
import { Listing, listAt, type BillOfMaterials } from "./bill-of-materials.ts";

/** Whether a document is SPDX 3 in its JSON-LD form, with the names that SPDX' own context gives. */
export function isSpdx3(document: JsonObject): boolean {
  return (
    Array.isArray(document["@graph"]) &&
    [document["@context"], ...listAt(document, "@context")].some(
      (one) => typeof one === "string" && /spdx\.org\/rdf\/3\./.test(one),
    )
  );
}

/** Relationships (Core `RelationshipType`) by which what is named last is used by what is named first. */
const uses = new Set(["dependsOn", "contains", "hasOptionalDependency", "hasProvidedDependency"]);
/** Lifecycle scopes (Core `LifecycleScopeType`) of what does not ship. */
const unshipped = new Set(["build", "development", "test"]);

/** Reads SPDX 3.0: a flat graph of elements; a document without a root element has no subject. */
export function readSpdx3(document: JsonObject, ecosystem: Ecosystem): BillOfMaterials {
  const elements = listAt(document, "@graph").filter(isObject);
  const edges: [string, string][] = [];
  const weaker = new Map<string, "development" | "optional">();
  for (const one of elements) {
    const [from, kind] = [stringAt(one, "from"), stringAt(one, "relationshipType") ?? ""];
    if (from === undefined || !uses.has(kind)) continue;
    const scope = unshipped.has(stringAt(one, "scope") ?? "")
      ? "development"
      : kind === "hasOptionalDependency"
        ? "optional"
        : undefined;
    for (const to of listAt(one, "to")) {
      if (typeof to !== "string") continue;
      edges.push([from, to]);
      if (scope !== undefined) weaker.set(to, scope);
    }
  }
  // What something ships with ships, whatever else uses it.
  for (const one of elements)
    if (uses.has(stringAt(one, "relationshipType") ?? "") && isShipped(one))
      for (const to of listAt(one, "to")) if (typeof to === "string") weaker.delete(to);
  const root = subjectOf(elements);
  const listing = new Listing(ecosystem);
  for (const one of elements) {
    const ref = idOf(one);
    if (typeOf(one) !== "software_Package" || ref === root) continue;
    listing.add({ purl: purlOf(one), ref, scope: weaker.get(ref) ?? "production" });
  }
  const { listed, others, unversioned } = listing;
  return { listed, others, unversioned, edges, ...(root === undefined ? {} : { root }) };
}

const isShipped = (one: JsonObject): boolean =>
  one["relationshipType"] !== "hasOptionalDependency" && !unshipped.has(stringAt(one, "scope") ?? "");

const typeOf = (element: JsonObject): string => stringAt(element, "type") ?? stringAt(element, "@type") ?? "";
const idOf = (element: JsonObject): string => stringAt(element, "spdxId") ?? stringAt(element, "@id") ?? "";

/** What the bill of materials is of: its root element, by way of the document's where that names the bill. */
function subjectOf(elements: readonly JsonObject[]): string | undefined {
  const roots = (type: string): unknown[] =>
    elements.filter((one) => typeOf(one) === type).flatMap((one) => listAt(one, "rootElement"));
  const found = [...roots("software_Sbom"), ...roots("SpdxDocument")].filter(
    (one) => typeof one === "string",
  );
  const packages = new Set(elements.filter((one) => typeOf(one) === "software_Package").map(idOf));
  return found.find((one) => packages.has(one));
}

/** Its own package URL, else the identifier of that kind. */
function purlOf(element: JsonObject): string | undefined {
  const own = stringAt(element, "software_packageUrl");
  if (own !== undefined) return own;
  const identifier = listAt(element, "externalIdentifier")
    .filter(isObject)
    .find((one) => one["externalIdentifierType"] === "packageUrl");
  return identifier === undefined ? undefined : stringAt(identifier, "identifier");
}

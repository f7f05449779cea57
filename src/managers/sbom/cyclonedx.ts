import type { Ecosystem, Scope } from "../../model/index.ts";
import { isObject, objectAt, stringAt, type JsonObject } from "../json-text.ts";
import { Listing, listAt, type BillOfMaterials } from "./bill-of-materials.ts";

/** Components may hold components; no tool nests them deeper. */
const deepest = 50;

/** Reads CycloneDX 1.4 to 1.7; what is required from outside (1.7, `isExternal`) by a range has no version. */
export function readCycloneDx(document: JsonObject, ecosystem: Ecosystem): BillOfMaterials {
  const root = stringAt(objectAt(objectAt(document, "metadata"), "component"), "bom-ref");
  const listing = new Listing(ecosystem);
  const visit = (list: readonly unknown[], depth: number): void => {
    if (depth > deepest) return;
    for (const component of list) {
      if (!isObject(component)) continue;
      const purl = stringAt(component, "purl") ?? "";
      listing.add({ purl, ref: stringAt(component, "bom-ref") ?? purl, scope: scopeOf(component) });
      visit(listAt(component, "components"), depth + 1);
    }
  };
  visit(listAt(document, "components"), 0);
  const edges: [string, string][] = [];
  for (const one of listAt(document, "dependencies")) {
    if (!isObject(one)) continue;
    const from = stringAt(one, "ref");
    if (from === undefined) continue;
    for (const to of listAt(one, "dependsOn")) if (typeof to === "string") edges.push([from, to]);
  }
  const { listed, others, unversioned } = listing;
  return { listed, others, unversioned, edges, ...(root === undefined ? {} : { root }) };
}

function scopeOf(component: JsonObject): Scope {
  const isDevelopment = listAt(component, "properties").some(
    (one) => isObject(one) && one["name"] === "cdx:npm:package:development" && one["value"] === "true",
  );
  if (isDevelopment || component["scope"] === "excluded") return "development";
  return component["scope"] === "optional" ? "optional" : "production";
}

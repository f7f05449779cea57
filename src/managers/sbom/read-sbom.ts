import type { Dependency, Ecosystem, Note, Target } from "../../model/index.ts";
import { ComponentSet } from "../component-set.ts";
import { parseJsonObject, stringAt, type JsonObject } from "../json-text.ts";
import { LineCounter } from "../line-counter.ts";
import { needing, openEntry, unreadable, type Reading } from "../package-manager.ts";
import type { BillOfMaterials } from "./bill-of-materials.ts";
import { readCycloneDx } from "./cyclonedx.ts";
import { readSpdx2 } from "./spdx2.ts";
import { isSpdx3, readSpdx3 } from "./spdx3.ts";

/** Reads the components of one ecosystem from CycloneDX 1.4 to 1.7, SPDX 2.2 and 2.3, or SPDX 3.0 as JSON. */
export function readSbom(
  ecosystem: Ecosystem,
  request: { entry: string; files: ReadonlyMap<string, string>; target: Target; path?: string },
): Reading {
  const { entry, files, target } = request;
  const opened = openEntry({ entry, files }, parseJsonObject);
  if (opened.state === "ended") return opened.reading;
  const {
    text,
    parsed: { value },
  } = opened;
  const document = readDocument(value, ecosystem);
  if (document === undefined)
    return unreadable({ path: entry, reason: "neither a CycloneDX nor an SPDX document", line: 1 });
  if (document.listed.length + document.unversioned.length === 0) return needing([]);
  const path = request.path ?? entry;
  const components = new ComponentSet(path, ecosystem);
  const byRef = addAll(document, { components, text, entry });
  const dependencies = link(document, { components, byRef });
  components.scopeByReach(dependencies);
  for (const one of document.listed) {
    const component = components.get(byRef.get(one.ref) ?? "");
    if (component !== undefined && one.scope !== "production") component.scope = one.scope;
  }
  return {
    needs: [],
    project: { path, ecosystem, manager: "sbom", files: [entry], target },
    components: components.list(),
    dependencies,
    unread: [],
    notes: notesOn(document, { path, entry, ecosystem }),
  };
}

function readDocument(value: JsonObject, ecosystem: Ecosystem): BillOfMaterials | undefined {
  if (value["bomFormat"] === "CycloneDX") return readCycloneDx(value, ecosystem);
  if (stringAt(value, "spdxVersion")?.startsWith("SPDX-2") === true) return readSpdx2(value, ecosystem);
  return isSpdx3(value) ? readSpdx3(value, ecosystem) : undefined;
}

function notesOn(
  { others, unversioned }: BillOfMaterials,
  { path, entry, ecosystem }: { path: string; entry: string; ecosystem: Ecosystem },
): Note[] {
  const place = { path: entry, source: "lockfile" as const };
  return [
    ...(others === 0
      ? []
      : [
          {
            project: path,
            kind: "other" as const,
            text: `${others} of its entries are no ${ecosystem} packages and are not judged here`,
            place,
          },
        ]),
    ...unversioned.map((name) => ({
      project: path,
      kind: "unresolved" as const,
      text: `${name} has no version here`,
      place,
    })),
  ];
}

function addAll(
  document: BillOfMaterials,
  { components, text, entry }: { components: ComponentSet; text: string; entry: string },
): Map<string, string> {
  const byRef = new Map<string, string>();
  const counter = new LineCounter(text);
  let position = 0;
  let missed = 0;
  for (const one of document.listed) {
    const found = missed > 8 ? -1 : text.indexOf(`"${one.ref}"`, position);
    if (found < 0) missed++;
    else position = found;
    const key = components.add({
      name: one.name,
      version: one.version,
      scope: one.scope,
      direct: false,
      requirementsKnown: false,
      place: { path: entry, source: "lockfile", ...(found < 0 ? {} : { line: counter.at(found) }) },
    });
    byRef.set(one.ref, key);
  }
  return byRef;
}

/** Edges between listed packages; the document's subject stands for the project. Without edges all is direct. */
function link(
  document: BillOfMaterials,
  { components, byRef }: { components: ComponentSet; byRef: ReadonlyMap<string, string> },
): Dependency[] {
  const required = new Set<string>();
  const dependencies: Dependency[] = [];
  const push = (from: string | null, to: string): void => {
    const component = components.get(to);
    if (component === undefined) return;
    if (from === null) component.direct = true;
    dependencies.push({
      project: components.project,
      from,
      name: component.name,
      requirement: "",
      kind: "production",
      to,
      satisfied: true,
    });
  };
  for (const [from, to] of document.edges) {
    const target = byRef.get(to);
    if (target === undefined) continue;
    const source = byRef.get(from);
    if (source === undefined && from !== document.root) continue;
    required.add(target);
    push(source ?? null, target);
  }
  for (const key of new Set(byRef.values())) if (!required.has(key)) push(null, key);
  return dependencies;
}

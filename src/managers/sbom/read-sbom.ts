import {
  normaliseName,
  type Dependency,
  type Ecosystem,
  type Note,
  type Scope,
  type Target,
} from "../../model/index.ts";
import { ComponentSet } from "../component-set.ts";
import { isObject, objectAt, parseJsonObject, stringAt, type JsonObject } from "../json-text.ts";
import { LineCounter } from "../line-counter.ts";
import { needing, unreadable, type Reading } from "../package-manager.ts";
import { isPackageName, isVersionText } from "../purl.ts";

interface Listed {
  readonly ref: string;
  readonly name: string;
  readonly version: string;
  readonly scope: Scope;
}

interface Document {
  readonly root?: string;
  readonly listed: readonly Listed[];
  /** Requirer → required, by reference. */
  readonly edges: readonly (readonly [from: string, to: string])[];
  /** How many packages of other ecosystems, or without a package URL, were passed over. */
  readonly others: number;
}

/** Reads the components of one ecosystem from CycloneDX 1.4 to 1.7 or SPDX 2.2 to 2.3 as JSON. */
export function readSbom(
  ecosystem: Ecosystem,
  request: { entry: string; files: ReadonlyMap<string, string>; target: Target; path?: string },
): Reading {
  const { entry, files, target } = request;
  const text = files.get(entry);
  if (text === undefined) return needing([entry]);
  const parsed = parseJsonObject(text);
  if (parsed.state === "unread")
    return unreadable({
      path: entry,
      reason: parsed.reason,
      ...(parsed.line === undefined ? {} : { line: parsed.line }),
    });
  const document =
    parsed.value["bomFormat"] === "CycloneDX"
      ? readCycloneDx(parsed.value, ecosystem)
      : stringAt(parsed.value, "spdxVersion")?.startsWith("SPDX-2") === true
        ? readSpdx(parsed.value, ecosystem)
        : undefined;
  if (document === undefined)
    return unreadable({ path: entry, reason: "neither a CycloneDX nor an SPDX 2 document", line: 1 });
  if (document.listed.length === 0) return needing([]);
  const path = request.path ?? entry;
  const components = new ComponentSet(path, ecosystem);
  const byRef = addAll(document, { components, text, entry });
  const dependencies = link(document, { components, byRef });
  components.scopeByReach(dependencies);
  for (const one of document.listed) {
    const component = components.get(byRef.get(one.ref) ?? "");
    if (component !== undefined && one.scope !== "production") component.scope = one.scope;
  }
  const notes: Note[] =
    document.others === 0
      ? []
      : [
          {
            project: path,
            kind: "other",
            text: `${document.others} of its entries are no ${ecosystem} packages and are not judged here`,
            place: { path: entry, source: "lockfile" },
          },
        ];
  return {
    needs: [],
    project: { path, ecosystem, manager: "sbom", files: [entry], target },
    components: components.list(),
    dependencies,
    unread: [],
    notes,
  };
}

function addAll(
  document: Document,
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
  document: Document,
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

/** `pkg:npm/%40scope/name@1.0.0?…#…` (purl-spec); `undefined` for another type or a broken one. */
export function readPurl(purl: string, ecosystem: Ecosystem): { name: string; version: string } | undefined {
  const prefix = ecosystem === "npm" ? "pkg:npm/" : "pkg:pypi/";
  if (!purl.toLowerCase().startsWith(prefix)) return undefined;
  const bare = purl.slice(prefix.length).replace(/[?#].*$/s, "");
  const at = bare.lastIndexOf("@");
  if (at <= 0) return undefined;
  try {
    const name = normaliseName(ecosystem, decodeURIComponent(bare.slice(0, at)));
    const version = decodeURIComponent(bare.slice(at + 1));
    return isPackageName(ecosystem, name) && isVersionText(version) ? { name, version } : undefined;
  } catch {
    return undefined;
  }
}

function readCycloneDx(document: JsonObject, ecosystem: Ecosystem): Document {
  const subject = objectAt(objectAt(document, "metadata"), "component");
  const root = stringAt(subject, "bom-ref");
  const listed: Listed[] = [];
  let others = 0;
  const visit = (list: unknown, depth: number): void => {
    if (!Array.isArray(list) || depth > 50) return;
    for (const component of list) {
      if (!isObject(component)) continue;
      const purl = stringAt(component, "purl") ?? "";
      const read = readPurl(purl, ecosystem);
      if (read === undefined) others++;
      else
        listed.push({ ...read, ref: stringAt(component, "bom-ref") ?? purl, scope: cycloneScope(component) });
      // Components may hold components.
      visit(component["components"], depth + 1);
    }
  };
  visit(document["components"], 0);
  const edges: [string, string][] = [];
  const dependencies = Array.isArray(document["dependencies"]) ? (document["dependencies"] as unknown[]) : [];
  for (const one of dependencies) {
    if (!isObject(one)) continue;
    const from = stringAt(one, "ref");
    const on = Array.isArray(one["dependsOn"]) ? (one["dependsOn"] as unknown[]) : [];
    if (from !== undefined) for (const to of on) if (typeof to === "string") edges.push([from, to]);
  }
  return { listed, edges, others, ...(root === undefined ? {} : { root }) };
}

function cycloneScope(component: JsonObject): Scope {
  const properties = Array.isArray(component["properties"]) ? (component["properties"] as unknown[]) : [];
  const isDevelopment = properties.some(
    (one) => isObject(one) && one["name"] === "cdx:npm:package:development" && one["value"] === "true",
  );
  if (isDevelopment || component["scope"] === "excluded") return "development";
  return component["scope"] === "optional" ? "optional" : "production";
}

function readSpdx(document: JsonObject, ecosystem: Ecosystem): Document {
  const listed: Listed[] = [];
  let others = 0;
  const packages = Array.isArray(document["packages"]) ? (document["packages"] as unknown[]) : [];
  const relationships = Array.isArray(document["relationships"])
    ? (document["relationships"] as unknown[])
    : [];
  const edges: [string, string][] = [];
  const development = new Set<string>();
  let root = "";
  for (const one of relationships) {
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
  for (const one of packages) {
    if (!isObject(one)) continue;
    const ref = stringAt(one, "SPDXID") ?? "";
    const references = Array.isArray(one["externalRefs"]) ? (one["externalRefs"] as unknown[]) : [];
    const purl = references
      .filter(isObject)
      .filter((reference) => reference["referenceType"] === "purl")
      .map((reference) => stringAt(reference, "referenceLocator") ?? "")[0];
    const read = ref === root || purl === undefined ? undefined : readPurl(purl, ecosystem);
    if (read !== undefined)
      listed.push({ ...read, ref, scope: development.has(ref) ? "development" : "production" });
    else if (ref !== root) others++;
  }
  return { root, listed, edges, others };
}

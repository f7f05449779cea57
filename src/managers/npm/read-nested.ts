import { isObject, objectAt, stringAt, type JsonObject } from "../json-text.ts";
import { LineCounter } from "../line-counter.ts";
import { foreignOf } from "./spec.ts";
import type { Tree } from "./tree.ts";

/**
 * Package-lock 1: dependencies nested as they lie in folders, with `requires` for the ranges. It does not hold the
 * root's own ranges, so without a manifest what nothing requires is taken as asked for. Returns no own folders.
 */
export function readNested(
  lock: JsonObject,
  text: string,
  { tree, manifest }: { tree: Tree; manifest: JsonObject | undefined },
): string[] | undefined {
  if (!isObject(lock["dependencies"])) return lock["lockfileVersion"] === undefined ? undefined : [];
  const required = new Set<string>();
  const counter = new LineCounter(text);
  let position = text.indexOf('"dependencies"');
  let missed = 0;
  const lineOf = (name: string): number | undefined => {
    if (missed > 8) return undefined;
    const found = findKey(text, name, position);
    if (found < 0) {
      missed++;
      return undefined;
    }
    position = found;
    return counter.at(found);
  };
  // In the order of the text, so that lines come by one pass: depth first, with a stack of its own.
  const stack: { inside: string; names: string[]; entries: JsonObject; next: number }[] = [];
  const enter = (inside: string, entries: JsonObject): void => {
    stack.push({ inside, names: Object.keys(entries), entries, next: 0 });
  };
  enter("", lock["dependencies"]);
  for (let top = stack.at(-1); top !== undefined; top = stack.at(-1)) {
    const name = top.names[top.next++];
    if (name === undefined) {
      stack.pop();
      continue;
    }
    const entry = top.entries[name];
    const at = top.inside === "" ? `node_modules/${name}` : `${top.inside}/node_modules/${name}`;
    const line = lineOf(name);
    if (!isObject(entry)) {
      tree.refuse(line, `${name.slice(0, 200)} is not described by an object`);
      continue;
    }
    for (const one of Object.keys(objectAt(entry, "requires"))) required.add(one);
    addEntry(tree, { at, entry, line });
    if (isObject(entry["dependencies"])) {
      if (at.length > 8192) tree.refuse(line, "nested too deep");
      else enter(at, entry["dependencies"]);
    }
  }
  tree.addOwn("", manifest ?? guessRoot(lock["dependencies"], required));
  if (manifest === undefined)
    tree.note("package-lock 1 without its package.json: what nothing else requires is taken as asked for");
  return [];
}

/** The next `"name": {` after a position. */
function findKey(text: string, name: string, from: number): number {
  const quoted = `"${name}"`;
  for (let at = text.indexOf(quoted, from), tries = 0; at >= 0 && tries < 1000; tries++) {
    let after = at + quoted.length;
    while (text.charCodeAt(after) === 58 || text.charCodeAt(after) === 32) after++;
    if (text.charCodeAt(after) === 123) return at;
    at = text.indexOf(quoted, at + 1);
  }
  return -1;
}

/** Says a version 1 entry in the words of version 3. */
function addEntry(
  tree: Tree,
  { at, entry, line }: { at: string; entry: JsonObject; line: number | undefined },
): void {
  let version = stringAt(entry, "version");
  let name: string | undefined;
  const alias = version?.startsWith("npm:") === true ? version.slice(4) : undefined;
  if (alias !== undefined) {
    const sign = alias.lastIndexOf("@");
    name = alias.slice(0, sign);
    version = alias.slice(sign + 1);
  }
  const foreign = version === undefined ? undefined : foreignOf(version);
  if (foreign !== undefined) {
    // The version of a checkout or a file is not in this format.
    const ofTarball = /-(\d+\.\d+\.\d+[\w.+-]*?)\.(?:tgz|tar\.gz)(?:[?#]|$)/.exec(version ?? "")?.[1];
    tree.note(
      `${at.slice(at.lastIndexOf("node_modules/") + 13)} is ${foreign}${ofTarball === undefined ? "; the lockfile does not show its version" : ""}`,
      tree.placeOf(at, line),
    );
    if (ofTarball === undefined) {
      tree.addForeign(at, { dependencies: objectAt(entry, "requires") });
      return;
    }
    version = ofTarball;
  }
  tree.add(
    at,
    {
      ...(name === undefined ? {} : { name }),
      version,
      resolved: foreign === undefined ? entry["resolved"] : entry["version"],
      integrity: entry["integrity"],
      dev: entry["dev"],
      optional: entry["optional"],
      inBundle: entry["bundled"],
      dependencies: isObject(entry["requires"]) ? entry["requires"] : undefined,
    },
    line,
  );
}

function guessRoot(entries: JsonObject, required: ReadonlySet<string>): JsonObject {
  const dependencies: Record<string, string> = Object.create(null) as Record<string, string>;
  const devDependencies: Record<string, string> = Object.create(null) as Record<string, string>;
  for (const name of Object.keys(entries)) {
    if (required.has(name)) continue;
    const entry = objectAt(entries, name);
    (entry["dev"] === true ? devDependencies : dependencies)[name] = "";
  }
  return { dependencies, devDependencies };
}

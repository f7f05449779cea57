import { scanJson, type JsonNode } from "./scan-json.ts";
import { LineCounter } from "../line-counter.ts";
import { manifestSections } from "./tree.ts";

/** Line of each dependency of a `package.json`, by `"section name"`; empty where the text cannot be read. */
export function manifestLines(text: string): ReadonlyMap<string, number> {
  const lines = new Map<string, number>();
  const root = scanJson(text);
  if (root?.fields === undefined) return lines;
  const counter = new LineCounter(text);
  for (const section of manifestSections) {
    const found = root.fields.get(section);
    for (const [name, node] of found?.fields ?? new Map<string, JsonNode>())
      lines.set(`${section} ${name}`, counter.at(node.keyStart));
  }
  return lines;
}

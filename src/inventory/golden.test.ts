import assert from "node:assert/strict";
import * as fs from "node:fs";
import path from "node:path";
import { test } from "node:test";
import { componentKey, type Inventory } from "../model/index.ts";
import { takeInventory } from "./index.ts";

// A case is a folder with any files and `expected.txt`; write a new one with REDRESS_WRITE_GOLDEN=1 and read it.
const fixtures = path.join(import.meta.dirname, "..", "..", "test", "fixtures");
const target = { python: "3.11.7", node: "20.20.2", platform: "linux-x64" };

/** An inventory as lines that a person can check. */
export function describeInventory(inventory: Inventory): string {
  const short = (key: string | null): string =>
    key === null ? "(project)" : key.replace(/^(.*)\|.*?\|/, "");
  return [
    ...inventory.projects.map(
      (one) => `project ${one.path} ${one.manager} ${one.ecosystem} ${one.files.join(" ")}`,
    ),
    ...inventory.components.map((one) =>
      [
        `component ${one.project}|${short(componentKey(one))} ${one.scope}${one.direct ? " direct" : ""}`,
        one.immovable === undefined ? "" : ` (${one.immovable})`,
        one.requirementsKnown ? "" : " requirements unknown",
        ...one.places.map(
          (place) =>
            ` ${place.source} ${place.path}:${place.line ?? "?"}${place.at === undefined ? "" : ` at ${place.at}`}`,
        ),
      ].join(""),
    ),
    ...inventory.dependencies.map((one) =>
      [
        `dependency ${one.project}|${short(one.from)} -> ${one.name}${one.extras === undefined ? "" : `[${one.extras.join(",")}]`} ${JSON.stringify(one.requirement)} ${one.kind}`,
        one.optional === true ? " optional" : "",
        one.marker === undefined ? "" : ` ; ${one.marker}`,
        one.place === undefined ? "" : ` @ ${one.place.path}:${one.place.line ?? "?"}`,
        ` => ${one.to === null ? "nothing" : short(one.to)} ${String(one.satisfied)}`,
      ].join(""),
    ),
    ...inventory.notes.map(
      (one) => `note ${one.kind} ${one.text} @ ${one.place?.path ?? ""}:${one.place?.line ?? ""}`,
    ),
    ...inventory.unread.map((one) => `unread ${one.path}:${one.line ?? ""} ${one.reason}`),
    "",
  ].join("\n");
}

for (const manager of fs.readdirSync(fixtures).sort())
  for (const name of fs.readdirSync(path.join(fixtures, manager)).sort()) {
    const folder = path.join(fixtures, manager, name);
    const expected = path.join(folder, "expected.txt");
    if (!fs.existsSync(expected) && process.env["REDRESS_WRITE_GOLDEN"] !== "1") continue;
    test(`${manager}: ${name}`, async () => {
      const seen = describeInventory(await takeInventory({ root: folder, target }));
      if (process.env["REDRESS_WRITE_GOLDEN"] === "1") fs.writeFileSync(expected, seen);
      assert.equal(seen, fs.readFileSync(expected, "utf8"));
    });
  }

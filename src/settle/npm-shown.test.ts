import assert from "node:assert/strict";
import { test } from "node:test";
import type { ReleaseSource, Requirement, Upgrade } from "../model/index.ts";
import { addHighest, chooseShown, versionsAfter } from "./npm-shown.ts";

function sourceOf(packages: Record<string, Record<string, readonly Requirement[]>>): ReleaseSource {
  return {
    ecosystem: "npm",
    releases: async (name) =>
      Promise.resolve(
        Object.hasOwn(packages, name)
          ? {
              state: "known" as const,
              name,
              releases: Object.keys(packages[name] ?? {}).map((version) => ({
                version,
                usable: "tarball" as const,
                hashes: [],
                ...(version.endsWith(".13") ? { deprecated: "unlucky" } : {}),
              })),
            }
          : { state: "unknown" as const, name, reason: "absent" },
      ),
    requirements: async (name, version) =>
      Promise.resolve({ state: "known" as const, requires: packages[name]?.[version] ?? [], from: "a test" }),
  };
}

const upgrade = (
  name: string,
  from: string | null,
  to: string | null,
  via: Upgrade["via"] = "lockfile",
): Upgrade => ({
  project: ".",
  ecosystem: "npm",
  package: name,
  from,
  to,
  via,
  level: "minor",
  direct: false,
  fixes: [],
  introduces: [],
  because: [],
});
const today = new Map([
  ["a", new Set(["1.0.0", "2.0.0"])],
  ["b", new Set(["1.0.0"])],
]);
const plain = (versions: ReadonlyMap<string, ReadonlySet<string>>): Record<string, string[]> =>
  Object.fromEntries([...versions].map(([name, set]) => [name, [...set]]));

test("planned versions take the place of those they replace; what is not named stays", () => {
  const after = versionsAfter(today, [upgrade("a", "1.0.0", "2.0.0"), upgrade("c", null, "1.0.0")]);
  assert.deepEqual(plain(after), { a: ["2.0.0"], b: ["1.0.0"], c: ["1.0.0"] });
  assert.deepEqual(plain(versionsAfter(today, [upgrade("b", "1.0.0", null)]))["b"], ["1.0.0"]);
  assert.deepEqual(plain(today), { a: ["1.0.0", "2.0.0"], b: ["1.0.0"] });
});

test("what a planned version requires and nothing serves is shown too, and what that requires", async () => {
  const source = sourceOf({
    a: {
      "3.0.0": [
        { name: "b", range: "^1", kind: "production" },
        { name: "@a/linux", range: "3.0.0", kind: "optional" },
        { name: "peer", range: "^1", kind: "peer" },
        { name: "maybe", range: "^1", kind: "peer", optional: true },
        { name: "far", range: "", kind: "production", url: "git://host.example/far" },
        { name: "over", range: "^1", kind: "production" },
        { name: "@a/beos", range: "3.0.0", kind: "optional" },
      ],
    },
    "@a/linux": { "3.0.0": [{ name: "deep", range: "", kind: "production" }] },
    deep: { "1.0.0": [], "1.1.0": [], "1.2.13": [] },
    peer: { "1.0.0": [], "2.0.0": [] },
    maybe: { "1.0.0": [] },
    over: { "1.0.0": [], "2.0.0": [] },
  });
  const upgrades = [upgrade("a", "2.0.0", "3.0.0"), upgrade("over", null, "2.0.0", "override")];
  const shown = await chooseShown(today, upgrades, source);
  assert.deepEqual(plain(shown.versions), {
    a: ["1.0.0", "3.0.0"],
    b: ["1.0.0"],
    over: ["2.0.0"],
    "@a/linux": ["3.0.0"],
    deep: ["1.1.0"],
    peer: ["1.0.0"],
  });
  assert.deepEqual([...shown.lacking], [["a@3.0.0", "@a/beos 3.0.0"]]);
  assert.deepEqual([...shown.added], ["@a/linux@3.0.0", "peer@1.0.0", "deep@1.1.0"]);
});

test("nothing is added that is not there or is shown already", async () => {
  const source = sourceOf({ b: { "1.0.0": [] } });
  const shown = await chooseShown(today, [], source);
  assert.equal(await addHighest(shown, { name: "absent", range: "*" }, source), undefined);
  assert.equal(await addHighest(shown, { name: "b", range: "^2" }, source), undefined);
  assert.equal(await addHighest(shown, { name: "b", range: "^1" }, source), undefined);
  assert.equal(shown.added.size, 0);
});

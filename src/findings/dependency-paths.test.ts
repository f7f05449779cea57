import assert from "node:assert/strict";
import { test } from "node:test";
import { component, inventory } from "../../test/support/findings.ts";
import { componentKey, type Component, type Dependency } from "../model/index.ts";
import { pathsFromRoots } from "./dependency-paths.ts";

const named = (name: string, direct = false): Component => component({ name, version: "1", direct });
const edge = (from: Component, to: Component): Dependency => ({
  project: ".",
  from: componentKey(from),
  name: to.name,
  requirement: "",
  kind: "production",
  to: componentKey(to),
  satisfied: true,
});

const [a, b, c, d] = [named("a", true), named("b", true), named("c"), named("d")];
// a → c → d, b → c, a → d, and a cycle between c and d
const tree = inventory([a, b, c, d], [edge(a, c), edge(c, d), edge(b, c), edge(a, d), edge(d, c)]);

test("every path from a root, the shortest first, none through a cycle", () => {
  assert.deepEqual(pathsFromRoots(tree, d, 10), {
    paths: [
      ["a@1", "d@1"],
      ["a@1", "c@1", "d@1"],
      ["b@1", "c@1", "d@1"],
    ],
    isCapped: false,
  });
});

test("no more than asked for, and said", () => {
  assert.deepEqual(pathsFromRoots(tree, d, 1), { paths: [["a@1", "d@1"]], isCapped: true });
});

test("a direct dependency that something else needs as well", () => {
  const both = inventory([a, b], [edge(a, b)]);
  assert.deepEqual(pathsFromRoots(both, b, 10).paths, [["b@1"], ["a@1", "b@1"]]);
});

test("a graph with more paths than anyone can count is answered at once", () => {
  const layers = Array.from({ length: 30 }, (_, depth) =>
    [0, 1, 2].map((index) => named(`n${depth}-${index}`, depth === 0)),
  );
  const edges = layers.flatMap((layer, depth) =>
    layer.flatMap((from) => (layers[depth + 1] ?? []).map((to) => edge(from, to))),
  );
  const [last] = layers.at(-1) ?? [];
  assert.ok(last !== undefined);
  const started = performance.now();
  assert.equal(pathsFromRoots(inventory(layers.flat(), edges), last, 10).isCapped, true);
  assert.ok(performance.now() - started < 2000);
});

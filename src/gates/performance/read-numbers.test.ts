import assert from "node:assert/strict";
import { test } from "node:test";
import { readNumbers } from "./read-numbers.ts";

for (const [output, expected] of [
  ["12.5\n", { "": [12.5] }],
  ["12.5 ms\n13 ms\n", { "": [12.5, 13] }],
  ["list query: 3.2 ms\ninsert = 4e-1\nrows 1000\n", { "list query": [3.2], insert: [0.4], rows: [1000] }],
  ["connecting…\n3.5\ndone in no time\n", { "": [3.5] }],
  ["[1, 2, null, 3]", { "": [1, 2, 3] }],
  ['{"query_ms": [1, 2], "rows": 5, "note": "x"}', { query_ms: [1, 2], rows: [5] }],
  ['{"__proto__": 3, "a": 1}', { ["__proto__"]: [3], a: [1] }],
  ["{not json\n7\n", { "": [7] }],
  ["", {}],
  ["version 1.2.3\n", {}],
] as const)
  test(JSON.stringify(output), () => {
    assert.deepEqual(
      [...readNumbers(output)],
      Object.entries(expected).map(([name, values]) => [name, [...(values as readonly number[])]]),
    );
  });

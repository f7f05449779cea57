import assert from "node:assert/strict";
import { existsSync, readFileSync, readdirSync } from "node:fs";
import path from "node:path";
import { test } from "node:test";
import { describeWeakness } from "./weakness-names.ts";

for (const [id, expected] of [
  ["CWE-79", "CWE-79 cross-site scripting"],
  ["CWE-1321", "CWE-1321 prototype pollution"],
  ["CWE-99999", "CWE-99999"],
  ["NVD-CWE-noinfo", "NVD-CWE-noinfo"],
  ["CWE-__proto__", "CWE-__proto__"],
] as const)
  test(id, () => {
    assert.equal(describeWeakness(id), expected);
  });

test("the Top 25 of 2025 have names", () => {
  const top = [
    79, 89, 352, 862, 787, 22, 416, 125, 78, 94, 120, 434, 476, 121, 502, 122, 863, 20, 284, 200, 306, 918,
    77, 639, 770,
  ];
  assert.equal(new Set(top).size, 25);
  for (const number of top) assert.notEqual(describeWeakness(`CWE-${number}`), `CWE-${number}`);
});

const advisories = path.join(import.meta.dirname, "..", "..", "..", "shared", "data", "advisories");
const absent = existsSync(advisories) ? false : "the shared data is not beside this clone";
test("every weakness of the shared advisories has a name", { skip: absent }, () => {
  const texts = readdirSync(advisories).map((name) => readFileSync(path.join(advisories, name), "utf8"));
  const ids = new Set(texts.flatMap((text) => text.match(/CWE-\d+/g) ?? []));
  assert.deepEqual(
    [...ids].filter((id) => describeWeakness(id) === id),
    [],
  );
});

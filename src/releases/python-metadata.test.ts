import assert from "node:assert/strict";
import { test } from "node:test";
import { isStatic, parseMetadata } from "./python-metadata.ts";

test("core metadata: headers, folded lines, unreadable requirements, the body left alone", () => {
  const metadata = parseMetadata(
    [
      "Metadata-Version: 2.1",
      "Name: a",
      "requires-dist: B_b[X] (>=1,<2)",
      "Requires-Dist: c; python_version",
      "  < '3.12'",
      "Requires-Dist: !!!",
      "",
      "Requires-Dist: from-the-description",
    ].join("\r\n"),
  );
  assert.deepEqual(
    metadata.requires.map((one) => [one.name, one.extras ?? []]),
    [
      ["b-b", ["x"]],
      ["c", []],
    ],
  );
  assert.match(metadata.requires[1]?.marker ?? "", /python_version\s*<\s*['"]3\.12['"]/);
  assert.deepEqual(metadata.unreadable, ["!!!"]);
});

test("an sdist's metadata counts from version 2.2 on, unless it says it may change", () => {
  for (const [version, dynamic, expected] of [
    ["1.2", "", false],
    ["2.1", "", false],
    ["2.2", "", true],
    ["2.2", "Dynamic: Requires-Dist\n", false],
    ["2.2", "Dynamic: Version\n", true],
    ["2.10", "", true],
    ["3.0", "", true],
    ["", "", false],
  ] as const)
    assert.equal(isStatic(parseMetadata(`Metadata-Version: ${version}\n${dynamic}Name: a\n`)), expected);
});

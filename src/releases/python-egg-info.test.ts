import assert from "node:assert/strict";
import { test } from "node:test";
import { parseEggRequires } from "./python-egg-info.ts";

test("requires.txt of an egg: plain lines, extras, markers, both, and what nobody can read", () => {
  const text = [
    "lxml==4.*",
    "PyXB [x]>=1",
    "!!!",
    "",
    "[:python_version < '3']",
    "enum34",
    "[Test]",
    "pytest",
    '[dev:sys_platform == "win32" or python_version < "4"]',
    "pywin32>=1,<2",
  ].join("\r\n");
  assert.deepEqual(
    parseEggRequires(text).map((one) => [one.name, one.extras ?? [], one.range, one.marker]),
    [
      ["lxml", [], "==4.*", undefined],
      ["pyxb", ["x"], ">=1", undefined],
      ["enum34", [], "", "(python_version < '3')"],
      ["pytest", [], "", 'extra == "Test"'],
      ["pywin32", [], ">=1,<2", '(sys_platform == "win32" or python_version < "4") and extra == "dev"'],
    ],
  );
});

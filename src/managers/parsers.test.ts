import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { parseToml, parseTomlTables } from "./parsers.ts";

/** Documents that parts cannot be told from, or that are none: both ways must say the same, errors and lines included. */
const documents: readonly (readonly [what: string, text: string])[] = [
  ["nothing", ""],
  ["no table", 'version = 1\n[metadata]\nhash = "a"\n'],
  [
    "tables with tables of their own, and what follows them",
    'version = 1\n\n[[package]]\nname = "a"\nfiles = [{file = "a.whl"}]\n[package.dependencies]\nb = ">=1"\n\n[[package]]\nname = "b"\n[package.source]\ntype = "git"\n[metadata]\nhash = "x"\n',
  ],
  ["a byte order mark and CRLF", '\ufeff[[package]]\r\nname = "a"\r\n[[package]]\r\nname = "b"\r\n'],
  ["a heading within a text", '[[package]]\ntext = """\n[[package]]\nname = "not one"\n"""\n'],
  [
    "a heading within a literal text",
    "[[package]]\ntext = \'\'\'\n[[package]]\nname = 1\n\'\'\'\nname = \"a\"\n",
  ],
  ["a table given twice", '[metadata]\na = 1\n[[package]]\nname = "a"\n[metadata]\na = 2\n'],
  ["an array that is closed already", 'package = [{name = "a"}]\n[[package]]\nname = "b"\n'],
  ["a table where the array should be", '[package]\nname = "a"\n[[package]]\nname = "b"\n'],
  ["a table of a package before any", '[package.source]\ntype = "git"\n[[package]]\nname = "b"\n'],
  ["a broken line after a hundred", `${'[[package]]\nname = "a"\n'.repeat(50)}name = \n`],
  ["the name of a prototype", '[[package]]\nname = "a"\n[[package]]\n["__proto__"]\nx = 1\n'],
  ["a merge conflict", '[[package]]\nname = "a"\n<<<<<<< ours\nversion = "1"\n=======\n>>>>>>> theirs\n'],
];

describe("parseTomlTables reads as parseToml does", () => {
  for (const [what, text] of documents)
    it(what, () => {
      const numbers: number[] = [];
      const read = parseTomlTables(text, "package", (table, number) => {
        numbers.push(number);
        return table;
      });
      const whole = parseToml(text);
      assert.deepEqual(read, whole);
      const tables = whole.state === "read" ? whole.value["package"] : [];
      const count = Array.isArray(tables) ? tables.length : 0;
      if (whole.state === "read")
        assert.deepEqual(numbers.slice(numbers.length - count), [...Array(count).keys()]);
    });
});

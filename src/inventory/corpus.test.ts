import assert from "node:assert/strict";
import * as fs from "node:fs";
import path from "node:path";
import { test } from "node:test";
import { takeInventory } from "./index.ts";

const data = path.join(import.meta.dirname, "..", "..", "..", "shared", "data");
const corpus = path.join(data, "corpus");
const target = { python: "3.11.7", node: "20.20.2", platform: "linux-x64" };

/** Where our count differs from the table's, and why. */
const explained: Record<string, { difference: number; why: string }> = {
  "etherpad-2022/src/package-lock.json": { difference: -1, why: "a git checkout shows no version" },
  "codimd/package-lock.json": { difference: -1, why: "a git checkout shows no version" },
  "cla-backend/requirements/base.txt": {
    difference: 4,
    why: "checkouts with a version in #egg= are counted",
  },
  "cla-backend/requirements/testing.txt": {
    difference: 1,
    why: "a checkout with a version in #egg= is counted",
  },
  "saleor/requirements.txt": { difference: -6, why: "pins whose marker excludes CPython 3.11 on Linux" },
  "saleor/requirements_dev.txt": { difference: -9, why: "pins whose marker excludes CPython 3.11 on Linux" },
};

interface Row {
  readonly name: string;
  readonly files: readonly { file: string; count: number }[];
}

/** The table of `data/README.md`: `file: kind, packages, vulnerable, findings`. */
function readTable(text: string): Row[] {
  return [...text.matchAll(/^\| ([\w-]+) \| [^|]*@[^|]*\| [^|]* \| (.*) \|$/gm)]
    .map(([, name = "", list = ""]) => ({
      name,
      files: list.split("<br>").flatMap((item) => {
        const found = /^(\S+): .*?, (\d+), \d+, \d+$/.exec(item);
        return found === null ? [] : [{ file: found[1] ?? "", count: Number(found[2]) }];
      }),
    }))
    .filter((row) => fs.existsSync(path.join(corpus, row.name)));
}

if (!fs.existsSync(corpus))
  test("corpus", { skip: "the shared corpus is not on this machine" }, () => undefined);
else
  for (const { name, files } of readTable(fs.readFileSync(path.join(data, "README.md"), "utf8")))
    test(`${name} is read whole`, async () => {
      const inventory = await takeInventory({ root: path.join(corpus, name), target });
      assert.deepEqual(inventory.unread, []);
      for (const { file, count } of files) {
        const found = new Set(
          inventory.components
            .filter((one) => one.places.some((place) => place.path === file))
            .map((one) => `${one.name}@${one.version}`),
        );
        const expected = count + (explained[`${name}/${file}`]?.difference ?? 0);
        assert.equal(found.size, expected, file);
        const lined = inventory.components.flatMap((one) =>
          one.places.filter((place) => place.path === file),
        );
        assert.ok(
          lined.every((place) => place.line !== undefined),
          `${file}: a place without a line`,
        );
      }
    });

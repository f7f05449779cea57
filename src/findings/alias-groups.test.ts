import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { record } from "../../test/support/findings.ts";
import { groupAliases } from "./alias-groups.ts";

test("records that share an alias are one group, by way of a third too, under the preferred id", () => {
  const groups = groupAliases([
    record({ id: "PYSEC-2024-1", aliases: ["CVE-2024-1"] }),
    record({ id: "GHSA-aaaa", aliases: ["CVE-2024-1", "CVE-2024-2"] }),
    record({ id: "OSV-2024-7", aliases: ["CVE-2024-2"] }),
    record({ id: "PYSEC-2024-9", aliases: ["GHSA-cccc", "GHSA-bbbb", "CVE-2024-9"] }),
    record({ id: "CVE-2024-5" }),
    record({ id: "MAL-2024-5" }),
  ]);
  assert.deepEqual(
    groups.map(({ id, aliases, records }) => [id, aliases, records.map((one) => one.id)]),
    [
      [
        "GHSA-aaaa",
        ["CVE-2024-1", "CVE-2024-2", "OSV-2024-7", "PYSEC-2024-1"],
        ["GHSA-aaaa", "OSV-2024-7", "PYSEC-2024-1"],
      ],
      ["GHSA-bbbb", ["CVE-2024-9", "GHSA-cccc", "PYSEC-2024-9"], ["PYSEC-2024-9"]],
      ["CVE-2024-5", [], ["CVE-2024-5"]],
      ["MAL-2024-5", [], ["MAL-2024-5"]],
    ],
  );
});

test("groups are the same in whatever order records and aliases come", () => {
  const id = fc.constantFrom("GHSA-1", "GHSA-2", "PYSEC-1", "CVE-1", "CVE-2", "CVE-3", "X-1", "X-2");
  const records = fc
    .uniqueArray(fc.tuple(id, fc.uniqueArray(id, { maxLength: 2 })), {
      maxLength: 6,
      selector: ([own]) => own,
    })
    .map((pairs) => pairs.map(([own, aliases]) => record({ id: own, aliases })));
  fc.assert(
    fc.property(records, (given) => {
      const turned = [...given].reverse().map((one) => ({ ...one, aliases: [...one.aliases].reverse() }));
      assert.deepEqual(
        groupAliases(given).map(({ id: name, aliases }) => [name, aliases]),
        groupAliases(turned).map(({ id: name, aliases }) => [name, aliases]),
      );
      assert.equal(
        groupAliases(given).reduce((sum, group) => sum + group.records.length, 0),
        given.length,
      );
    }),
  );
});

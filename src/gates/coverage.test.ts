import assert from "node:assert/strict";
import * as fs from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { test } from "node:test";
import { coverageGate, parseCoverage, readCoverage } from "./coverage.ts";

for (const [name, text, expected] of [
  [
    "coverage.py",
    '{"meta": {}, "totals": {"covered_lines": 7, "num_statements": 9}}',
    { covered: 7, lines: 9 },
  ],
  ["Istanbul", '{"total": {"lines": {"total": 10, "covered": 8, "pct": 80}}}', { covered: 8, lines: 10 }],
  [
    "Cobertura with counts",
    '<?xml version="1.0" ?><!DOCTYPE coverage><coverage lines-valid="20" lines-covered="15" line-rate="0.75"></coverage>',
    { covered: 15, lines: 20 },
  ],
  [
    "Cobertura without counts",
    '<coverage line-rate="0.5"><line number="1" hits="3"/><line number="2" hits="0"/></coverage>',
    { covered: 1, lines: 2 },
  ],
  [
    "lcov",
    "TN:\nSF:a.js\nLF:10\nLH:4\nend_of_record\nSF:b.js\nLF:10\nLH:10\nend_of_record\n",
    { covered: 14, lines: 20 },
  ],
  ["more covered than there is", '{"totals": {"covered_lines": 10, "num_statements": 9}}', undefined],
  ["another XML", "<html></html>", undefined],
  ["another text", "80 %", undefined],
  ["half a JSON", '{"totals": {', undefined],
] as const)
  test(`reads ${name}`, () => {
    assert.deepEqual(parseCoverage(text), expected);
  });

test("coverage against the old versions", async (t) => {
  const root = fs.mkdtempSync(path.join(tmpdir(), "redress-coverage-"));
  t.after(() => {
    fs.rmSync(root, { recursive: true });
  });
  const bench = { root, homes: [], variables: {} };
  const gate = { name: "unit", mode: "enforce", file: "lcov.info", allowedDrop: 1 } as const;
  const write = (covered: number): void => {
    fs.writeFileSync(path.join(root, "lcov.info"), `LF:200\nLH:${covered}\n`);
  };
  const missing = await coverageGate(gate, await readCoverage(gate, bench), bench);
  assert.deepEqual([missing.verdict, /was not written/.test(missing.detail)], ["missing", true]);
  const old = { covered: 180, lines: 200 };
  assert.equal((await coverageGate(gate, old, bench)).verdict, "fail");
  for (const [covered, verdict] of [
    [180, "pass"],
    [178, "pass"],
    [177, "fail"],
  ] as const) {
    write(covered);
    assert.equal((await coverageGate(gate, old, bench)).verdict, verdict, String(covered));
  }
  const outside = await readCoverage({ ...gate, file: "../lcov.info" }, bench);
  assert.match("unreadable" in outside ? outside.unreadable : "", /outside/);
});

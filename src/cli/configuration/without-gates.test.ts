import assert from "node:assert/strict";
import { test } from "node:test";
import { configuration } from "../../../test/support/findings.ts";
import type { GateSettings, TestGate } from "../../model/index.ts";
import { withoutGates } from "./without-gates.ts";

const gate = (name: string): TestGate => ({ name, argv: ["true"], cwd: ".", timeoutMs: 1, mode: "enforce" });

const gates: GateSettings = {
  versions: "enforce",
  security: "enforce",
  processes: [],
  health: [],
  performance: {
    measures: [{ name: "start", mode: "enforce", class: "web", kind: "startup", process: "web" }],
    budgets: {},
    exceptions: [],
    samples: 5,
    warmUp: 0,
    requests: 1,
  },
  coverage: [],
  license: { mode: "enforce", deny: [] },
};

const whole = configuration({ tests: [gate("unit")], commands: [gate("build"), gate("lint")], gates });

for (const [name, given, leftOut] of [
  ["one of a kind", ["command: build"], ["command: build"]],
  ["a whole kind", ["command", "performance"], ["performance: start", "command: build", "command: lint"]],
  ["the license gate", ["license", "tests: unit"], ["tests: unit", "license"]],
] as const)
  test(`left out: ${name}`, () => {
    const rest = withoutGates(whole, given);
    assert.deepEqual([...(rest.leftOut ?? [])].sort(), [...leftOut].sort());
    const kept = [
      ...rest.tests.map((one) => `tests: ${one.name}`),
      ...rest.commands.map((one) => `command: ${one.name}`),
      ...(rest.gates?.performance?.measures ?? []).map((one) => `performance: ${one.name}`),
      ...(rest.gates?.license === undefined ? [] : ["license"]),
    ];
    const all = ["tests: unit", "command: build", "command: lint", "performance: start", "license"];
    assert.deepEqual(kept.sort(), all.filter((one) => !(leftOut as readonly string[]).includes(one)).sort());
  });

test("a database whose migrations are left out is still the one that programs find", () => {
  const migrations = { tool: "django", cwd: ".", timeoutMs: 1, variable: "DB", commands: {} } as const;
  const place = { kind: "postgresql", variable: "DB" } as const;
  const given = configuration({ databases: [{ name: "main", place, migrations }] });
  const rest = withoutGates(given, ["migrations"]);
  assert.deepEqual(rest.databases, [{ name: "main", place, migrations: { ...migrations, leftOut: true } }]);
  assert.deepEqual(rest.leftOut, ["migrations: main"]);
});

test("without names nothing changes", () => {
  assert.equal(withoutGates(whole, []), whole);
});

test("an unknown gate, and those that Redress asks itself, are refused", () => {
  for (const name of ["versions", "security", "comand: build"])
    assert.throws(() => withoutGates(whole, [name]), { code: "usage", hint: /command: build/ });
});

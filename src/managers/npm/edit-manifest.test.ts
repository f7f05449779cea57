import assert from "node:assert/strict";
import { test } from "node:test";
import { Failure, type Project, type Upgrade } from "../../model/index.ts";
import { editManifests, widenRange } from "./edit-manifest.ts";

const project: Project = {
  path: ".",
  ecosystem: "npm",
  manager: "npm",
  files: ["package-lock.json", "package.json"],
  target: { node: "20.0.0", platform: "linux-x64" },
};

function upgrade(name: string, from: string, to: string, via: Upgrade["via"]): Upgrade {
  return {
    project: ".",
    ecosystem: "npm",
    package: name,
    from,
    to,
    via,
    level: "major",
    direct: true,
    fixes: [],
    introduces: [],
    because: [],
  };
}

const edit = (text: string, upgrades: Upgrade[]): string =>
  editManifests(new Map([["package.json", text]]), project, upgrades).get("package.json") ?? text;

for (const [range, expected] of [
  ["^1.2.3", "^2.0.1"],
  ["~1.2.3", "~2.0.1"],
  ["1.2.3", "2.0.1"],
  [">=1.0.0", ">=2.0.1"],
  ["1.x", "2.x"],
  ["1.2.x", "2.0.x"],
  [">=1 <2", "^2.0.1"],
] as const)
  test(`${range} becomes ${expected}`, () => {
    assert.equal(widenRange(range, "2.0.1"), expected);
  });

const cases: [name: string, text: string, upgrades: Upgrade[], expected: string][] = [
  [
    "a range keeps everything around it",
    '{\n\t"dependencies" : { "a":"^1.0.0",\t"b": "npm:a@~1.1.0" }\n}\n',
    [upgrade("a", "1.1.0", "2.0.0", "manifest")],
    '{\n\t"dependencies" : { "a":"^2.0.0",\t"b": "npm:a@~2.0.0" }\n}\n',
  ],
  [
    "a range that admits the version stays",
    '{"dependencies":{"a":"^2.0.0"}}',
    [upgrade("a", "2.0.0", "2.1.0", "manifest")],
    '{"dependencies":{"a":"^2.0.0"}}',
  ],
  [
    "a lockfile move leaves the manifest alone",
    '{"dependencies":{"a":"^1.0.0"}}',
    [upgrade("a", "1.0.0", "2.0.0", "lockfile")],
    '{"dependencies":{"a":"^1.0.0"}}',
  ],
  [
    "overrides begin after the last field",
    '{\n  "name": "x",\n  "dependencies": {}\n}\n',
    [upgrade("leaf", "1.0.0", "1.0.1", "override")],
    '{\n  "name": "x",\n  "dependencies": {},\n  "overrides": {\n    "leaf@1.0.0": "1.0.1"\n  }\n}\n',
  ],
  [
    "overrides grow and change in place",
    '{\n  "overrides": {\n    "old": "1.0.0",\n    "leaf@1.0.0": "1.0.1"\n  }\n}\n',
    [upgrade("leaf", "1.0.0", "1.0.2", "override"), upgrade("twig", "3.0.0", "3.1.0", "override")],
    '{\n  "overrides": {\n    "old": "1.0.0",\n    "leaf@1.0.0": "1.0.2",\n    "twig@3.0.0": "3.1.0"\n  }\n}\n',
  ],
  [
    "each declared range that the plan names has its own rule",
    '{\n  "overrides": {\n    "old": "1.0.0"\n  }\n}\n',
    [{ ...upgrade("leaf", "1.0.0", "1.2.0", "override"), overrides: ["~1.0.0", "1.1.x"] }],
    '{\n  "overrides": {\n    "old": "1.0.0",\n    "leaf@~1.0.0": "1.2.0",\n    "leaf@1.1.x": "1.2.0"\n  }\n}\n',
  ],
  [
    "a rule for any range has no range in its key",
    "{}",
    [{ ...upgrade("leaf", "1.0.0", "1.2.0", "override"), overrides: ["*"] }],
    '{"overrides": {"leaf": "1.2.0"}}',
  ],
  [
    "a rule for other ranges of a direct dependency names its version",
    '{"dependencies":{"a":"^2.0.0"}}',
    [{ ...upgrade("a", "1.0.0", "1.1.0", "override"), overrides: ["~1.0.0"] }],
    '{"dependencies":{"a":"^2.0.0"}, "overrides": {"a@~1.0.0": "1.1.0"}}',
  ],
  [
    "a rule that holds an older version goes, and the others stay",
    '{\n  "overrides": {\n    "leaf": "1.0.0",\n    "twig": "3.0.0",\n    "root": { "leaf": "1.0.0" }\n  }\n}\n',
    [upgrade("leaf", "1.0.0", "1.2.0", "lockfile")],
    '{\n  "overrides": {\n    "twig": "3.0.0",\n    "root": { "leaf": "1.0.0" }\n  }\n}\n',
  ],
  [
    "a rule that admits the version stays",
    '{"overrides":{"leaf":"^1.0.0"}}',
    [upgrade("leaf", "1.0.0", "1.2.0", "lockfile")],
    '{"overrides":{"leaf":"^1.0.0"}}',
  ],
  [
    "with the last rule the overrides go",
    '{\n  "name": "x",\n  "overrides": {\n    "leaf@1": "1.0.0"\n  }\n}\n',
    [upgrade("leaf", "1.0.0", "1.2.0", "lockfile")],
    '{\n  "name": "x"\n}\n',
  ],
];

for (const [name, text, upgrades, expected] of cases)
  test(name, () => {
    assert.equal(edit(text, upgrades), expected);
  });

test("an override of a direct dependency refers to its range", () => {
  const edited = edit('{"dependencies":{"a":"^1.0.0"}}', [upgrade("a", "1.0.0", "1.1.0", "override")]);
  assert.deepEqual(JSON.parse(edited), { dependencies: { a: "^1.0.0" }, overrides: { "a@1.0.0": "$a" } });
});

for (const [name, text] of [
  ["a repository", '{"dependencies":{"a":"github:team/a"}}'],
  ["a broken manifest", '{"dependencies":{'],
])
  test(`refuses ${name}`, () => {
    assert.throws(
      () => edit(text ?? "", [upgrade("a", "1.0.0", "2.0.0", "manifest")]),
      (error) => error instanceof Failure && error.code === "conflict",
    );
  });

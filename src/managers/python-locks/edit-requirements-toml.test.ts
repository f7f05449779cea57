import assert from "node:assert/strict";
import { test } from "node:test";
import type { Project, Upgrade } from "../../model/index.ts";
import { editTomlRequirements, widenPoetry } from "./edit-requirements-toml.ts";

const upgrade = (name: string, to: string | null): Upgrade => ({
  project: ".",
  ecosystem: "PyPI",
  package: name,
  from: "1.0",
  to,
  via: "manifest",
  level: "minor",
  direct: true,
  fixes: [],
  introduces: [],
  because: [],
});

function edit(file: string, text: string, moves: Record<string, string | null>): string {
  const project: Project = {
    path: ".",
    ecosystem: "PyPI",
    manager: "poetry",
    files: ["poetry.lock", file],
    target: { platform: "linux-x64" },
  };
  const upgrades = Object.entries(moves).map(([name, to]) => upgrade(name, to));
  return editTomlRequirements(new Map([[file, text]]), project, upgrades).get(file) ?? text;
}

const cases: readonly {
  name: string;
  file?: string;
  before: string;
  moves: Record<string, string | null>;
  after: string;
}[] = [
  {
    name: "pins of PEP 621, with comments, extras and markers kept",
    before:
      '[project]\ndependencies = [\n  "Jinja2==3.1.2",  # templates "Jinja2==3.1.2"\n  \'uvicorn[standard] == 0.1 ; python_version > "3.8"\',\n]\n',
    moves: { jinja2: "3.1.4", uvicorn: "0.2" },
    after:
      '[project]\ndependencies = [\n  "Jinja2==3.1.4",  # templates "Jinja2==3.1.2"\n  \'uvicorn[standard] == 0.2 ; python_version > "3.8"\',\n]\n',
  },
  {
    name: "what admits the new version stays, as does what vanishes",
    before: '[project]\ndependencies = ["a>=1", "b", "c~=1.2"]\n',
    moves: { a: "2", b: "3", c: null },
    after: '[project]\ndependencies = ["a>=1", "b", "c~=1.2"]\n',
  },
  {
    name: "extras and groups alike",
    before:
      '[project.optional-dependencies]\nx = ["a==1"]\n\n[dependency-groups]\ndev = ["a==1", {include-group = "x"}]\n\n[tool.uv]\ndev-dependencies = ["a<2"]\n',
    moves: { a: "2.1" },
    after:
      '[project.optional-dependencies]\nx = ["a==2.1"]\n\n[dependency-groups]\ndev = ["a==2.1", {include-group = "x"}]\n\n[tool.uv]\ndev-dependencies = ["a<3"]\n',
  },
  {
    name: "poetry's tables in every form",
    before:
      '[tool.poetry.dependencies]\npython = "^3.9"\na = "1.0"\nb = { version = "^1.0", extras = ["x"] }\nc = [{ version = "1.0", python = "<3.10" }, { version = "^2", python = ">=3.10" }]\n\n[tool.poetry.group.dev.dependencies.d]\nversion = "~1.0"\n',
    moves: { a: "2.0", b: "2.0", c: "2.4", d: "2.0" },
    after:
      '[tool.poetry.dependencies]\npython = "^3.9"\na = "2.0"\nb = { version = "^2.0", extras = ["x"] }\nc = [{ version = "2.4", python = "<3.10" }, { version = "^2", python = ">=3.10" }]\n\n[tool.poetry.group.dev.dependencies.d]\nversion = "~2.0"\n',
  },
  {
    name: "a Pipfile",
    file: "Pipfile",
    before:
      '[packages]\na = "==1.0"\nb = "*"\nc = {version = "==1.0", extras = ["x"]}\n\n[dev-packages]\nd = "==1.0"\n',
    moves: { a: "1.1", b: "9", c: "1.1", d: "1.2" },
    after:
      '[packages]\na = "==1.1"\nb = "*"\nc = {version = "==1.1", extras = ["x"]}\n\n[dev-packages]\nd = "==1.2"\n',
  },
];

for (const { name, file = "pyproject.toml", before, moves, after } of cases)
  test(name, () => {
    assert.equal(edit(file, before, moves), after);
  });

test("a string that is written with escapes is not edited", () => {
  assert.throws(() => edit("pyproject.toml", '[project]\ndependencies = ["a\\u003d=1"]\n', { a: "2" }), {
    code: "conflict",
  });
});

test("poetry's constraints keep their manner", () => {
  const table = [
    ["^1.0", "^2.1"],
    ["~1.0", "~2.1"],
    ["1.0", "2.1"],
    [">=1.0,<2.0", ">=1.0,<2.2"],
    ["^1.0,!=1.1", "^2.1,!=1.1"],
  ] as const;
  for (const [before, after] of table) assert.equal(widenPoetry(before, "2.1"), after);
});

import assert from "node:assert/strict";
import { test } from "node:test";
import type { Component, Dependency, Inventory, Project, Requirement, Upgrade } from "../model/index.ts";
import { findUnmet } from "./check-pins.ts";
import { readReport } from "./pip-check.ts";
import { cumulative, overridesFor, pinsAfter } from "./python-pins.ts";
import { toResolverInput } from "./resolver-input.ts";
import { readCompiled } from "./uv-compile.ts";

const project: Project = {
  path: ".",
  ecosystem: "PyPI",
  manager: "pip",
  files: ["requirements.txt"],
  environment: ".venv",
  target: { python: "3.11.7", platform: "linux-x64" },
};

function component(name: string, version: string, rest: Partial<Component> = {}): Component {
  return {
    project: ".",
    ecosystem: "PyPI",
    name,
    version,
    purl: `pkg:pypi/${name}@${version}`,
    scope: "production",
    direct: false,
    places: [{ path: ".venv", source: "environment" }],
    requirementsKnown: true,
    ...rest,
  };
}

function dependency(from: string | null, name: string, rest: Partial<Dependency> = {}): Dependency {
  const key = from === null ? null : `.|PyPI|${from}`;
  return {
    project: ".",
    from: key,
    name,
    requirement: "",
    kind: "production",
    to: null,
    satisfied: true,
    ...rest,
  };
}

const upgrade = (name: string, from: string | null, to: string | null): Upgrade => ({
  project: ".",
  ecosystem: "PyPI",
  package: name,
  from,
  to,
  via: "manifest",
  level: "minor",
  direct: true,
  fixes: [],
  introduces: [],
  because: [],
});

const inventory = (
  components: readonly Component[],
  dependencies: readonly Dependency[] = [],
): Inventory => ({
  projects: [project],
  components,
  dependencies,
  unread: [],
  notes: [],
});

test("the versions after upgrades: what is installed counts, extras of applying lines only", () => {
  const file = [{ path: "requirements.txt", line: 1, source: "lockfile" as const }];
  const set = pinsAfter(
    inventory(
      [
        component("a", "1.0", { places: file }),
        component("a", "1.1"),
        component("b", "1.0"),
        component("c", "1.0"),
        component("d", "1.0", { immovable: "a git checkout" }),
        component("z", "1.0", { project: "other" }),
      ],
      [
        dependency(null, "a", { extras: ["x"] }),
        dependency(null, "a", { extras: ["y"], satisfied: null }),
        dependency("b@1.0", "c", { extras: ["not-ours"] }),
      ],
    ),
    ".",
    [upgrade("b", "1.0", "2.0"), upgrade("c", "1.0", null), upgrade("new", null, "3.0")],
  );
  assert.deepEqual(
    [...set.pins],
    [
      ["a", "1.1"],
      ["b", "2.0"],
      ["d", "1.0"],
      ["new", "3.0"],
    ],
  );
  assert.deepEqual([...set.extras], [["a", ["x"]]]);
  assert.deepEqual([...set.immovable], [["d", "a git checkout"]]);
});

test("later phases stand on earlier ones", () => {
  const phases = [[upgrade("a", "1", "2")], [], [upgrade("b", "1", "2")]];
  assert.deepEqual(
    [1, 2, 3].map((upTo) => cumulative(phases, upTo).map((one) => one.package)),
    [["a"], ["a"], ["a", "b"]],
  );
});

test("only requirements that are as broken as before are switched off", () => {
  const broken = (requirement: string, found: string | null) => ({
    project: ".",
    from: "x@1",
    requirement,
    found,
  });
  const all = [
    broken("Absent_Pkg[e] >=1", null),
    broken("old<2", "2.1"),
    broken("moved<2", "2.1"),
    broken("came", null),
  ];
  const pins = new Map([
    ["old", "2.1"],
    ["moved", "1.9"],
    ["came", "1.0"],
  ]);
  assert.deepEqual(
    [...overridesFor(all, pins)],
    [
      ["absent-pkg", 'absent-pkg ; python_version < "0"'],
      ["old", "old==2.1"],
    ],
  );
});

test("unmet requirements: of what moved, on what moved, and no others", () => {
  const set = pinsAfter(
    inventory([component("a", "2.0"), component("b", "1.0"), component("c", "1.0"), component("old", "2.0")]),
    ".",
    [],
  );
  const requires = (name: string, range: string, marker?: string): Requirement => ({
    name,
    range,
    kind: "production",
    ...(marker === undefined ? {} : { marker }),
  });
  const check = {
    project,
    inventory: inventory(
      [],
      [
        dependency("b@1.0", "a", { requirement: "<2" }),
        dependency("b@1.0", "old", { requirement: "<2" }),
        dependency("c@1.0", "a", { requirement: "<2", satisfied: null }),
        dependency("gone@1.0", "a", { requirement: "<2" }),
      ],
    ),
    set,
    moved: new Map([
      [
        "a",
        [
          requires("c", ">=2"),
          requires("absent", ""),
          requires("c", ">=3", "python_version < '3'"),
          requires("old", "<1"),
        ],
      ],
    ]),
    others: new Map([["c", [requires("a", "!=2.0"), requires("old", "<1")]]]),
    tolerated: new Set(["old"]),
  };
  assert.deepEqual(
    findUnmet(check).map((one) => `${one.from} → ${one.name}${one.range}: ${one.found ?? "absent"}`),
    ["a@2.0 → c>=2: 1.0", "a@2.0 → absent: absent", "c@1.0 → a!=2.0: 2.0", "b@1.0 → a<2: 2.0"],
  );
  const { environment: _, ...filesOnly } = project;
  assert.ok(!findUnmet({ ...check, project: filesOnly }).some((one) => one.found === null));
});

test("what a resolver may see of a requirements file", () => {
  const text = [
    "# comment -e .",
    "--index-url https://me:secret@registry.example/simple",
    "-r base.txt",
    "-c https://x.example/c.txt",
    "--constraint=c.txt",
    "-e .",
    "./local",
    "a==1.0 \\",
    "    --hash=sha256:00",
    "git+https://host.example/r.git#egg=r \\",
    "    --hash=sha256:00",
    'b[x]>=1 ; python_version < "3.12"  # why',
    "c @ https://host.example/c.whl",
    "d.whl",
    "sub/folder",
    "--no-binary :all:",
    "e",
  ].join("\n");
  const input = toResolverInput(text);
  const lines = input.text.split("\n");
  assert.equal(lines.length, 17);
  assert.deepEqual(
    lines.filter((line) => line !== "#"),
    [
      "# comment -e .",
      "-r base.txt",
      "--constraint=c.txt",
      "a==1.0 \\",
      "    --hash=sha256:00",
      'b[x]>=1 ; python_version < "3.12"  # why',
      "e",
    ],
  );
  assert.equal(input.leftOut.length, 9);
  assert.ok(input.leftOut.includes("--index-url https://registry.example/simple"));
});

test("uv's and pip's answers", () => {
  const { versions, via } = readCompiled(
    "# header\nclick==8.1.7               # via flask, -r in.txt\nflask[async]==3.0.0        # via -r in.txt\nx @ https://x.example/x.whl\nalone==1.0\n",
  );
  assert.deepEqual(
    [...versions],
    [
      ["click", "8.1.7"],
      ["flask", "3.0.0"],
      ["alone", "1.0"],
    ],
  );
  assert.deepEqual(via.get("click"), ["flask"]);
  const report = readReport(
    'WARNING: x\n{"version": "1", "install": [{"metadata": {"name": "A_b", "version": "1", "requires_dist": ["C>=1; extra == \'x\'", "!"]}}, {}]}',
  );
  assert.deepEqual(
    [...report],
    [["a-b", [{ name: "c", range: ">=1", kind: "production", marker: report.get("a-b")?.[0]?.marker }]]],
  );
});

import assert from "node:assert/strict";
import * as fs from "node:fs/promises";
import * as os from "node:os";
import path from "node:path";
import { test, type TestContext } from "node:test";
import type { Broken, Component, Project, Upgrade } from "../../src/model/index.ts";
import { settlePython, type SettleRequest } from "../../src/settle/index.ts";
import { findPrograms, type Programs } from "../../src/system/index.ts";
import { configuration } from "../support/findings.ts";

const found = await findPrograms();
const { uv: _, ...withoutUv } = found;
const noPython = found.python === undefined ? "there is no python3 on this machine" : false;
const noUv = found.uv === undefined ? "uv is not on this machine" : noPython;

const requirements = "# web\nrequests==2.25.0\nflask>=2,<3  # open\n-r more.txt\n";
const more = "urllib3==1.26.4\ndocopt==0.6.2\n";

/** A project of two requirements files in an own folder; `environment` makes its pins a fixed set. */
async function makeRequest(
  t: TestContext,
  options: {
    readonly programs: Programs;
    readonly moves: readonly (readonly (readonly [name: string, from: string, to: string])[])[];
    readonly pins?: readonly (readonly [string, string])[];
    readonly environment?: string;
    readonly broken?: readonly Broken[];
  },
): Promise<SettleRequest> {
  const root = await fs.mkdtemp(path.join(os.tmpdir(), "redress-settle-"));
  t.after(async () => {
    await fs.rm(root, { recursive: true, force: true });
  });
  await fs.writeFile(path.join(root, "requirements.txt"), requirements);
  await fs.writeFile(path.join(root, "more.txt"), more);
  const { environment } = options;
  const project: Project = {
    path: ".",
    ecosystem: "PyPI",
    manager: "pip",
    files: ["requirements.txt", "more.txt"],
    ...(environment === undefined ? {} : { environment }),
    target: { python: "3.11.7", platform: "linux-x64" },
  };
  const pins = options.pins ?? [
    ["requests", "2.25.0"],
    ["urllib3", "1.26.4"],
    ["docopt", "0.6.2"],
  ];
  const components = pins.map(([name, version]): Component => ({
    project: ".",
    ecosystem: "PyPI",
    name,
    version,
    purl: `pkg:pypi/${name}@${version}`,
    scope: "production",
    direct: true,
    places: [
      environment === undefined
        ? { path: "requirements.txt", line: 1, source: "lockfile" }
        : { path: environment, source: "environment" },
    ],
    requirementsKnown: false,
  }));
  const phases = options.moves.map((moves) =>
    moves.map(([name, from, to]): Upgrade => ({
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
    })),
  );
  return {
    root,
    project,
    inventory: { projects: [project], components, dependencies: [], unread: [], notes: [] },
    phases,
    broken: options.broken ?? [],
    policy: configuration().policy,
    programs: options.programs,
  };
}

test(
  "uv resolves edited files phase by phase, reads back open versions and builds nothing",
  { skip: noUv },
  async (t) => {
    const request = await makeRequest(t, {
      programs: found,
      moves: [[["urllib3", "1.26.4", "1.26.20"]], [], [["requests", "2.25.0", "2.32.4"]]],
    });
    const settled = await settlePython(request);
    assert.ok(settled.state === "accepted", JSON.stringify(settled));
    assert.match(settled.by, /^uv \d/);
    assert.match(settled.detail, /nothing was built; taken by their known requirements: docopt/);
    assert.deepEqual(
      settled.phases.map((phase) => Object.fromEntries(phase.files)),
      [
        { "more.txt": more.replace("1.26.4", "1.26.20") },
        { "more.txt": more.replace("1.26.4", "1.26.20") },
        {
          "requirements.txt": requirements.replace("2.25.0", "2.32.4"),
          "more.txt": more.replace("1.26.4", "1.26.20"),
        },
      ],
    );
    const observed = new Map(settled.phases[2]?.observed.map((one) => [one.package, one.version]));
    assert.equal(observed.get("requests"), "2.32.4");
    assert.match(observed.get("flask") ?? "", /^2\./);
    assert.equal(
      await fs.readFile(path.join(request.root, "more.txt"), "utf8"),
      more,
      "the project is untouched",
    );
  },
);

for (const [tool, programs, skip] of [
  ["uv", found, noUv],
  ["pip", withoutUv, noPython],
] as const) {
  test(`${tool} refuses what does not go together, and says what`, { skip }, async (t) => {
    const request = await makeRequest(t, { programs, moves: [[["urllib3", "1.26.4", "2.5.0"]]] });
    const settled = await settlePython(request);
    assert.ok(settled.state === "refused", JSON.stringify(settled));
    assert.equal(settled.phase, 1);
    const [refusal] = settled.refusals;
    assert.equal(refusal?.requirement?.from, "requests@2.25.0");
    assert.equal(refusal.requirement.name, "urllib3");
    assert.match(refusal.requirement.range, /<1\.27/);
  });

  test(`${tool} refuses a version that does not exist`, { skip }, async (t) => {
    const request = await makeRequest(t, { programs, moves: [[["urllib3", "1.26.4", "1.26.9999"]]] });
    const settled = await settlePython(request);
    assert.ok(settled.state === "refused", JSON.stringify(settled));
    assert.deepEqual(
      settled.refusals.map((one) => [one.package, one.version]),
      [["urllib3", "1.26.9999"]],
    );
  });
}

test("pip says how little it can confirm", { skip: noPython }, async (t) => {
  const request = await makeRequest(t, { programs: withoutUv, moves: [[["urllib3", "1.26.4", "1.26.20"]]] });
  const settled = await settlePython(request);
  assert.ok(settled.state === "accepted", JSON.stringify(settled));
  assert.match(settled.by, /^pip \d/);
  assert.match(settled.detail, /no resolver has seen them together/);
});

test(
  "a broken environment is a fixed set: what was unmet may stay, nothing else",
  { skip: noUv },
  async (t) => {
    const pins = [
      ["pyasn1-modules", "0.2.8"],
      ["pyasn1", "0.6.1"],
      ["flask", "2.3.3"],
      ["urllib3", "1.26.4"],
      ["requests", "2.25.0"],
      ["idna", "2.10"],
      ["chardet", "3.0.4"],
    ] as const;
    const absent = ["certifi", "werkzeug", "jinja2", "itsdangerous", "click", "blinker"];
    const common = {
      programs: found,
      pins,
      environment: ".venv",
      broken: [
        { project: ".", from: "pyasn1-modules@0.2.8", requirement: "pyasn1<0.5.0,>=0.4.6", found: "0.6.1" },
        ...absent.map((requirement) => ({ project: ".", from: "flask@2.3.3", requirement, found: null })),
      ],
    };
    const kept = await settlePython(
      await makeRequest(t, { ...common, moves: [[["urllib3", "1.26.4", "1.26.20"]]] }),
    );
    assert.ok(kept.state === "accepted", JSON.stringify(kept));
    assert.deepEqual(
      [...(kept.phases[0]?.observed ?? [])].map((one) => `${one.package}==${one.version}`).sort(),
      pins.map(([name, version]) => `${name}==${name === "urllib3" ? "1.26.20" : version}`).sort(),
    );
    assert.match(kept.detail, /unmet before the plan were switched off, by required package: .*pyasn1/);

    const worse = await settlePython(
      await makeRequest(t, { ...common, moves: [[["requests", "2.25.0", "2.32.4"]]] }),
    );
    assert.ok(worse.state === "refused", JSON.stringify(worse));
    assert.equal(worse.refusals[0]?.requirement?.name, "charset-normalizer");
    assert.equal(worse.refusals[0].requirement.from, "requests@2.32.4");
  },
);

/** A small vulnerable project of each package manager that writes its own lockfile: planned, written, accepted. */
import assert from "node:assert/strict";
import { copyFileSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import path from "node:path";
import { test } from "node:test";
import type { Plan, Run } from "../../src/model/index.ts";
import { readPythonIndexes } from "../../src/releases/index.ts";
import { toolFolder } from "../support/manager-tools.ts";
import { must, redress, scratch } from "../support/redress.ts";

/** Facts of public advisories: which versions, how severe. */
const advisories = [
  ["PyPI", "jinja2", "3.1.4", "GHSA-h75v-3vvj-5mfj", "CVSS:3.1/AV:N/AC:L/PR:N/UI:R/S:C/C:L/I:L/A:N"],
  ["PyPI", "urllib3", "1.26.17", "GHSA-v845-jxx5-vc9f", "CVSS:3.1/AV:N/AC:L/PR:N/UI:R/S:C/C:L/I:L/A:N"],
  ["npm", "lodash", "4.17.21", "GHSA-35jh-r3h4-6jhm", "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H"],
  ["npm", "minimist", "1.2.6", "GHSA-xvch-5gv4-984h", "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H"],
  ["npm", "ini", "1.3.6", "GHSA-qqgx-2p2h-9c37", "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H"],
].map(([ecosystem, name, fixed, id, score]) => ({
  id,
  modified: "2024-06-01T00:00:00Z",
  published: "2024-06-01T00:00:00Z",
  severity: [{ type: "CVSS_V3", score }],
  affected: [
    {
      package: { ecosystem, name },
      ranges: [
        { type: ecosystem === "npm" ? "SEMVER" : "ECOSYSTEM", events: [{ introduced: "0" }, { fixed }] },
      ],
    },
  ],
}));

const manifest = (ranges: { lodash: string; ini: string }, more: object = {}): string =>
  JSON.stringify({
    name: "shop",
    version: "1.0.0",
    private: true,
    dependencies: { mkdirp: "0.5.5", lodash: ranges.lodash },
    devDependencies: { ini: ranges.ini },
    ...more,
  });
const exact = { lodash: "4.17.20", ini: "1.3.5" };
const open = { lodash: "^4.17.20", ini: "~1.3.5" };
const held = { resolutions: { minimist: "1.2.5" } };

const pyproject = (jinja2: string, urllib3: string): string =>
  `[project]\nname = "shop"\nversion = "1.0.0"\nrequires-python = ">=3.10"\ndependencies = [\n  "jinja2==${jinja2}",  # the templates\n  "requests==2.28.2",\n${urllib3}]\n`;
const poetryProject = (index: string): string =>
  `[tool.poetry]\nname = "shop"\nversion = "1.0.0"\npackage-mode = false\n\n[tool.poetry.dependencies]\npython = "^3.10"\njinja2 = "3.1.2"  # the templates\nrequests = "2.28.2"\nurllib3 = "1.26.14"\n\n[[tool.poetry.source]]\nname = "index"\nurl = "${index}"\npriority = "primary"\n`;
const pipfile = (index: string): string =>
  `[[source]]\nurl = "${index}"\nverify_ssl = true\nname = "index"\n\n[packages]\njinja2 = "==3.1.2"  # the templates\nrequests = "==2.28.2"\nurllib3 = "==1.26.14"\n`;

interface Case {
  readonly tool: Parameters<typeof toolFolder>[0];
  readonly manifest: string;
  readonly lockfile: string;
  /** Text of the manifest when it is locked, and afterwards where that differs. */
  texts(index: string): readonly [string, string?];
  /** Locks the project; the last call is the tool's own check that files agree. */
  readonly lock: readonly string[];
  readonly check: readonly string[];
  /** Makes a lockfile of exact requirements one of open ones. */
  readonly opened?: (text: string) => string;
  /** Installs for a run that swaps the environment. */
  readonly install?: readonly string[];
  readonly wanted: readonly RegExp[];
}

const quiet = ["--ignore-scripts", "--non-interactive", "--silent"];
const pythonVersions = [/3\.1\.4/, /1\.26\.17/];

const cases: readonly Case[] = [
  {
    tool: "uv",
    manifest: "pyproject.toml",
    lockfile: "uv.lock",
    texts: () => [pyproject("3.1.2", '  "urllib3==1.26.14",\n'), pyproject("3.1.2", "")],
    lock: ["uv", "lock", "--quiet"],
    check: ["uv", "lock", "--check", "--quiet"],
    install: ["uv", "sync", "--quiet"],
    wanted: pythonVersions,
  },
  {
    tool: "pnpm",
    manifest: "package.json",
    lockfile: "pnpm-lock.yaml",
    texts: () => [
      JSON.stringify({
        name: "shop",
        dependencies: { mkdirp: "0.5.5", minimist: "1.2.5", lodash: "4.17.20" },
        devDependencies: { ini: "1.3.5" },
      }),
      manifest(open),
    ],
    lock: ["pnpm", "install", "--lockfile-only", "--no-frozen-lockfile"],
    check: ["pnpm", "install", "--frozen-lockfile", "--lockfile-only"],
    install: ["pnpm", "install", "--frozen-lockfile", "--ignore-scripts"],
    wanted: [/lodash@4\.17\.21/, /minimist@1\.2\.6/, /ini@1\.3\.6/],
  },
  {
    tool: "yarn",
    manifest: "package.json",
    lockfile: "yarn.lock",
    texts: () => [manifest(exact, held), manifest(open)],
    lock: ["yarn", "install", ...quiet],
    check: ["yarn", "install", "--frozen-lockfile", ...quiet],
    opened: (text) =>
      text
        .replace(/^lodash@4\.17\.20:$/m, "lodash@^4.17.20:")
        .replace(/^ini@1\.3\.5:$/m, "ini@~1.3.5:")
        .replace(/^minimist@.*:$/m, "minimist@^1.2.5:"),
    wanted: [/lodash-4\.17\.21\.tgz/, /minimist-1\.2\.6\.tgz/, /ini-1\.3\.6\.tgz/],
  },
  {
    tool: "berry",
    manifest: "package.json",
    lockfile: "yarn.lock",
    texts: () => [manifest(exact, held), manifest(open)],
    lock: ["yarn", "install", "--mode=update-lockfile"],
    check: ["yarn", "install", "--immutable", "--mode=skip-build"],
    opened: (text) =>
      text
        .replace(/npm:4\.17\.20":$/m, 'npm:^4.17.20":')
        .replace(/^"ini@npm:1\.3\.5":$/m, '"ini@npm:~1.3.5":')
        .replace(/^"minimist@npm:.*":$/m, '"minimist@npm:^1.2.5":')
        .replace('lodash: "npm:4.17.20"', 'lodash: "npm:^4.17.20"')
        .replace('ini: "npm:1.3.5"', 'ini: "npm:~1.3.5"'),
    wanted: [/"lodash@npm:4\.17\.21"/, /"minimist@npm:1\.2\.6"/, /"ini@npm:1\.3\.6"/],
  },
  {
    tool: "poetry",
    manifest: "pyproject.toml",
    lockfile: "poetry.lock",
    texts: (index) => [poetryProject(index)],
    lock: ["poetry", "lock", "--no-interaction", "--quiet"],
    check: ["poetry", "check", "--lock", "--quiet"],
    wanted: pythonVersions,
  },
  {
    tool: "pipenv",
    manifest: "Pipfile",
    lockfile: "Pipfile.lock",
    texts: (index) => [pipfile(index)],
    lock: ["pipenv", "lock"],
    check: ["pipenv", "verify"],
    wanted: pythonVersions,
  },
];

for (const one of cases) {
  test(`${one.tool}: planned, written by itself, accepted`, { timeout: 300_000 }, async (t) => {
    const found = await toolFolder(one.tool);
    if ("missing" in found) {
      t.skip(found.missing);
      return;
    }
    const root = scratch(t);
    const env = {
      PATH: `${found.path}${path.delimiter}${process.env["PATH"] ?? ""}`,
      CI: "",
      YARN_ENABLE_TELEMETRY: "0",
      YARN_ENABLE_IMMUTABLE_INSTALLS: "0",
      POETRY_VIRTUALENVS_CREATE: "false",
      PIPENV_IGNORE_VIRTUALENVS: "1",
      WORKON_HOME: path.join(scratch(t), "environments"),
    };
    const [first] = (await readPythonIndexes({ root })).indexes;
    const [locked, opened = locked] = one.texts(first?.url.replace(/\/$/, "") ?? "");
    const at = (name: string): string => path.join(root, name);
    const read = (name: string): string => readFileSync(at(name), "utf8");
    writeFileSync(at(one.manifest), locked);
    if (one.tool === "berry") writeFileSync(at("yarn.lock"), "");
    must(one.lock, root, env);
    if (one.opened !== undefined) writeFileSync(at(one.lockfile), one.opened(read(one.lockfile)));
    writeFileSync(at(one.manifest), opened);
    if (opened !== locked && one.opened === undefined) must(one.lock, root, env);
    must(one.check, root, env);
    for (const left of ["node_modules", ".yarn", ".pnp.cjs"])
      rmSync(at(left), { recursive: true, force: true });
    if (one.install !== undefined) must(one.install, root, env);
    const source = path.join(scratch(t), "advisories.jsonl");
    writeFileSync(source, advisories.map((record) => JSON.stringify(record)).join("\n"));
    const before = { manifest: read(one.manifest), lockfile: read(one.lockfile) };

    const options = { cwd: root, env, timeoutMs: 200_000 };
    const planned = await redress(["plan", "--json", "--advisories", source], options);
    assert.equal(planned.code, 1, planned.stderr);
    const plan = JSON.parse(planned.stdout) as Plan;
    assert.equal(plan.after.findings, 0, JSON.stringify(plan.unfixed));
    assert.equal(read(one.lockfile), before.lockfile, "planning writes nothing");

    const files = one.install === undefined ? ["--files-only"] : [];
    const applied = await redress(["apply", "--json", "--yes", ...files, "--advisories", source], options);
    assert.equal((JSON.parse(applied.stdout) as Run).state, "done", applied.stdout + applied.stderr);
    const text = read(one.lockfile);
    for (const version of one.wanted) assert.match(text, version);
    assert.doesNotMatch(text, /127\.0\.0\.1/);
    assert.equal(hostsOf(text), hostsOf(before.lockfile), "addresses are those that were there");
    if (before.manifest.includes("# the templates"))
      assert.match(read(one.manifest), /3\.1\.4"?,?  # the templates/);
    else assert.equal(read(one.manifest), before.manifest);
    // Beside the project: some tools install when they check.
    const beside = scratch(t);
    for (const name of [one.manifest, one.lockfile]) copyFileSync(at(name), path.join(beside, name));
    must(one.check, beside, env);

    const back = await redress(["rollback", "--json"], options);
    assert.equal(back.code, 0, back.stderr);
    assert.equal(read(one.lockfile), before.lockfile);
    assert.equal(read(one.manifest), before.manifest);
  });
}

/** The hosts that a lockfile names, in order. */
function hostsOf(text: string): string {
  const hosts = [...text.matchAll(/https?:\/\/[^/"\s]+/g)].map(([host]) => host);
  return [...new Set(hosts)].sort().join(" ");
}

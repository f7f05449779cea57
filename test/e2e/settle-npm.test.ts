/** The user's own npm settles moves of a real project of the corpus, in range, in the manifest and by an override. */
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import { test, type TestContext } from "node:test";
import { takeInventory } from "../../src/inventory/index.ts";
import type { Inventory, Settled, SettledPhase, Upgrade } from "../../src/model/index.ts";
import { settleNpm } from "../../src/settle/index.ts";
import { findPrograms } from "../../src/system/index.ts";
import { configuration } from "../support/findings.ts";
import { scratch, shared, withoutShared } from "../support/redress.ts";

const corpus = path.join(shared, "data", "corpus");
const { policy } = configuration();

/** A working copy whose addresses are those of the user's own registry. */
function copyOf(t: TestContext, name: string): string {
  const root = scratch(t);
  const registry = execFileSync("npm", ["config", "get", "registry"], {
    cwd: root,
    encoding: "utf8",
    stdio: ["ignore", "pipe", "ignore"],
  }).trim();
  for (const file of ["package.json", "package-lock.json", ".npmrc"]) {
    const from = path.join(corpus, name, file);
    if (!existsSync(from)) continue;
    const text = readFileSync(from, "utf8").replaceAll("https://registry.example/", registry);
    writeFileSync(path.join(root, file), text);
  }
  return root;
}

type Move = readonly [name: string, from: string | null, to: string | null, via?: Upgrade["via"]];

async function settle(
  root: string,
  phases: readonly (readonly Move[])[],
): Promise<{ settled: Settled; inventory: Inventory; seconds: number }> {
  const inventory = await takeInventory({ root });
  const [project] = inventory.projects;
  assert.ok(project !== undefined);
  const started = performance.now();
  const settled = await settleNpm({
    root,
    project,
    inventory,
    phases: phases.map((moves) =>
      moves.map(([name, from, to, via = "lockfile"]) => ({
        project: project.path,
        ecosystem: "npm",
        package: name,
        from,
        to,
        via,
        level: "other",
        direct: false,
        fixes: [],
        introduces: [],
        because: [],
      })),
    ),
    broken: [],
    policy,
    programs: await findPrograms(),
  });
  return { settled, inventory, seconds: (performance.now() - started) / 1000 };
}

function phasesOf(settled: Settled): readonly SettledPhase[] {
  if (settled.state !== "accepted") assert.fail(`${settled.detail} ${JSON.stringify(settled.refusals)}`);
  return settled.phases;
}

const versionsOf = (phase: SettledPhase | undefined, name: string): readonly string[] =>
  (phase?.observed ?? []).filter((one) => one.package === name).map((one) => one.version);

type Lock = Readonly<Record<string, unknown>> & { readonly lockfileVersion: number };
const lockOf = (phase: SettledPhase | undefined): string => phase?.files.get("package-lock.json") ?? "";

/** `name@version` of every place, for lockfiles 2 and 3. */
function places(text: string): ReadonlyMap<string, string> {
  const { packages = {} } = JSON.parse(text) as { packages?: Record<string, { version?: string }> };
  return new Map(Object.entries(packages).map(([place, entry]) => [place, entry.version ?? ""]));
}

test(
  "lockfile 3: two phases, in range and in the manifest; only what is planned moves",
  { skip: withoutShared, timeout: 300_000 },
  async (t) => {
    const root = copyOf(t, "node-express-realworld");
    const before = readFileSync(path.join(root, "package-lock.json"), "utf8");
    const manifest = readFileSync(path.join(root, "package.json"), "utf8");
    const { settled, seconds } = await settle(root, [
      [
        ["axios", "1.6.2", "1.7.4"],
        ["follow-redirects", "1.15.3", "1.15.6"],
        ["braces", "3.0.2", "3.0.3"],
        ["fill-range", "7.0.1", "7.1.1"],
        ["cross-spawn", "7.0.3", "7.0.6"],
      ],
      [
        ["express", "4.18.2", "4.19.2", "manifest"],
        ["body-parser", "1.20.1", "1.20.2"],
        ["cookie", "0.5.0", "0.6.0"],
        ["raw-body", "2.5.1", null],
      ],
    ]);
    const [first, second] = phasesOf(settled);
    t.diagnostic(`${settled.by}: ${(seconds / 2).toFixed(1)} s a phase`);
    assert.deepEqual([...(first?.files.keys() ?? [])], ["package-lock.json"]);
    assert.deepEqual([...(second?.files.keys() ?? [])].sort(), ["package-lock.json", "package.json"]);
    assert.equal(
      second?.files.get("package.json"),
      manifest.replace('"express": "~4.18.1"', '"express": "~4.19.2"'),
    );
    assert.deepEqual(
      ["axios", "braces", "cross-spawn", "fill-range", "follow-redirects", "express"].map((name) =>
        versionsOf(first, name),
      ),
      [["1.7.4"], ["3.0.3"], ["7.0.6"], ["7.1.1"], ["1.15.6"], ["4.18.2"]],
    );
    assert.deepEqual(versionsOf(second, "express"), ["4.19.2"]);
    assert.deepEqual(versionsOf(second, "raw-body"), ["2.5.2"]);
    const old = places(before);
    const moved = [...places(lockOf(second))].filter(([place, version]) => old.get(place) !== version);
    assert.deepEqual(
      moved.map(([place, version]) => `${place.replace("node_modules/", "")} ${version}`).sort(),
      [
        "axios 1.7.4",
        "braces 3.0.3",
        "cookie 0.6.0",
        "cross-spawn 7.0.6",
        "express 4.19.2",
        "fill-range 7.1.1",
        "follow-redirects 1.15.6",
      ],
    );
    const host = new URL(/"resolved": "([^"]*\/axios-[^"]*)"/.exec(before)?.[1] ?? "").host;
    for (const [, address = ""] of lockOf(second).matchAll(/"resolved": "([^"]*)"/g))
      assert.equal(new URL(address).host, host);
    assert.equal(
      readFileSync(path.join(root, "package-lock.json"), "utf8"),
      before,
      "the project is untouched",
    );
  },
);

test(
  "lockfile 3 without addresses, indented by tabs, without a last newline, stays so",
  { skip: withoutShared, timeout: 300_000 },
  async (t) => {
    const root = copyOf(t, "node-express-realworld");
    const file = path.join(root, "package-lock.json");
    const lock = JSON.parse(readFileSync(file, "utf8")) as {
      packages: Record<string, { resolved?: string }>;
    };
    for (const entry of Object.values(lock.packages)) delete entry.resolved;
    writeFileSync(file, JSON.stringify(lock, null, "\t"));
    const { settled } = await settle(root, [[["@babel/traverse", "7.23.6", "7.23.7"]]]);
    const text = lockOf(phasesOf(settled)[0]);
    assert.doesNotMatch(text, /"resolved"/);
    assert.match(text, /^\{\n\t"name"/);
    assert.ok(!text.endsWith("\n"));
    assert.equal(places(text).get("node_modules/@babel/traverse"), "7.23.7");
  },
);

test(
  "an override reaches every copy below its parents",
  { skip: withoutShared, timeout: 300_000 },
  async (t) => {
    const root = copyOf(t, "node-express-realworld");
    const inventory = await takeInventory({ root });
    const old = inventory.components.filter((one) => one.name === "minimatch").map((one) => one.version);
    assert.ok(old.includes("3.0.5"), old.join());
    const { settled } = await settle(root, [[["minimatch", "3.0.5", "3.1.2", "override"]]]);
    const [phase] = phasesOf(settled);
    assert.match(phase?.files.get("package.json") ?? "", /"overrides"/);
    assert.ok(!versionsOf(phase, "minimatch").includes("3.0.5"), versionsOf(phase, "minimatch").join());
  },
);

test("lockfile 1 stays 1", { skip: withoutShared, timeout: 300_000 }, async (t) => {
  const root = copyOf(t, "nodejs-goof");
  const { settled, seconds } = await settle(root, [[["minimist", "1.2.5", "1.2.6"]]]);
  const text = lockOf(phasesOf(settled)[0]);
  t.diagnostic(`${seconds.toFixed(1)} s`);
  const lock = JSON.parse(text) as Lock;
  assert.equal(lock.lockfileVersion, 1);
  assert.ok(!versionsOf(phasesOf(settled)[0], "minimist").includes("1.2.5"));
});

test(
  "what npm cannot do is a refusal, not an error",
  { skip: withoutShared, timeout: 300_000 },
  async (t) => {
    const root = copyOf(t, "node-express-realworld");
    const { settled } = await settle(root, [[["jest", "29.7.0", "28.1.3", "manifest"]]]);
    const refusals = settled.state === "refused" ? settled.refusals : [];
    assert.ok(refusals.length > 0, settled.detail);
    assert.ok(
      refusals.every((one) => one.requirement?.name === "jest"),
      JSON.stringify(refusals),
    );
  },
);

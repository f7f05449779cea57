/** A run's record from end to end: sealed, checked, handed out, explained, and sealed again when the run goes on. */
import assert from "node:assert/strict";
import { spawn, spawnSync } from "node:child_process";
import { generateKeyPairSync } from "node:crypto";
import * as fs from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { after, before, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { registryEndpoints } from "../../src/releases/index.ts";
import { redress, repository, type Ran } from "../support/redress.ts";

const folder = fs.realpathSync(fs.mkdtempSync(path.join(tmpdir(), "redress-evidence-")));
const app = path.join(folder, "app");
// A home of its own for keys; the clients of package indexes find their configuration where it is.
const configuration = path.join(folder, "config");
const environment = { XDG_CONFIG_HOME: configuration, REDRESS_PRIVATE_KEY: "", REDRESS_BY: "J. Doe" };
const fix = ["fix", "--files-only", "--yes", "--as-of", "2025-09-02"];
let run = "";

const call = (args: readonly string[], env: Record<string, string> = {}, cwd = app): Promise<Ran> =>
  redress(args, { cwd, env: { ...environment, ...env } });

async function json<T>(args: readonly string[], exit = 0, env: Record<string, string> = {}): Promise<T> {
  const ran = await call([...args, "--json"], env);
  assert.equal(ran.code, exit, `${args.join(" ")}: ${ran.stdout}${ran.stderr}`);
  return JSON.parse(ran.stdout) as T;
}

/** Every file below a folder with its bytes. */
function filesBelow(root: string): Map<string, Buffer> {
  const names = fs.readdirSync(root, { recursive: true, withFileTypes: true });
  return new Map(
    names
      .filter((entry) => entry.isFile())
      .map((entry) => {
        const file = path.join(entry.parentPath, entry.name);
        return [path.relative(root, file), fs.readFileSync(file)] as const;
      }),
  );
}

const evidence = (): string => path.join(app, ".redress", "runs", run, "evidence");

before(async () => {
  fs.mkdirSync(configuration);
  const users = process.env["XDG_CONFIG_HOME"] ?? path.join(process.env["HOME"] ?? folder, ".config");
  for (const name of fs.existsSync(users) ? fs.readdirSync(users) : [])
    if (name !== "redress") fs.symlinkSync(path.join(users, name), path.join(configuration, name));
  fs.cpSync(path.join(repository, "examples", "mingus"), app, { recursive: true });
  const ran = await call(fix);
  assert.ok(ran.code === 0 || ran.code === 1, ran.stdout + ran.stderr);
  assert.match(ran.stderr, /Made a key to sign records with: .*signing-key\.pem/);
  const printed = /(run-[\d-]+) checkpoint sha256:([0-9a-f]{64}) head ([0-9a-f]{64})/.exec(ran.stdout);
  run = printed?.[1] ?? "";
  assert.notEqual(run, "", ran.stdout);
});
after(() => {
  fs.rmSync(folder, { recursive: true, force: true });
});

test("a run that has ended verifies; the record says who ran it", async () => {
  const found = await json<{ intact: boolean; checkpoint: { by: string; state: string } }>(["verify", run]);
  assert.deepEqual([found.intact, found.checkpoint.by, found.checkpoint.state], [true, "J. Doe", "done"]);
});

test("its files hold neither folders of this machine nor hosts of package indexes", async () => {
  const hidden = [folder, process.env["HOME"] ?? "", tmpdir()].filter((one) => one.length > 2);
  for (const ecosystem of ["npm", "pypi"] as const) {
    const endpoints = await registryEndpoints(app, [ecosystem]).catch(() => undefined);
    const url = endpoints?.npm?.url ?? endpoints?.pypi?.url;
    if (url !== undefined) hidden.push(new URL(url).host);
  }
  const documents = path.join(app, ".redress", "reports");
  for (const root of [evidence(), documents])
    for (const [name, bytes] of filesBelow(root))
      for (const one of hidden) assert.ok(!bytes.includes(one), `${name} says ${one}`);
  const names = [...filesBelow(evidence()).keys()];
  for (const kind of [
    /^outputs\/.*uv\.txt$/,
    /^diffs\/001-requirements\.txt\.diff$/,
    /^inventory-after\.json$/,
  ])
    assert.ok(
      names.some((name) => kind.test(name)),
      names.join(" "),
    );
});

test("reports of it render the same bytes again", async () => {
  const reports = path.join(app, ".redress", "reports");
  const first = filesBelow(reports);
  fs.rmSync(reports, { recursive: true });
  await json(["report", run, "--format", "md,html,json"]);
  assert.deepEqual(filesBelow(reports), first);
});

test("an auditor's sample is answered from it", async () => {
  interface Sample {
    readonly record: { readonly intact: boolean };
    readonly findings: readonly {
      readonly change: {
        readonly upgrade: { readonly to: string };
        readonly files: readonly { path: string }[];
      };
      readonly gates: readonly unknown[];
      readonly verified: { readonly snapshot: string };
      readonly detected: { readonly snapshot: string };
      readonly decision: { readonly ranBy: string };
    }[];
    readonly controls: readonly unknown[];
  }
  const { record, findings, controls } = await json<Sample>(["explain", "CVE-2024-1135", "--run", run]);
  const [one] = findings;
  assert.ok(record.intact && one !== undefined && controls.length >= 5);
  assert.match(one.change.upgrade.to, /^\d/);
  assert.deepEqual(
    one.change.files.map((file) => file.path),
    ["requirements.txt"],
  );
  assert.equal(one.verified.snapshot, one.detected.snapshot);
  assert.ok(one.gates.length > 0 && one.decision.ranBy === "J. Doe");
  const text = await call(["explain", "gunicorn", "--run", run]);
  assert.match(
    text.stdout,
    /First detected[\s\S]*Deadline[\s\S]*R5[\s\S]*Change[\s\S]*Verified[\s\S]*ISO\/IEC 27001/,
  );
  assert.equal((await call(["explain", "left-pad", "--run", run])).code, 2);
});

test("an archive of it is the same again and is checked without Redress", async (t) => {
  if (spawnSync("openssl", ["version"]).status !== 0 || spawnSync("sha256sum", ["--version"]).status !== 0) {
    t.skip("openssl and sha256sum are not on this machine");
    return;
  }
  const file = path.join(folder, "audit.tar.gz");
  const told = await json<{ sha256: string }>(["bundle", run, "--format", "md,json", "--out", file]);
  assert.equal(
    (await json<{ sha256: string }>(["bundle", run, "--format", "md,json", "--out", file])).sha256,
    told.sha256,
  );
  assert.equal(spawnSync("tar", ["xzf", file], { cwd: folder }).status, 0);
  const unpacked = path.join(folder, run);
  const readme = fs.readFileSync(path.join(unpacked, "README.md"), "utf8");
  const commands = [...readme.matchAll(/```sh\n([\s\S]*?)```/g)].map(([, block]) => block ?? "").join("\n");
  const check = spawnSync("sh", ["-e", "-c", commands], { cwd: unpacked, encoding: "utf8" });
  assert.equal(check.status, 0, check.stdout + check.stderr);
  // On another machine, which knows no key.
  const stranger = { XDG_CONFIG_HOME: path.join(folder, "elsewhere") };
  assert.equal((await call(["verify", unpacked], stranger, folder)).code, 1);
  const key = path.join(unpacked, "public-key.pem");
  assert.equal((await call(["verify", unpacked, "--key", key], stranger, folder)).code, 0);
  fs.appendFileSync(path.join(unpacked, "evidence", "plan.json"), " ");
  const found = await call(["verify", unpacked, "--key", key], stranger, folder);
  assert.equal(found.code, 1);
  assert.match(found.stdout, /plan\.json: is not what was sealed/);
});

test("after a rollback it is sealed again, on top of what was sealed; not so where it was changed", async () => {
  const back = await json<{ evidence: { state: string; checkpoint: { earlier: string[] } }[] }>(["rollback"]);
  assert.deepEqual(
    back.evidence.map((one) => one.state),
    ["sealed"],
  );
  assert.deepEqual(back.evidence[0]?.checkpoint.earlier, ["earlier/1.dsse.json"]);
  const found = await json<{ checkpoint: { state: string } }>(["verify", run]);
  assert.equal(found.checkpoint.state, "rolled-back");
  const journal = path.join(app, ".redress", "runs", run, "journal.jsonl");
  const text = fs.readFileSync(journal, "utf8");
  fs.writeFileSync(journal, text.split("\n").slice(0, -2).join("\n") + "\n");
  assert.match((await call(["verify", run])).stdout, /journal\.jsonl:\d+: ends after/);
  fs.writeFileSync(journal, text);
});

test("a run that was killed is sealed by resume, here with a key from a variable", async () => {
  const pem = generateKeyPairSync("ed25519").privateKey.export({ type: "pkcs8", format: "pem" }) as string;
  const env = { REDRESS_PRIVATE_KEY: pem };
  const runs = path.join(app, ".redress", "runs");
  const known = new Set(fs.readdirSync(runs));
  const child = spawn(process.execPath, [path.join(repository, "src/cli/main.ts"), ...fix], {
    cwd: app,
    env: { ...process.env, ...environment, ...env },
    stdio: "ignore",
  });
  const ended = new Promise((resolve) => child.on("close", resolve));
  let killed: string | undefined;
  for (let waited = 0; killed === undefined && waited < 60_000; waited += 20) {
    killed = fs
      .readdirSync(runs)
      .find((name) => !known.has(name) && fs.existsSync(path.join(runs, name, "given.json")));
    if (killed === undefined) await sleep(20);
  }
  child.kill("SIGKILL");
  await ended;
  assert.ok(killed !== undefined);
  assert.equal((await call(["verify", killed], env)).code, 1, "nothing is sealed yet");
  const resumed = await json<{ evidence: { run: string; state: string }[] }>(["resume"], 4, env);
  assert.deepEqual(
    resumed.evidence.map((one) => [one.run, one.state]),
    [[killed, "sealed"]],
  );
  const found = await json<{ checkpoint: { state: string } }>(["verify", killed], 0, env);
  assert.equal(found.checkpoint.state, "rolled-back");
  assert.equal((await call(["verify", killed])).code, 1, "the key of the variable is not this machine's");
});

test("nothing is pruned without a rule, and with one only what is old", async () => {
  assert.equal((await call(["prune", "--yes"])).code, 2);
  fs.appendFileSync(path.join(app, "redress.yaml"), "\nretention: { days: 30 }\n");
  const told = await json<{ prunable: unknown[]; pruned: unknown[] }>(["prune", "--yes"]);
  assert.deepEqual([told.prunable, told.pruned], [[], []]);
  assert.ok(fs.existsSync(evidence()));
});

import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import * as fs from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { parse, stringify } from "yaml";
import { makeHelpdesk, type Helpdesk } from "../../scripts/helpdesk.ts";
import type { GateResult, Plan, Run } from "../../src/model/index.ts";
import { execute, findProgram, findPrograms, sha256 } from "../../src/system/index.ts";
import { must, redress, type Ran } from "./redress.ts";
import { serveWheels, type MadePackage } from "./wheel-index.ts";

/** What a file is to hold, or how that follows from what it holds. */
export type Text = string | ((before: string) => string);

/** `redress.yaml` as an object to vary; what is wrong in it is said when it is read. */
export type Written = Record<string, unknown>;

/** What `redress fix` came to. */
export interface Result extends Ran {
  readonly run: Omit<Run, "plan"> & { readonly plan: Plan };
  /** The report in Markdown, without its escapes. */
  readonly report: string;
}

/** The application, what is installed of it, and its database: words or digests by name. */
export type State = Readonly<Record<string, string>>;

/** A helpdesk of a test file: varied, remediated, and compared with what it was. */
export interface Desk {
  readonly root: string;
  readonly python: string;
  readonly variables: Readonly<Record<string, string>>;
  /** Puts texts in the place of files until `restore`; paths are relative to the root. */
  vary(files: Readonly<Record<string, Text>>): void;
  /** The same for `redress.yaml`, as an object. */
  configure(change: (written: Written) => void): void;
  restore(): void;
  /** Puts these versions, `NAME==VERSION`, into the backend's environment. */
  install(...pins: readonly string[]): Promise<void>;
  state(): State;
  ask(...args: readonly string[]): Promise<Result>;
  /** Plain output of a command that makes no run. */
  call(...args: readonly string[]): Promise<Ran>;
  stop(): Promise<void>;
}

/** Makes the small helpdesk with these packages beside its own, or says what is missing for that. */
export async function makeDesk(
  packages: readonly MadePackage[] = [],
): Promise<Desk | { readonly reason: string }> {
  const lacking = await whatLacks();
  if (lacking !== undefined) return { reason: lacking };
  const folder = fs.mkdtempSync(path.join(tmpdir(), "redress-desk-"));
  const remove = (): void => {
    fs.rmSync(folder, { recursive: true, force: true });
  };
  try {
    const made = await makeHelpdesk({ folder, profile: "small", say: () => undefined });
    if (made.missing === undefined)
      return await openDesk(
        {
          ...made,
          stop: () => {
            made.stop();
            remove();
          },
        },
        packages,
      );
    remove();
    return { reason: made.missing };
  } catch (error) {
    remove();
    throw error;
  }
}

async function whatLacks(): Promise<string | undefined> {
  if (process.env["REDRESS_ACCEPTANCE"] === undefined)
    return "it takes minutes: npm run acceptance -- helpdesk-triggers helpdesk-refusals";
  if ((await findPrograms()).uv === undefined) return "uv is missing";
  for (const name of ["python3.11", "python3.10"]) {
    const file = await findProgram(name);
    // A version manager's shim may answer to a name that it has no interpreter for.
    if (file !== undefined && spawnSync(file, ["-c", ""]).status === 0) return undefined;
  }
  return "the helpdesk's pins need Python 3.11 or 3.10";
}

/** Puts these packages beside those of a helpdesk, the first version of each installed. */
export async function openDesk(made: Helpdesk, packages: readonly MadePackage[] = []): Promise<Desk> {
  const { root } = made;
  const index = await serveWheels(packages);
  const uv = (await findPrograms()).uv ?? "";
  const backend = path.join(root, "backend");
  const python = path.join(backend, ".venv", "bin", "python");
  const variables = { ...made.variables, UV_INDEX: index.url, PYTHONDONTWRITEBYTECODE: "1" };
  const stop = async (): Promise<void> => {
    made.stop();
    await index.close();
  };
  const originals = new Map<string, string | undefined>();
  const place = (name: string): string => path.join(root, name);
  const read = (name: string): string | undefined =>
    fs.existsSync(place(name)) ? fs.readFileSync(place(name), "utf8") : undefined;
  const vary: Desk["vary"] = (files) => {
    for (const [name, text] of Object.entries(files)) {
      const before = read(name);
      if (!originals.has(name)) originals.set(name, before);
      fs.writeFileSync(place(name), typeof text === "string" ? text : text(before ?? ""));
    }
  };
  const call: Desk["call"] = (...args) => redress(args, { cwd: root, env: variables, timeoutMs: 240_000 });
  // Not `must`, which would keep the index in this process from answering.
  const install: Desk["install"] = async (...pins) => {
    const argv = [uv, "pip", "install", "-q", "--no-deps", "--python", python, ...pins];
    const { code, stderr } = await execute(argv, { cwd: root, timeoutMs: 60_000, env: { ...variables } });
    if (code !== 0) throw new Error(`${pins.join(" ")} could not be installed: ${stderr}`);
  };
  const pins = [...new Map([...packages].reverse().map((one) => [one.name, one.version]))].map(
    ([name, version]) => `${name}==${version}`,
  );
  try {
    if (pins.length > 0) await install(...pins);
    fs.appendFileSync(path.join(backend, "requirements.txt"), pins.map((pin) => `${pin}\n`).join(""));
  } catch (error) {
    await stop();
    throw error;
  }
  return {
    root,
    python,
    variables,
    install,
    vary,
    configure: (change) => {
      vary({
        "redress.yaml": (before) => {
          const written = parse(before) as Written;
          change(written);
          // An object that stands in two places is written twice: redress.yaml has no aliases.
          return stringify(written, { aliasDuplicateObjects: false });
        },
      });
    },
    restore: () => {
      for (const [name, text] of originals)
        if (text === undefined) fs.rmSync(place(name));
        else fs.writeFileSync(place(name), text);
      originals.clear();
    },
    state: () => ({
      installed: must([uv, "pip", "freeze", "-q", "--python", python], root),
      modules: sha256(modulesOf(path.join(root, "frontend", "node_modules"))),
      ...digestFiles(root),
      database: made.content(),
    }),
    ask: async (...args) => {
      const ran = await call(...args, "--json");
      const run = JSON.parse(ran.stdout || '{"error": {}}') as Result["run"];
      if ("error" in run) throw new Error(`redress ${args.join(" ")}: ${ran.stdout}${ran.stderr}`);
      const document = path.join(root, ".redress", "reports", `${run.run}.md`);
      const report = fs.existsSync(document) ? fs.readFileSync(document, "utf8") : "";
      return { ...ran, run, report: report.replace(/\\([\\`*_{}[\]<>|~#])/g, "$1") };
    },
    call,
    stop,
  };
}

/** A run of which nothing is left but its record, and a report that says so and why. */
export function assertAsBefore(
  desk: Desk,
  state: State,
  { result, why, touched }: { result: Result; why: RegExp; touched: boolean },
): void {
  const { run, report, code } = result;
  assert.equal(code, 4, run.reason);
  assert.equal(run.state, "rolled-back");
  assert.match(run.reason ?? "", why);
  assert.match(report, why);
  assert.match(report, /\*\*rolled-back\*\*/);
  assert.match(
    report,
    touched ? /The project is as it was, byte for byte\./ : /The project was not touched\./,
  );
  assertSame(desk.state(), state);
}

/** Fails with the names of what differs. */
export function assertSame(now: State, before: State): void {
  const names = new Set([...Object.keys(now), ...Object.keys(before)]);
  assert.deepEqual(
    [...names].filter((name) => now[name] !== before[name]),
    [],
  );
}

/** Flags that leave gates out, by their names or kinds: each test asks those that it is about. */
export const without = (...names: string[]): string[] => names.flatMap((name) => ["--without", name]);

/** What a gate said last, by its name. */
export const gateOf = (run: Pick<Run, "phases">, name: string): GateResult | undefined =>
  run.phases.flatMap((phase) => phase.gates).findLast((gate) => gate.name === name);

/** `name@version` of every package in a `node_modules`, by its place. */
function modulesOf(folder: string): string {
  const lines: string[] = [];
  for (const name of fs.globSync("**/package.json", { cwd: folder })) {
    if (!/(?:^|node_modules\/)(?:@[^/]+\/)?[^/@]+\/package\.json$/.test(name)) continue;
    const { version } = JSON.parse(fs.readFileSync(path.join(folder, name), "utf8")) as { version?: string };
    lines.push(`${path.dirname(name)}@${version ?? ""}`);
  }
  return lines.sort().join("\n");
}

/** SHA-256 of every file that is the application's own, and one of all that its environment holds. */
function digestFiles(root: string): Record<string, string> {
  const digests: Record<string, string> = {};
  const environment: string[] = [];
  const walk = (folder: string): void => {
    for (const entry of fs.readdirSync(path.join(root, folder), { withFileTypes: true })) {
      const name = path.join(folder, entry.name);
      if ([".redress", "node_modules", "__pycache__"].includes(entry.name)) continue;
      if (entry.isDirectory()) walk(name);
      else if (entry.isFile()) {
        const digest = sha256(fs.readFileSync(path.join(root, name)));
        if (name.includes(".venv")) environment.push(`${name} ${digest}`);
        else digests[name] = digest;
      }
    }
  };
  walk("");
  return { ...digests, ".venv": sha256(environment.sort().join("\n")) };
}

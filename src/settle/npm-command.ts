import path from "node:path";
import type { NpmRegistries } from "../releases/index.ts";
import { execute, type Execution } from "../system/index.ts";
import type { LockfileStyle } from "./npm-lockfile.ts";

/** The user's own npm, working on a scratch copy of one project. */
export interface NpmCommand {
  readonly npm: string;
  readonly git: string | undefined;
  /** Folder of the project's `package.json` in the scratch copy. */
  readonly cwd: string;
  readonly style: LockfileStyle;
  readonly registries: NpmRegistries;
  /** Holds npm's cache of the views for this settlement: their addresses never come again. */
  readonly caches: string;
  /** npm's cache of the user's own registries, kept between settlements. */
  readonly registryCache: string;
  /** Set once the registries have been asked: what they say counts for the whole settlement. */
  asked?: boolean;
  readonly signal?: AbortSignal;
}

export interface NpmRun {
  /** Address of the view to work in; absent: the user's own registry. */
  readonly view?: string;
  /** Peer conflicts are let be, as npm 6 did. */
  readonly legacyPeers: boolean;
  /** Of the lockfile written; absent: the project's own. */
  readonly version?: 1 | 3;
}

const timeoutMs = 300_000;

/**
 * Settings that no file of the project's may decide: nothing is run, nothing is written but the lockfile in the scratch
 * copy, nothing is reported anywhere.
 */
const safety = [
  "--ignore-scripts",
  "--no-audit",
  "--no-fund",
  "--no-update-notifier",
  "--no-progress",
  "--color=false",
  "--loglevel=error",
  "--logs-max=0",
  "--no-global",
  "--location=project",
  "--package-lock=true",
  "--no-force",
];

/** Has npm move the named packages as far as the view lets it, in the lockfile only. */
export async function updateLockfile(
  command: NpmCommand,
  names: readonly string[],
  run: NpmRun,
): Promise<Execution> {
  const verb = names.length === 0 ? ["install"] : ["update", ...names, "--no-save"];
  return start(command, [...verb, "--package-lock-only", "--dry-run=false"], run);
}

/** Has npm write the lockfile anew from what is there: changes nothing where it is settled. */
export async function relock(command: NpmCommand, run: NpmRun): Promise<Execution> {
  return start(command, ["install", "--package-lock-only", "--dry-run=false"], run);
}

/** Asks npm whether a clean installation would accept the manifest and the lockfile. */
export async function tryCleanInstall(command: NpmCommand, run: NpmRun): Promise<Execution> {
  return start(command, ["ci", "--dry-run"], run);
}

/** The installed npm's version. */
export async function npmVersion(command: NpmCommand): Promise<string> {
  const run = await start(command, ["--version"], { legacyPeers: false });
  return /^\d+\.\d+\.\d+\S*/m.exec(run.stdout)?.[0] ?? "";
}

async function start(command: NpmCommand, verb: readonly string[], run: NpmRun): Promise<Execution> {
  const { style, signal, git } = command;
  const argv = [
    command.npm,
    ...verb,
    ...safety,
    `--git=${git ?? "git"}`,
    `--lockfile-version=${run.version ?? style.version}`,
    `--omit-lockfile-registry-resolved=${!style.hasAddresses}`,
    ...(run.legacyPeers ? ["--legacy-peer-deps"] : []),
    ...(run.view === undefined ? outside(command) : inView(command, run.view)),
  ];
  if (run.view === undefined) command.asked = true;
  return execute(argv, {
    cwd: command.cwd,
    timeoutMs,
    env: command.registries.variables,
    ...(signal === undefined ? {} : { signal }),
  });
}

/** What the registry says is asked for once in a settlement, however many phases there are. */
function outside(command: NpmCommand): string[] {
  return [`--cache=${command.registryCache}`, ...(command.asked === true ? ["--prefer-offline"] : [])];
}

/** Every registry is the view, which is reached without a proxy. */
function inView(command: NpmCommand, view: string): string[] {
  const direct = [...command.registries.noProxy.split(","), "127.0.0.1"].filter((one) => one.trim() !== "");
  return [
    `--registry=${view}`,
    ...[...command.registries.scopes.keys()].map((scope) => `--${scope}:registry=${view}`),
    `--cache=${path.join(command.caches, "view")}`,
    `--noproxy=${direct.join(",")}`,
    "--offline=false",
  ];
}

import path from "node:path";
import {
  Failure,
  type Finding,
  type FindingChange,
  type GateResult,
  type Inventory,
  type Project,
  type TestGate,
  type Upgrade,
  type VersionCheck,
} from "../model/index.ts";
import { execute, type Execution } from "../system/index.ts";
import { environmentPath, programsOf, projectFolder } from "./environment.ts";
import { lastLines } from "./mask.ts";
import { readTestResults, type TestResults } from "./test-results.ts";

/** What is there after a step. */
export interface Seen {
  readonly inventory: Inventory;
  readonly findings: readonly Finding[];
}

/** Where versions are read back: what is installed (where there is an environment), or what the files say. */
export type Reading = "installed" | "files";

function versionsOf(
  inventory: Inventory,
  projectPath: string,
  { name, reading }: { name: string; reading: Reading },
): string[] {
  const project = inventory.projects.find((one) => one.path === projectPath);
  const hasOwn = project?.ecosystem === "PyPI" && project.environment !== undefined;
  const isSeen = (source: string): boolean =>
    reading === "files" ? source !== "environment" : !hasOwn || source === "environment";
  return inventory.components
    .filter(
      (one) =>
        one.project === projectPath && one.name === name && one.places.some((place) => isSeen(place.source)),
    )
    .map((one) => one.version);
}

/** Reads every planned version back. */
export function checkVersions(
  upgrades: readonly Upgrade[],
  inventory: Inventory,
  reading: Reading,
): VersionCheck[] {
  return upgrades.map((upgrade) => {
    const found = versionsOf(inventory, upgrade.project, { name: upgrade.package, reading });
    const observed =
      upgrade.to !== null && found.includes(upgrade.to)
        ? upgrade.to
        : upgrade.to === null && upgrade.from !== null && !found.includes(upgrade.from)
          ? null
          : found.join(", ") || null;
    return { project: upgrade.project, package: upgrade.package, planned: upgrade.to, observed };
  });
}

/** Gate `versions`: every target present, nothing else moved. */
export function versionsGate(
  upgrades: readonly Upgrade[],
  { before, after, reading }: { before: Inventory; after: Inventory; reading: Reading },
): GateResult {
  const missed = checkVersions(upgrades, after, reading).filter((check) => check.planned !== check.observed);
  const planned = new Set(upgrades.map((upgrade) => `${upgrade.project}|${upgrade.package}`));
  const listed = (inventory: Inventory): Map<string, string> => {
    const all = new Map<string, string>();
    for (const one of inventory.components) {
      const key = `${one.project}|${one.name}`;
      if (!planned.has(key))
        all.set(key, [...(all.get(key)?.split(", ") ?? []), one.version].sort().join(", "));
    }
    return all;
  };
  const [old, now] = [listed(before), listed(after)];
  const moved = [...new Set([...old.keys(), ...now.keys()])].filter((key) => old.get(key) !== now.get(key));
  const problems = [
    ...missed.map(
      (check) => `${check.package} is ${check.observed ?? "absent"}, not ${check.planned ?? "absent"}`,
    ),
    ...moved.map(
      (key) =>
        `${key.split("|")[1] ?? key} moved unasked: ${old.get(key) ?? "absent"} to ${now.get(key) ?? "absent"}`,
    ),
  ];
  return {
    name: "versions",
    mode: "enforce",
    verdict: problems.length === 0 ? "pass" : "fail",
    detail:
      problems.length === 0
        ? `${upgrades.length} of ${upgrades.length} as planned, nothing else moved`
        : problems.slice(0, 5).join("; ") + (problems.length > 5 ? `; and ${problems.length - 5} more` : ""),
  };
}

/** Gate `security`: what was promised is gone, nothing critical or high came in; same advisories on both sides. */
export function securityGate(upgrades: readonly Upgrade[], change: FindingChange): GateResult {
  const fixed = new Set(change.fixed.map((finding) => finding.id));
  const left = upgrades.flatMap((upgrade) => upgrade.fixes).filter((id) => !fixed.has(id));
  const promised = new Set(upgrades.flatMap((upgrade) => upgrade.introduces));
  const severe = change.introduced.filter(
    (one) => (one.severity === "critical" || one.severity === "high") && !promised.has(one.id),
  );
  const name = (finding: Finding): string => `${finding.package} ${finding.version} ${finding.advisory}`;
  const problems = [
    ...(left.length === 0 ? [] : [`not cleared: ${left.join(", ")}`]),
    ...(severe.length === 0 ? [] : [`introduced: ${severe.map(name).join(", ")}`]),
  ];
  const counts = `${change.fixed.length + change.left.length} → ${change.left.length + change.introduced.length} findings, ${change.fixed.length} fixed, ${change.introduced.length} introduced`;
  return {
    name: "security",
    mode: "enforce",
    verdict: problems.length > 0 ? "fail" : change.introduced.length > 0 ? "warn" : "pass",
    detail: [counts, ...problems].join("; "),
  };
}

/** One run of a test command. */
export interface TestRun extends TestResults {
  readonly code: number | null;
  readonly timedOut: boolean;
  readonly tail: string;
  readonly durationMs: number;
  /** Why the command could not be started. */
  readonly error?: string;
}

interface Testing {
  readonly root: string;
  readonly projects: readonly Project[];
  readonly signal?: AbortSignal;
}

/** Runs a command of the owner's in the projects' own environments. */
export async function runTests(gate: TestGate, testing: Testing): Promise<TestRun> {
  const failedToStart = (error: string): TestRun => ({
    ran: null,
    failed: [],
    code: null,
    timedOut: false,
    tail: "",
    durationMs: 0,
    error,
  });
  const cwd = path.join(testing.root, gate.cwd);
  let done: Execution;
  try {
    done = await execute(gate.argv, {
      cwd,
      timeoutMs: gate.timeoutMs,
      env: commandEnvironment(cwd, testing),
      ...(testing.signal === undefined ? {} : { signal: testing.signal }),
    });
  } catch (error) {
    if (error instanceof Failure && error.code === "tool") return failedToStart(error.message);
    throw error;
  }
  const output = `${done.stdout}\n${done.stderr}`;
  return {
    ...readTestResults(output),
    code: done.code,
    timedOut: done.timedOut,
    tail: lastLines(output),
    durationMs: done.durationMs,
  };
}

/** The environments of the projects come first on the PATH, the nearest to the command's folder foremost. */
function commandEnvironment(cwd: string, { root, projects }: Testing): Record<string, string> {
  const distance = (project: Project): number => {
    const folder = projectFolder(root, project);
    return path
      .relative(folder, cwd)
      .split(path.sep)
      .filter((part) => part !== "").length;
  };
  const near = [...projects].sort((a, b) => distance(a) - distance(b));
  const python = near.find((project) => project.ecosystem === "PyPI" && project.environment !== undefined);
  const folders = near.flatMap((project) => {
    if (project.ecosystem === "npm") return [path.join(projectFolder(root, project), "node_modules", ".bin")];
    const environment = environmentPath(root, project);
    return environment === undefined ? [] : [programsOf(environment)];
  });
  const virtual = python === undefined ? undefined : environmentPath(root, python);
  return {
    PATH: [...folders, process.env["PATH"] ?? ""].join(path.delimiter),
    PYTHONDONTWRITEBYTECODE: "1",
    CI: "true",
    ...(virtual === undefined ? {} : { VIRTUAL_ENV: virtual }),
  };
}

/** Gate `tests`: against its run on the old versions; a rerun tells flakes from failures. */
export async function testsGate(gate: TestGate, baseline: TestRun, testing: Testing): Promise<GateResult> {
  const result = (verdict: GateResult["verdict"], detail: string): GateResult => ({
    name: `tests: ${gate.name}`,
    mode: gate.mode,
    verdict,
    detail,
  });
  const first = await runTests(gate, testing);
  if (first.error !== undefined) return result("error", first.error);
  if (first.ran === 0) return result("missing", "the command ran no test");
  const counted = first.ran === null ? `exit code ${first.code ?? "none"}` : `${first.ran} ran`;
  if (first.code === 0)
    return result("pass", `${counted}, none failed${baseline.code === 0 ? "" : " (some failed before)"}`);
  if (first.timedOut) return result("fail", `took longer than ${gate.timeoutMs / 1000} s`);
  const newly = newlyFailing(baseline, first);
  if (newly.length === 0)
    return result("pass", `${counted}; ${first.failed.length} failed before and still fail`);
  const second = await runTests(gate, testing);
  if (second.code === 0)
    return result("warn", `${counted}; failed once and passed when run again: ${newly.join(", ")}`);
  const still = newlyFailing(baseline, second);
  if (still.length === 0)
    return result("warn", `${counted}; did not fail again when run again: ${newly.join(", ")}`);
  return result(
    "fail",
    `newly failing: ${still.slice(0, 8).join(", ")}${still.length > 8 ? ` and ${still.length - 8} more` : ""}\n${second.tail}`,
  );
}

/** What fails now and did not on the old versions; the command itself where the runner names no test. */
function newlyFailing(baseline: TestRun, now: TestRun): string[] {
  if (now.failed.length === 0)
    return baseline.code === 0 || baseline.code !== now.code ? ["the command as a whole"] : [];
  const before = new Set(baseline.failed);
  return now.failed.filter((name) => !before.has(name));
}

/** Gate `command`: exit code 0. */
export async function commandGate(gate: TestGate, testing: Testing): Promise<GateResult> {
  const done = await runTests(gate, testing);
  const base = { name: `command: ${gate.name}`, mode: gate.mode };
  if (done.error !== undefined) return { ...base, verdict: "error", detail: done.error };
  return done.code === 0
    ? { ...base, verdict: "pass", detail: "exit code 0" }
    : {
        ...base,
        verdict: "fail",
        detail: done.timedOut ? "took too long" : `exit code ${done.code ?? "none"}\n${done.tail}`,
      };
}

/** Whether a phase may stand: an enforced gate that did not pass stops it; one that nobody configured does not. */
export function stops(gate: GateResult): boolean {
  return gate.mode === "enforce" && ["fail", "error", "missing"].includes(gate.verdict);
}

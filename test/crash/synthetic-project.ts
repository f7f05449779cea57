/**
 * A small Python project whose tools are a few lines of shell, so that a whole run takes a fraction of a second and can
 * be broken hundreds of times. What the real uv and npm do is tested in `test/e2e/`.
 */
import { createHash } from "node:crypto";
import * as fs from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import type {
  Component,
  Finding,
  Inventory,
  Phase,
  Plan,
  Settled,
  Summary,
  Upgrade,
} from "../../src/model/index.ts";
import {
  digestInputs,
  type ApplyRequest,
  type Files,
  type RunPorts,
  type Sight,
  type UndoPorts,
} from "../../src/run/index.ts";
import { silent } from "../../src/system/index.ts";
import { configuration } from "../support/findings.ts";

/** In memory where the system has such a folder: thousands of fsyncs are not what is measured here. */
export const playground = fs.existsSync("/dev/shm") ? "/dev/shm" : tmpdir();

/** uv as far as a run calls it: installs replace whole files and fail for the version 9.9. */
const fakeUv = `#!/bin/sh
set -eu
put() {
  site="$1/lib/python3.11/site-packages"
  rm -rf "$site/$2" "$site/$2"-*.dist-info
  [ -n "$3" ] || return 0
  mkdir -p "$site/$2" "$site/$2-$3.dist-info"
  echo "version = '$3'" > "$site/$2/__init__.py"
  printf 'Name: %s\\nVersion: %s\\n' "$2" "$3" > "$site/$2-$3.dist-info/METADATA"
  printf '#!%s/bin/python\\n%s %s\\n' "$1" "$2" "$3" > "$1/bin/$2.new"
  mv "$1/bin/$2.new" "$1/bin/$2"
}
if [ "$1" = venv ]; then
  for folder; do :; done
  mkdir -p "$folder/bin" "$folder/lib/python3.11/site-packages"
  printf 'home = %s\\nversion = 3.11.0\\n' "$(dirname "$0")" > "$folder/pyvenv.cfg"
  ln -s "$(dirname "$0")/python3.11" "$folder/bin/python"
  exit 0
fi
command="$2"; shift 2
while [ $# -gt 0 ]; do
  case "$1" in
    --python) environment="$(dirname "$(dirname "$2")")"; shift 2 ;;
    -r) list="$2"; shift 2 ;;
    --only-binary) shift 2 ;;
    -*) shift ;;
    *) names="\${names:-} $1"; shift ;;
  esac
done
if [ "$command" = uninstall ]; then for name in $names; do put "$environment" "$name" ""; done; exit 0; fi
refusal="$(dirname "$0")/refuse-in"
if [ -f "$refusal" ] && [ "$environment" = "$(cat "$refusal")" ]; then
  echo "cannot reach https://user:hunter2@index.example/simple" >&2; exit 1
fi
while IFS= read -r line; do
  version="\${line#*==}"
  if [ "$version" = 9.9 ]; then echo "no such version" >&2; exit 1; fi
  put "$environment" "\${line%%==*}" "$version"
done < "$list"
`;

/** Fails when the marker that a test plants is there, else prints what pytest prints. */
const fakeTests = `#!/bin/sh
if [ -f "$PWD/breaks-with-$(sed -n 's/^b==//p' requirements.txt)" ]; then
  echo "FAILED tests/test_a.py::test_b - boom"; echo "1 failed, 1 passed in 0.01s"; exit 1
fi
echo "2 passed in 0.01s"
`;

export interface Synthetic {
  readonly folder: string;
  readonly root: string;
  readonly scratchFolder: string;
  readonly request: (changes?: Partial<ApplyRequest>) => ApplyRequest;
  readonly ports: (changes?: {
    files?: Files;
    signal?: AbortSignal;
    lines?: string[];
  }) => RunPorts & UndoPorts;
}

/** Makes the project with its tools in a folder of its own. */
export async function makeSynthetic(): Promise<Synthetic> {
  const folder = fs.realpathSync(fs.mkdtempSync(path.join(playground, "redress-crash-")));
  const root = path.join(folder, "project");
  const tools = path.join(folder, "tools");
  fs.mkdirSync(tools);
  for (const [name, text] of [
    ["uv", fakeUv],
    ["python3.11", "#!/bin/sh\nexit 0\n"],
    ["tests", fakeTests],
  ] as const)
    fs.writeFileSync(path.join(tools, name), text, { mode: 0o755 });
  const site = path.join(root, ".venv/lib/python3.11/site-packages");
  fs.mkdirSync(path.join(root, ".venv/bin"), { recursive: true });
  fs.writeFileSync(path.join(root, ".venv/pyvenv.cfg"), `home = ${tools}\nversion = 3.11.0\n`);
  fs.symlinkSync(path.join(tools, "python3.11"), path.join(root, ".venv/bin/python"));
  for (const name of ["a", "b", "c"]) {
    fs.mkdirSync(path.join(site, `${name}-1.0.dist-info`), { recursive: true });
    fs.mkdirSync(path.join(site, name), { recursive: true });
    fs.writeFileSync(path.join(site, `${name}-1.0.dist-info/METADATA`), `Name: ${name}\nVersion: 1.0\n`);
    fs.writeFileSync(path.join(site, name, "__init__.py"), "version = '1.0'\n");
  }
  fs.writeFileSync(path.join(root, "requirements.txt"), "a==1.0\nb==1.0\n", { mode: 0o640 });
  fs.writeFileSync(path.join(root, "app.py"), "import a, b, c\n");
  fs.symlinkSync("app.py", path.join(root, "main.py"));
  fs.utimesSync(path.join(root, "requirements.txt"), 1_600_000_000, 1_600_000_000);
  const plan = await makePlan(root, [
    [upgrade("a", "1.0", "2.0")],
    [upgrade("b", "1.0", "1.5"), upgrade("c", "1.0", null), upgrade("d", null, "1.0")],
  ]);
  return syntheticAt(folder, plan);
}

/** The same project again, in another process. */
export function syntheticAt(folder: string, plan: Plan): Synthetic {
  const root = path.join(folder, "project");
  const scratchFolder = path.join(folder, "scratch");
  const tools = path.join(folder, "tools");
  const configured = configuration({
    tests: [
      { name: "unit", argv: [path.join(tools, "tests")], cwd: ".", timeoutMs: 10_000, mode: "enforce" },
    ],
  });
  return {
    folder,
    root,
    scratchFolder,
    request: (changes = {}) => ({ root, plan, configuration: configured, scratchFolder, ...changes }),
    ports: ({ files, signal, lines } = {}) => ({
      settle: () => Promise.resolve(settle(plan)),
      look,
      inventory: async (root) => (await look(root)).inventory,
      compare: (before, after) => ({
        fixed: before.filter((one) => !after.some((other) => other.id === one.id)),
        left: after.filter((one) => before.some((other) => other.id === one.id)),
        introduced: after.filter((one) => !before.some((other) => other.id === one.id)),
      }),
      clock: () => new Date("2025-09-02T10:00:00Z"),
      progress: lines === undefined ? silent : { ...silent, line: (text) => lines.push(text) },
      programs: { uv: path.join(tools, "uv") },
      ...(files === undefined ? {} : { files }),
      ...(signal === undefined ? {} : { signal }),
    }),
  };
}

export function upgrade(name: string, from: string | null, to: string | null): Upgrade {
  return {
    project: ".",
    ecosystem: "PyPI",
    package: name,
    from,
    to,
    via: "lockfile",
    level: "minor",
    direct: true,
    fixes: from === null || to === null ? [] : [`F-${name}`],
    introduces: [],
    because: [],
  };
}

export async function makePlan(root: string, phases: readonly (readonly Upgrade[])[]): Promise<Plan> {
  const sight = await look(root);
  return {
    schemaVersion: 1,
    id: "plan-0123456789",
    madeAt: "2025-09-02T09:00:00Z",
    profile: "safe",
    inputs: {
      ...(await digestInputs(root, sight.inventory)),
      snapshot: "",
      policy: "",
      tool: "",
      targets: [],
    },
    before: sight.summary,
    after: sight.summary,
    optimal: true,
    cost: [],
    costNames: [],
    phases: phases.map((upgrades, index) => ({
      number: index + 1,
      name: `Phase ${index + 1}`,
      tier: "1-week",
      due: "2025-09-09T00:00:00Z",
      upgrades,
      after: sight.summary,
    })),
    unfixed: [],
    broken: [],
    skipped: [],
    confirmed: [],
  };
}

/** The requirements file after each phase: every `name==` line that the phases move. */
function settle(plan: Plan): Settled {
  const pins = new Map([
    ["a", "1.0"],
    ["b", "1.0"],
  ]);
  const phases = plan.phases.map((phase: Phase) => {
    for (const { package: name, to } of phase.upgrades)
      if (pins.has(name) && to !== null) pins.set(name, to);
      else if (name === "d" && to !== null) pins.set(name, to);
    const text = [...pins].map(([name, version]) => `${name}==${version}\n`).join("");
    return { files: new Map([["requirements.txt", text]]), observed: [] };
  });
  return { state: "accepted", by: "synthetic", detail: "", phases };
}

/** Looks at the tree without any other room: pins, and the names of `*.dist-info`. */
export function look(root: string): Promise<Sight> {
  const found = new Map<string, { name: string; version: string; places: Component["places"][number][] }>();
  const add = (name: string, version: string, place: Component["places"][number]): void => {
    const key = `${name}@${version}`;
    const known = found.get(key) ?? { name, version, places: [] };
    known.places.push(place);
    found.set(key, known);
  };
  for (const line of fs.readFileSync(path.join(root, "requirements.txt"), "utf8").split("\n")) {
    const [name = "", version] = line.split("==");
    if (version !== undefined) add(name, version, { path: "requirements.txt", source: "lockfile" });
  }
  const site = path.join(root, ".venv/lib/python3.11/site-packages");
  const hasEnvironment = fs.existsSync(site);
  for (const folder of hasEnvironment ? fs.readdirSync(site) : []) {
    const match = /^([a-z]+)-(.+)\.dist-info$/.exec(folder);
    if (match !== null)
      add(match[1] ?? "", match[2] ?? "", { path: `.venv/${folder}`, source: "environment" });
  }
  const components: Component[] = [...found.values()].map((one) => ({
    ...one,
    project: ".",
    ecosystem: "PyPI",
    purl: `pkg:pypi/${one.name}@${one.version}`,
    scope: "production",
    direct: true,
    requirementsKnown: true,
  }));
  const inventory: Inventory = {
    projects: [
      {
        path: ".",
        ecosystem: "PyPI",
        manager: "pip",
        files: ["requirements.txt"],
        ...(hasEnvironment ? { environment: ".venv" } : {}),
        target: { python: "3.11.0", platform: "linux-x64" },
      },
    ],
    components,
    dependencies: [],
    unread: [],
    notes: [],
  };
  const findings = components
    .filter((one) => "ab".includes(one.name) && one.version === "1.0")
    .map(findingOf);
  return Promise.resolve({ inventory, findings, summary: summaryOf(findings) });
}

function findingOf({ name, version, purl }: Component): Finding {
  return {
    id: `F-${name}`,
    project: ".",
    ecosystem: "PyPI",
    package: name,
    version,
    purl,
    advisory: `GHSA-${name}`,
    aliases: [],
    severity: "high",
    weaknesses: [],
    fixedIn: [],
    scope: "production",
    direct: true,
    paths: [],
    tier: "1-week",
    due: "2025-09-09T00:00:00Z",
    rule: "R4",
    inputs: {},
    functions: [],
    waiver: null,
    places: [],
  };
}

function summaryOf(findings: readonly Finding[]): Summary {
  const none = { critical: 0, high: findings.length, medium: 0, low: 0, unknown: 0 };
  return {
    packages: findings.length,
    findings: findings.length,
    waived: 0,
    bySeverity: none,
    byTier: {
      immediate: 0,
      "24-hours": 0,
      "1-week": findings.length,
      "2-weeks": 0,
      "1-month": 0,
      "next-window": 0,
    },
  };
}

/** SHA-256 over every byte, mode, link and name of a tree but Redress' own folder. */
export function digestTree(root: string): string {
  const hash = createHash("sha256");
  const walk = (relative: string): void => {
    for (const name of fs.readdirSync(path.join(root, relative)).sort()) {
      const at = path.join(relative, name);
      if (at === ".redress") continue;
      const file = path.join(root, at);
      const stat = fs.lstatSync(file);
      hash.update(`${at}\0${stat.mode}\0`);
      if (stat.isDirectory()) walk(at);
      else if (stat.isSymbolicLink()) hash.update(fs.readlinkSync(file));
      else hash.update(fs.readFileSync(file));
      hash.update("\0");
    }
  };
  walk("");
  return hash.digest("hex");
}

import assert from "node:assert/strict";
import { test } from "node:test";
import {
  exactList,
  installListArgv,
  installLockfileArgv,
  makeEnvironmentArgv,
  rebuildArgv,
  uninstallArgv,
} from "./install.ts";

const uv = { kind: "uv", program: "/bin/uv", interpreter: "/e/bin/python" } as const;
const pip = { kind: "pip", argv: ["/e/bin/python", "-m", "pip"] } as const;
const list = { file: "/s/list.txt", hashed: false, build: false };

for (const { name, argv, line } of [
  {
    name: "uv installs wheels only, without dependencies",
    argv: installListArgv(uv, list),
    line: "/bin/uv pip install --quiet --python /e/bin/python --no-deps --only-binary :all: -r /s/list.txt",
  },
  {
    name: "pip likewise, asking nothing",
    argv: installListArgv(pip, { ...list, hashed: true }),
    line: "/e/bin/python -m pip install --quiet --disable-pip-version-check --no-input --no-deps --only-binary :all: --require-hashes -r /s/list.txt",
  },
  {
    name: "what policy names may be built",
    argv: installListArgv(uv, { ...list, build: true }),
    line: "/bin/uv pip install --quiet --python /e/bin/python --no-deps -r /s/list.txt",
  },
  {
    name: "pip asks before it removes unless told",
    argv: uninstallArgv(pip, ["a"]),
    line: "/e/bin/python -m pip uninstall --quiet --disable-pip-version-check --yes a",
  },
  {
    name: "uv never asks",
    argv: uninstallArgv(uv, ["a", "b"]),
    line: "/bin/uv pip uninstall --quiet --python /e/bin/python a b",
  },
  {
    name: "an environment by uv",
    argv: makeEnvironmentArgv({ uv: "/bin/uv", base: "/p/python3", folder: "/s/e", systemPackages: false }),
    line: "/bin/uv venv --quiet --no-project --python /p/python3 /s/e",
  },
  {
    name: "an environment by the interpreter itself, isolated from where it runs",
    argv: makeEnvironmentArgv({ base: "/p/python3", folder: "/s/e", systemPackages: true }),
    line: "/p/python3 -I -m venv --system-site-packages /s/e",
  },
  {
    name: "npm ci runs no script",
    argv: installLockfileArgv({ kind: "npm", program: "npm" }, false),
    line: "npm ci --ignore-scripts --prefer-offline --no-audit --no-fund --loglevel=error",
  },
  {
    name: "npm changes what differs in a folder that is there, and saves nothing",
    argv: installLockfileArgv({ kind: "npm", program: "npm" }, true),
    line: "npm install --no-save --ignore-scripts --prefer-offline --no-audit --no-fund --loglevel=error",
  },
  {
    name: "named scripts run by themselves",
    argv: rebuildArgv({ kind: "npm", program: "npm" }, ["esbuild"]),
    line: "npm rebuild --ignore-scripts=false --no-audit --no-fund --loglevel=error esbuild",
  },
  {
    name: "pnpm runs no script, none of the project's code, and fetches no other pnpm",
    argv: installLockfileArgv({ kind: "pnpm", program: "pnpm" }, true),
    line: "pnpm install --frozen-lockfile --ignore-scripts --ignore-pnpmfile --prefer-offline --config.manage-package-manager-versions=false --config.confirm-modules-purge=false --config.modules-cache-max-age=0 --reporter=append-only",
  },
])
  test(name, () => {
    assert.equal(argv.join(" "), line);
  });

test("hashes are demanded only where every package has one", () => {
  const a = { package: "a", to: "1", hashes: ["f".repeat(64)] };
  assert.deepEqual(exactList([a]), { text: `a==1 --hash=sha256:${"f".repeat(64)}\n`, hashed: true });
  assert.deepEqual(exactList([a, { package: "b", to: "2" }]), { text: "a==1\nb==2\n", hashed: false });
});

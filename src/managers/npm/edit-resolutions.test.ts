import assert from "node:assert/strict";
import { test } from "node:test";
import type { Project, Upgrade } from "../../model/index.ts";
import { pnpm } from "../pnpm/pnpm.ts";
import { yarn } from "../yarn/yarn.ts";

const override = (name: string, to: string, overrides?: string[]): Upgrade => ({
  project: ".",
  ecosystem: "npm",
  package: name,
  from: "1.0.0",
  to,
  via: "override",
  level: "patch",
  direct: false,
  fixes: [],
  introduces: [],
  because: [],
  ...(overrides === undefined ? {} : { overrides }),
});

function edit(lockfile: string, files: Record<string, string>, upgrades: readonly Upgrade[]): unknown {
  const manager = lockfile === "pnpm-lock.yaml" ? pnpm : yarn;
  const project: Project = {
    path: ".",
    ecosystem: "npm",
    manager: manager.id,
    files: [lockfile, "package.json"],
    target: { platform: "linux-x64" },
  };
  const text = manager.edit(new Map(Object.entries(files)), project, upgrades).get("package.json");
  return text === undefined ? undefined : JSON.parse(text);
}

const berry = { "yarn.lock": "__metadata:\n" };
const classic = { "yarn.lock": "# yarn lockfile v1\n" };

test("rules stand where the manager reads them", () => {
  const bare = { "package.json": '{\n  "name": "shop"\n}\n' };
  const one = [override("a", "1.0.2", ["^1.0.0"])];
  assert.deepEqual(edit("pnpm-lock.yaml", { "pnpm-lock.yaml": "", ...bare }, one), {
    name: "shop",
    pnpm: { overrides: { "a@^1.0.0": "1.0.2" } },
  });
  assert.deepEqual(edit("yarn.lock", { ...berry, ...bare }, one), {
    name: "shop",
    resolutions: { "a@npm:^1.0.0": "1.0.2" },
  });
  assert.deepEqual(edit("yarn.lock", { ...classic, ...bare }, [override("a", "1.0.2", ["*"])]), {
    name: "shop",
    resolutions: { a: "1.0.2" },
  });
});

test("rules that are there stay, or take the new version", () => {
  const manifest = {
    "package.json":
      '{ "pnpm": { "patchedDependencies": {}, "overrides": { "a@^1": "1.0.1", "b": "2.0.0" } } }',
  };
  assert.deepEqual(
    edit("pnpm-lock.yaml", { "pnpm-lock.yaml": "", ...manifest }, [override("a", "1.0.2", ["^1"])]),
    {
      pnpm: { patchedDependencies: {}, overrides: { "a@^1": "1.0.2", b: "2.0.0" } },
    },
  );
});

test("what cannot be said truthfully is refused", () => {
  const manifest = { "package.json": "{}" };
  assert.throws(() => edit("yarn.lock", { ...classic, ...manifest }, [override("a", "1.0.2", ["^1.0.0"])]), {
    code: "conflict",
  });
  assert.throws(
    () =>
      edit(
        "pnpm-lock.yaml",
        { "pnpm-lock.yaml": "", "pnpm-workspace.yaml": "overrides:\n  a: 1\n", ...manifest },
        [override("a", "1.0.2")],
      ),
    { code: "conflict" },
  );
});

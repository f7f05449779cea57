import assert from "node:assert/strict";
import { test } from "node:test";
import { keepRegistries, withoutView } from "./lock-addresses.ts";
import type { LockTool, ToolSite } from "./lock-tool.ts";
import { pnpm, presentBerry, withoutEntries, yarnBerry, yarnClassic, yarnOf } from "./lock-tools-node.ts";
import { pipenv, poetry, readDependsOn, uv } from "./lock-tools-python.ts";

const view = "http://127.0.0.1:4711/secret/";
const site = (texts: Record<string, string>, more: Partial<ToolSite> = {}): ToolSite => ({
  folder: ".",
  lockfile: Object.keys(texts)[0] ?? "",
  caches: "/caches",
  texts: new Map(Object.entries(texts)),
  mayRun: [],
  ...more,
});

test("archives stand under the registry that the lockfile named before", () => {
  const before =
    'resolved "https://mirror.example/npm/a/-/a-1.0.0.tgz#1"\nresolved "https://own.example/@s/b/-/b-1.0.0.tgz"';
  const cases = [
    ["https://registry.example/a/-/a-1.0.1.tgz#2", "https://mirror.example/npm/a/-/a-1.0.1.tgz#2"],
    ["https://registry.example/@s/b/-/b-1.0.1.tgz", "https://mirror.example/npm/@s/b/-/b-1.0.1.tgz"],
    ["https://own.example/@s/b/-/b-1.0.1.tgz", "https://own.example/@s/b/-/b-1.0.1.tgz"],
    ["https://files.example/elsewhere.tgz", "https://files.example/elsewhere.tgz"],
  ] as const;
  for (const [written, kept] of cases)
    assert.equal(keepRegistries(`resolved "${written}"`, before), `resolved "${kept}"`);
  assert.equal(keepRegistries(`resolved "${cases[0][0]}"`, "nothing"), `resolved "${cases[0][0]}"`);
});

test("the view's address goes, with the slash that the old one had", () => {
  assert.equal(
    withoutView(`a "${view}"`, view, "https://index.example/simple"),
    'a "https://index.example/simple"',
  );
  assert.equal(
    withoutView(`a "${view.slice(0, -1)}"`, view, "https://index.example/simple/"),
    'a "https://index.example/simple/"',
  );
});

test("a yarn 1 lockfile with gaps for yarn to fill", () => {
  const text =
    '# yarn lockfile v1\n\n\n"@s/a@^1":\n  version "1.0.0"\n\nb@^1, b@^2:\n  version "2.0.0"\n  dependencies:\n    a "^1"\n\n"c@npm:real@^1":\n  version "1.0.0"\n';
  const names = (gone: string[]): string[] =>
    [...withoutEntries(text, new Set(gone)).matchAll(/^"?([^#\s"].*?)"?:$/gm)].map(([, one = ""]) => one);
  assert.deepEqual(names([]), ["@s/a@^1", "b@^1, b@^2", "c@npm:real@^1"]);
  assert.deepEqual(names(["b"]), ["@s/a@^1", "c@npm:real@^1"]);
  assert.deepEqual(names(["@s/a", "real", "c"]), ["b@^1, b@^2"]);
});

test("yarn's settings without code and with every registry at the view", () => {
  const text =
    "yarnPath: .yarn/releases/yarn.cjs\nplugins:\n  - path: evil.cjs\nnodeLinker: node-modules\nnpmScopes:\n  s:\n    npmRegistryServer: https://own.example\n";
  assert.deepEqual(JSON.parse(presentBerry(text, undefined, [])), {
    nodeLinker: "node-modules",
    npmScopes: { s: { npmRegistryServer: "https://own.example" } },
  });
  assert.deepEqual(JSON.parse(presentBerry(text, view, ["@t"])), {
    nodeLinker: "node-modules",
    npmRegistryServer: view,
    npmScopes: { t: { npmRegistryServer: view }, s: { npmRegistryServer: view } },
    unsafeHttpWhitelist: ["127.0.0.1"],
  });
});

test("what a tool would rewrite in another format is told from what it keeps", () => {
  const cases: [LockTool, string, string][] = [
    [pnpm, "lockfileVersion: '9.0'\n", "lockfileVersion 9.0"],
    [yarnClassic, "# yarn lockfile v1\n", "yarn lockfile v1"],
    [yarnBerry, "__metadata:\n  version: 8\n  cacheKey: 10c0\n", "8, cache key 10c0"],
    [uv, "version = 1\nrevision = 3\n", "version 1"],
    [poetry, 'lock-version = "2.1"\n', "lock-version 2"],
    [pipenv, '"pipfile-spec": 6', "pipfile-spec 6"],
  ];
  for (const [tool, text, format] of cases) assert.equal(tool.formatOf(text), format);
  assert.equal(yarnOf("__metadata:\n").isBerry, true);
  assert.equal(yarnOf("# yarn lockfile v1\n").isBerry, false);
});

test("projects whose locking would run code are not locked", () => {
  const cases: [string, LockTool, Record<string, string>, boolean][] = [
    ["plain pnpm", pnpm, { "pnpm-lock.yaml": "lockfileVersion: '9.0'\n" }, false],
    ["pnpmfile", pnpm, { "pnpm-lock.yaml": "pnpmfileChecksum: abc\n" }, true],
    [
      "configDependencies",
      pnpm,
      { "pnpm-lock.yaml": "", "pnpm-workspace.yaml": "configDependencies:\n" },
      true,
    ],
    ["a package called git", yarnBerry, { "yarn.lock": '"isomorphic-git@npm:^1":\n' }, false],
    ["yarn checkout", yarnBerry, { "yarn.lock": '"a@git@host.example:a.git#commit=1":\n' }, true],
    ["yarn 1 checkout", yarnClassic, { "yarn.lock": 'a@x:\n  resolved "git+ssh://host.example/a"\n' }, true],
    [
      "poetry plugins",
      poetry,
      { "poetry.lock": "", "pyproject.toml": "[tool.poetry.requires-plugins]\n" },
      true,
    ],
    [
      "poetry checkout",
      poetry,
      { "poetry.lock": '[[package]]\nname = "a"\n\n[package.source]\ntype = "git"\n' },
      true,
    ],
    [
      "pipenv checkout",
      pipenv,
      {
        "Pipfile.lock": '{\n    "default": {\n        "a": {\n            "git": "x"\n        }\n    }\n}\n',
      },
      true,
    ],
    [
      "pipenv release",
      pipenv,
      {
        "Pipfile.lock":
          '{\n    "default": {\n        "a": {\n            "version": "==1"\n        }\n    }\n}\n',
      },
      false,
    ],
  ];
  for (const [name, tool, texts, isRefused] of cases)
    assert.equal(
      tool.objection?.(new Map(Object.entries(texts)), site(texts)) !== undefined,
      isRefused,
      name,
    );
  const texts = { "poetry.lock": '[[package]]\nname = "a"\n\n[package.source]\ntype = "git"\n' };
  assert.equal(poetry.objection?.(new Map(Object.entries(texts)), site(texts, { mayRun: ["A"] })), undefined);
});

test("uv's sources name the indexes that they named before", () => {
  const block = (name: string, registry: string): string =>
    `[[package]]\nname = "${name}"\nversion = "1"\nsource = { registry = "${registry}" }\n`;
  const before =
    block("a", "https://one.example/simple") +
    block("b", "https://two.example/simple") +
    block("c", "https://one.example/simple");
  const written = `version = 1\n\n${block("a", view)}${block("b", view)}${block("new", view)}`;
  const right = uv.putRight(written, { before, view, files: new Map(), site: site({ "uv.lock": before }) });
  assert.deepEqual(
    [...right.matchAll(/registry = "([^"]+)"/g)].map(([, one]) => one),
    ["https://one.example/simple", "https://two.example/simple", "https://one.example/simple"],
  );
});

test("what Node's tools say is lacking", () => {
  const cases: [LockTool, string, unknown][] = [
    [
      pnpm,
      " ERR_PNPM_NO_MATCHING_VERSION  No matching version found for @s/qs@6.11.0 while fetching it from /\n\nThis error happened while installing the dependencies of body-parser@1.20.2\n",
      [{ from: "body-parser@1.20.2", missing: { name: "@s/qs", range: "6.11.0" } }],
    ],
    [
      yarnClassic,
      `error Couldn't find any versions for "a" that matches "^1.2.5"\n`,
      [{ missing: { name: "a", range: "^1.2.5" } }],
    ],
    [
      yarnBerry,
      "➤ YN0082: │ minimist@npm:^1.2.5: No candidates found\n",
      [{ missing: { name: "minimist", range: "^1.2.5" } }],
    ],
  ];
  for (const [tool, words, complaints] of cases) assert.deepEqual(tool.complaints(words), complaints);
});

test("what Python's resolvers say of who asks for what", () => {
  const cases: [string, string, string, string][] = [
    [
      "Because shop depends on requests (2.28.2) which depends on urllib3 (>=1.21.1,<1.27), urllib3 is required.",
      "requests@2.28.2",
      "urllib3",
      ">=1.21.1,<1.27",
    ],
    [
      "    requests 2.28.2 depends on urllib3<1.27 and >=1.21.1\n",
      "requests@2.28.2",
      "urllib3",
      "<1.27,>=1.21.1",
    ],
    [
      "and all versions of requests depend on urllib3>=1.21.1,<1.27, we can",
      "requests@",
      "urllib3",
      ">=1.21.1,<1.27",
    ],
  ];
  for (const [words, from, name, range] of cases)
    assert.deepEqual(readDependsOn(words), [{ from, missing: { name, range } }]);
  const versions = new Map([
    ["requests", new Set(["2.28.2"])],
    ["urllib3", new Set(["2.0.7"])],
  ]);
  for (const [words] of cases)
    assert.deepEqual(
      poetry.refusals?.(words, { project: ".", versions }).map((one) => one.requirement?.from),
      ["requests@2.28.2"],
    );
  assert.deepEqual(
    pipenv
      .refusals?.("ERROR: No matching distribution found for urllib3==2.0.7", { project: ".", versions })
      .map((one) => [one.package, one.version]),
    [["urllib3", "2.0.7"]],
  );
});

import assert from "node:assert/strict";
import { test } from "node:test";
import { contentHashOf, putSources, viewSources } from "./poetry-project.ts";

const view = "http://127.0.0.1:4711/secret/";

/** Hashes as poetry 2.5.1 computes them (`Locker._get_content_hash`). */
const hashes: readonly [name: string, manifest: string, hash: string][] = [
  [
    "poetry's own tables",
    '[tool.poetry]\nname = "shop"\n\n[tool.poetry.dependencies]\npython = "^3.9"\njinja2 = "3.1.2"\n',
    "5c473e17c8793520feea47166849b98f1457b5058a72d98c3017d0d2209a19ed",
  ],
  [
    "groups, sources, other letters",
    '[tool.poetry.group.dev.dependencies]\npytest = { version = "^8", optional = true }\n\n[[tool.poetry.source]]\nname = "öäü"\nurl = "https://index.example/simple"\n',
    "d97093a2a1408b455325248c235050d5d1a39398b8794a30e4170a3293a0f7ad",
  ],
  [
    "PEP 621",
    '[project]\nname = "shop"\nrequires-python = ">=3.9"\ndependencies = ["jinja2==3.1.2"]\n',
    "8f03ad2d89bab4ccb4a8ef2a7c7b7f063813f03cd3d95da023658b48e92abb81",
  ],
  [
    "PEP 735",
    '[project]\ndependencies = ["a"]\n\n[dependency-groups]\ndev = ["b>=1"]\n\n[tool.poetry.dependencies]\na = { source = "s" }\n',
    "e8b57ea3d9ec293bc54316939643c1a176a816b904ac1fed133c5503013c3b69",
  ],
];

for (const [name, manifest, hash] of hashes)
  test(`content hash: ${name}`, () => {
    assert.equal(contentHashOf(manifest), hash);
  });

const source = (name: string, url: string, priority?: string): string =>
  `[[tool.poetry.source]]\nname = "${name}"\nurl = "${url}"\n${priority === undefined ? "" : `priority = "${priority}"\n`}`;

test("the view stands in for every source but the explicit ones", () => {
  const head = '[tool.poetry]\nname = "shop"\n\n';
  assert.equal(viewSources(head, view), `${head}${source("redress-view", view, "primary")}`);
  assert.equal(
    viewSources(head + source("own", "https://own.example/simple"), view),
    head + source("own", view),
  );
  const explicit = source("gpu", "https://gpu.example", "explicit");
  assert.equal(
    viewSources(head + explicit, view),
    `${head}${explicit}\n${source("redress-view", view, "primary")}`,
  );
});

test("packages come from where the manifest has them come from", () => {
  const entry = (url: string, reference: string): string =>
    `[[package]]\nname = "a"\n\n[package.source]\ntype = "legacy"\nurl = "${url}"\nreference = "${reference}"\n`;
  const bare = view.slice(0, -1);
  const manifest = source("own", "https://own.example/simple/");
  const cases = [
    [entry(bare, "own"), entry("https://own.example/simple", "own")],
    [entry(bare, "redress-view"), '[[package]]\nname = "a"\n'],
    [entry("https://gpu.example", "gpu"), entry("https://gpu.example", "gpu")],
  ] as const;
  for (const [written, right] of cases) assert.equal(putSources(written, { view, manifest }), right);
});

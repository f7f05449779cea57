import assert from "node:assert/strict";
import { test } from "node:test";
import { readLooseVersion } from "./loose-version.ts";

for (const [ecosystem, text, expected] of [
  ["PyPI", "2.6.0-cu124", "2.6.0+cu124"],
  ["PyPI", "2.1.0-rocm5.6", "2.1.0+rocm5.6"],
  ["PyPI", "2.9.0-NA", "2.9.0"],
  ["PyPI", "0.2.0-alpha\\.33", "0.2.0-alpha.33"],
  ["PyPI", "1.0-preview", "1.0-preview"],
  ["PyPI", "2024-09-25", undefined],
  ["PyPI", "7.2.0-12.1", undefined],
  ["PyPI", "0.2.0-n653", undefined],
  ["PyPI", "1.0-SNAPSHOT", undefined],
  ["PyPI", "4.6.0.stable11", undefined],
  ["npm", "2025.08.14", "2025.8.14"],
  ["npm", "1.2", "1.2.0"],
  ["npm", "=1.2.3-rc.1", "1.2.3-rc.1"],
  ["npm", "v1", "1.0.0"],
  ["npm", "1.2-rc.1", "1.2.0-rc.1"],
  ["npm", "1.2.3.4", undefined],
  ["npm", "latest", undefined],
  ["npm", "1".repeat(300), undefined],
] as const)
  test(`${ecosystem} ${text.slice(0, 30)} means ${expected ?? "nothing plain"}`, () => {
    assert.equal(readLooseVersion(ecosystem, text), expected);
  });

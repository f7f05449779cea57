import assert from "node:assert/strict";
import { test } from "node:test";
import { wantedScripts } from "./install-scripts.ts";

test("packages that want install scripts are named once, from npm's lockfiles alone", () => {
  const lockfile = JSON.stringify({
    packages: {
      "": {},
      "node_modules/esbuild": { hasInstallScript: true },
      "node_modules/a/node_modules/@scope/native": { hasInstallScript: true },
      "packages/b/node_modules/esbuild": { hasInstallScript: true },
      "node_modules/plain": { hasInstallScript: "yes" },
      "node_modules/null": null,
    },
  });
  const texts = new Map([
    ["web/package-lock.json", lockfile],
    ["pnpm-lock.yaml", "packages: {}"],
    ["npm-shrinkwrap.json", "{}"],
  ]);
  assert.deepEqual(wantedScripts(texts), ["@scope/native", "esbuild"]);
  assert.throws(() => wantedScripts(new Map([["package-lock.json", "<<<<<<<"]])), { code: "unreadable" });
});

#!/usr/bin/env node
/**
 * The entry: answers `--version` at once, sees to a recent enough Node, then loads the command line.
 * Everything up to there must run on any Node from 20 on and import next to nothing.
 */
import { readFileSync } from "node:fs";
import * as nodeModule from "node:module";

/** `node:sqlite` is stable enough from here on (`docs/dependencies.md`). */
const oldestNode: readonly [number, number] = [24, 15];

function isRecentEnough(version: string): boolean {
  const [major = 0, minor = 0] = version.split(".").map(Number);
  return major > oldestNode[0] || (major === oldestNode[0] && minor >= oldestNode[1]);
}

const [first] = process.argv.slice(2);
if (first === "--version" || first === "-V") {
  const manifest = readFileSync(new URL("../../package.json", import.meta.url), "utf8");
  process.stdout.write(`${(JSON.parse(manifest) as { version: string }).version}\n`);
} else if (isRecentEnough(process.versions.node)) {
  nodeModule.enableCompileCache();
  const { main } = await import("./program.ts");
  process.exitCode = await main(process.argv.slice(2));
} else {
  const { runOnOwnNode } = await import("./own-node.ts");
  process.exitCode = await runOnOwnNode(oldestNode);
}

/** An application for gates: one process that listens on loopback. */
import * as fs from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import type { TestContext } from "node:test";
import type { Bench } from "../../src/gates/index.ts";
import type { ProcessSettings } from "../../src/model/index.ts";

/** `server.cjs`, given its port as the argument and as PORT; it is ready when it answers. */
export const web: ProcessSettings = {
  name: "web",
  class: "web",
  argv: [process.execPath, "server.cjs", "{port}"],
  cwd: ".",
  timeoutMs: 20_000,
  portVariable: "PORT",
  variables: {},
  ready: { path: "/" },
};

/** These files, text by name, in a folder that goes with the test. */
export function benchWith(context: TestContext, files: Readonly<Record<string, string>>): Bench {
  const root = fs.mkdtempSync(path.join(tmpdir(), "redress-gates-"));
  context.after(() => {
    fs.rmSync(root, { recursive: true });
  });
  for (const [name, text] of Object.entries(files)) fs.writeFileSync(path.join(root, name), text);
  return { root, homes: [], variables: {} };
}

import { spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { constants } from "node:os";
import { fileURLToPath } from "node:url";

/**
 * Runs this command again on the Node that a checkout installs beside its other dependencies, when the machine's own
 * is too old. Gives the exit code; 2 with a message where there is no such Node.
 */
export async function runOnOwnNode(oldest: readonly [number, number]): Promise<number> {
  const own = fileURLToPath(new URL("../../node_modules/node/bin/node", import.meta.url));
  if (!existsSync(own)) {
    process.stderr.write(
      `redress: needs Node ${oldest.join(".")} or newer, this is ${process.versions.node}.\n` +
        `Install a newer Node, or in a checkout run npm ci, which brings one.\n`,
    );
    return 2;
  }
  const child = spawn(own, process.argv.slice(1), { stdio: "inherit" });
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const)
    process.on(signal, () => {
      child.kill(signal);
    });
  return new Promise((resolve) => {
    child.on("close", (code, signal) => {
      resolve(code ?? 128 + (signal === null ? 0 : constants.signals[signal]));
    });
  });
}

/** Processes that a check starts and ends: each in its own group, so that nothing of it is left. */
import { spawn } from "node:child_process";
import { createServer } from "node:net";
import { setTimeout as wait } from "node:timers/promises";

const groups = new Set();
for (const signal of ["SIGINT", "SIGTERM"])
  process.on(signal, () => {
    endAll();
    process.exit(1);
  });

/** Starts a program; its output is kept for when it fails. */
export function start(program, args, options = {}) {
  const child = spawn(program, args, { detached: true, stdio: ["ignore", "pipe", "pipe"], ...options });
  groups.add(child);
  child.output = "";
  for (const stream of [child.stdout, child.stderr])
    stream?.on("data", (chunk) => (child.output = (child.output + chunk).slice(-4000)));
  child.on("error", (error) => (child.output += String(error)));
  child.on("exit", () => groups.delete(child));
  return child;
}

/** Ends everything that was started. */
export function endAll() {
  for (const { pid } of groups)
    if (pid !== undefined)
      try {
        process.kill(-pid, "SIGKILL");
      } catch {
        // It has ended by itself.
      }
}

/** A port that nothing listens on. */
export function freePort() {
  return new Promise((resolve, reject) => {
    const server = createServer().once("error", reject);
    server.listen(0, "127.0.0.1", () => {
      const { port } = server.address();
      server.close(() => resolve(port));
    });
  });
}

/** Waits until an address answers with 200. @throws when the process ends first or the time is over */
export async function untilUp(url, child, seconds) {
  const end = Date.now() + seconds * 1000;
  while (Date.now() < end) {
    if (child.exitCode !== null) throw new Error(`the server ended with ${child.exitCode}:\n${child.output}`);
    const answer = await fetch(url).catch(() => undefined);
    if (answer?.status === 200) return answer;
    await wait(200);
  }
  throw new Error(`${url} did not answer within ${seconds} s:\n${child.output}`);
}

import * as fs from "node:fs/promises";
import { Failure } from "../model/index.ts";
import { runFolder } from "./journal.ts";

/** The variable by which programs that a run started are known, and what they start in turn. */
const variable = "REDRESS_RUN";

/** What a run's programs carry in their environment. */
export async function traceOf(root: string, run: string): Promise<Readonly<Record<string, string>>> {
  return { [variable]: await fs.realpath(runFolder(root, run)) };
}

/** How often, 50 ms apart, programs are looked for that do not end. */
const mostAttempts = 100;

/**
 * Ends the programs that a killed run left running: an installer that goes on writing would spoil what is put back.
 * Found by their environment below `/proc`; where the system has none, nothing is found.
 * @throws {Failure} `locked` naming those that do not end.
 */
export async function endLeftProcesses(root: string, run: string): Promise<void> {
  const [trace = ""] = Object.entries(await traceOf(root, run)).map(([name, value]) => `${name}=${value}`);
  let left = await findProcesses(trace);
  for (let attempt = 0; left.length > 0 && attempt < mostAttempts; attempt++) {
    for (const pid of left) kill(pid);
    await new Promise((resolve) => setTimeout(resolve, 50));
    left = await findProcesses(trace);
  }
  if (left.length > 0)
    throw new Failure(
      "locked",
      `programs that ${run} started do not end: ${left.join(", ")}`,
      "End them, then run redress resume again.",
    );
}

async function findProcesses(trace: string): Promise<number[]> {
  const found: number[] = [];
  for (const name of await fs.readdir("/proc").catch(() => [])) {
    if (!/^\d+$/.test(name) || Number(name) === process.pid) continue;
    // Of other users' processes, and of those that have just ended, nothing can be read.
    const environment = await fs.readFile(`/proc/${name}/environ`, "utf8").catch(() => "");
    if (environment.split("\0").includes(trace)) found.push(Number(name));
  }
  return found;
}

function kill(pid: number): void {
  try {
    process.kill(pid, "SIGKILL");
  } catch {
    // It has ended by itself.
  }
}

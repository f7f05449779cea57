import * as fs from "node:fs/promises";
import path from "node:path";
import { Failure } from "../model/index.ts";

interface Owner {
  readonly pid: number;
  /** What the system says of when that process began, so that a reused number is not taken for it. */
  readonly started: string;
  readonly what: string;
}

/**
 * Takes the project's lock; gives the function that frees it. A lock whose owner is dead is taken over.
 * @throws {Failure} `locked` naming the process that holds it.
 */
export async function takeLock(root: string, what: string): Promise<() => Promise<void>> {
  const file = path.join(root, ".redress", "lock");
  await fs.mkdir(path.dirname(file), { recursive: true });
  const own: Owner = { pid: process.pid, started: await startOf(process.pid), what };
  for (let attempt = 0; attempt < 5; attempt++) {
    try {
      await fs.writeFile(file, JSON.stringify(own), { flag: "wx" });
      return () => fs.rm(file, { force: true });
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== "EEXIST")
        throw new Failure(
          "storage",
          `cannot write ${file}`,
          "Check the permissions of the project's folder.",
          { cause: error },
        );
    }
    const owner = await readOwner(file);
    if (owner !== undefined && (await isAlive(owner)))
      throw new Failure(
        "locked",
        `process ${owner.pid} is at work on this project (${owner.what})`,
        "Wait until it has ended.",
      );
    // The owner is dead. Rename first: of two that see this only one gets it.
    const stale = `${file}.stale-${process.pid}-${attempt}`;
    await fs.rename(file, stale).then(
      () => fs.rm(stale, { force: true }),
      () => undefined,
    );
  }
  throw new Failure("locked", `${file} is contended`, "Try again.");
}

/** Whether a live process holds the project's lock. */
export async function isLocked(root: string): Promise<boolean> {
  const owner = await readOwner(path.join(root, ".redress", "lock"));
  return owner !== undefined && (await isAlive(owner));
}

async function readOwner(file: string): Promise<Owner | undefined> {
  try {
    const owner = JSON.parse(await fs.readFile(file, "utf8")) as Partial<Owner>;
    return typeof owner.pid === "number"
      ? { pid: owner.pid, started: owner.started ?? "", what: owner.what ?? "" }
      : undefined;
  } catch {
    return undefined;
  }
}

async function isAlive(owner: Owner): Promise<boolean> {
  try {
    process.kill(owner.pid, 0);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ESRCH") return false;
  }
  const started = await startOf(owner.pid);
  return started === "" || owner.started === "" || started === owner.started;
}

/** Linux: field 22 of /proc/PID/stat, clock ticks since boot. Empty elsewhere. */
async function startOf(pid: number): Promise<string> {
  const stat = await fs.readFile(`/proc/${pid}/stat`, "utf8").catch(() => "");
  return stat.slice(stat.lastIndexOf(")") + 2).split(" ")[19] ?? "";
}

import { randomBytes } from "node:crypto";
import * as fs from "node:fs/promises";
import path from "node:path";
import { Failure, reasonOf } from "../model/index.ts";
import { execute } from "../system/index.ts";

/** Who claims a project, so that a dead claimant and a reused process number are told apart from a live one. */
interface Claim {
  readonly pid: number;
  /** When that process began, as its system tells it. */
  readonly began: string;
  /** The machine, and the container on it, that the number belongs to. */
  readonly machine: string;
  readonly boot: string;
  readonly what: string;
}

/** How often two that claim at once step back before one is told to wait. */
const mostAttempts = 8;

/**
 * Takes the project's lock; gives the function that frees it. Each process writes a claim of its own and only then
 * looks for others, so that of two at most one goes on; the claim of a dead process is swept away.
 * @throws {Failure} `locked` naming the process that holds the project; `storage` when no claim can be written.
 */
export async function takeLock(root: string, what: string): Promise<() => Promise<void>> {
  // A claim must not be written through a link, into another folder.
  const state = await fs.lstat(path.join(root, ".redress")).catch(() => undefined);
  if (state?.isDirectory() === false)
    throw new Failure("storage", `${path.join(root, ".redress")} is no folder`, "Remove it, then try again.");
  const folder = path.join(root, ".redress", "locks");
  const own: Claim = { ...(await identify(process.pid)), what };
  const file = path.join(folder, `${process.pid}-${randomBytes(4).toString("hex")}.json`);
  const free = (): Promise<void> => fs.rm(file, { force: true });
  for (let attempt = 1; ; attempt++) {
    try {
      await fs.mkdir(folder, { recursive: true });
      // Written aside and renamed, so that nobody reads half a claim.
      await fs.writeFile(`${file}.new`, JSON.stringify(own), { flag: "w", flush: true });
      await fs.rename(`${file}.new`, file);
    } catch (error) {
      await fs.rm(`${file}.new`, { force: true }).catch(() => undefined);
      throw new Failure(
        "storage",
        `cannot write ${file}: ${reasonOf(error)}`,
        "Check space and permissions in the project's folder.",
        { cause: error },
      );
    }
    const holder = await otherHolder(folder, path.basename(file), own);
    if (holder === undefined) return free;
    await free();
    if (attempt === mostAttempts) throw lockedBy(holder, own, folder);
    await new Promise((resolve) => setTimeout(resolve, 20 + Math.random() * 60));
  }
}

function lockedBy(holder: Claim, own: Claim, folder: string): Failure {
  const elsewhere = holder.machine !== own.machine;
  return new Failure(
    "locked",
    `process ${holder.pid}${elsewhere ? " on another machine or in another container" : ""} is at work on this project (${holder.what})`,
    elsewhere
      ? `Wait until it has ended; if it is gone for good, empty ${folder}.`
      : "Wait until it has ended, or stop it.",
  );
}

/** A live claim that is not ours; dead ones are removed on the way (their names are never used again). */
async function otherHolder(folder: string, ownName: string, own: Claim): Promise<Claim | undefined> {
  for (const name of (await fs.readdir(folder)).sort()) {
    if (name === ownName || !name.endsWith(".json")) continue;
    const claim = await readClaim(path.join(folder, name));
    if (claim !== undefined && (await isAlive(claim, own))) return claim;
    await fs.rm(path.join(folder, name), { force: true });
  }
  return undefined;
}

async function readClaim(file: string): Promise<Claim | undefined> {
  try {
    const { pid, began, machine, boot, what } = JSON.parse(await fs.readFile(file, "utf8")) as Partial<Claim>;
    if (typeof pid !== "number" || pid <= 0) return undefined;
    return {
      pid,
      began: began ?? "",
      machine: machine ?? "",
      boot: boot ?? "",
      what: (what ?? "").slice(0, 100),
    };
  } catch {
    return undefined;
  }
}

async function isAlive(claim: Claim, own: Claim): Promise<boolean> {
  // Of another machine's or container's processes nothing can be known here.
  if (claim.machine !== own.machine) return true;
  if (claim.boot !== own.boot) return false;
  try {
    process.kill(claim.pid, 0);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ESRCH") return false;
  }
  return (await beganAt(claim.pid)) === claim.began;
}

async function identify(pid: number): Promise<Omit<Claim, "what">> {
  const text = (file: string): Promise<string> =>
    fs.readFile(file, "utf8").then(
      (content) => content.trim(),
      () => "",
    );
  const namespace = await fs.readlink("/proc/self/ns/pid").catch(() => "");
  return {
    pid,
    began: await beganAt(pid),
    machine: `${await text("/etc/machine-id")} ${namespace}`.trim(),
    boot: await text("/proc/sys/kernel/random/boot_id"),
  };
}

/** When a process began: field 22 of `/proc/PID/stat` (proc(5), clock ticks since boot), else what `ps` says. */
async function beganAt(pid: number): Promise<string> {
  const stat = await fs.readFile(`/proc/${pid}/stat`, "utf8").catch(() => undefined);
  if (stat !== undefined) return stat.slice(stat.lastIndexOf(")") + 2).split(" ")[19] ?? "";
  return execute(["ps", "-o", "lstart=", "-p", String(pid)], { cwd: "/", timeoutMs: 5000 }).then(
    (done) => done.stdout.trim(),
    () => "",
  );
}

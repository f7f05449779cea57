import * as fs from "node:fs/promises";

/**
 * Resident memory of all processes of a group, in bytes, as Linux counts it (pages that several share count in each);
 * `undefined` where the system does not tell.
 */
export async function residentBytes(group: number): Promise<number | undefined> {
  let sum: number | undefined;
  for (const name of await fs.readdir("/proc").catch(() => [])) {
    if (!/^\d+$/.test(name)) continue;
    // A process may end between two reads.
    const stat = await fs.readFile(`/proc/${name}/stat`, "utf8").catch(() => "");
    // The name, in brackets, may hold anything; behind it: state, parent, group.
    const [, , behind = ""] = /^(\d+) \(.*\) (.*)$/s.exec(stat) ?? [];
    if (Number(behind.split(" ")[2]) !== group) continue;
    const status = await fs.readFile(`/proc/${name}/status`, "utf8").catch(() => "");
    const resident = /^VmRSS:\s+(\d+) kB$/m.exec(status)?.[1];
    if (resident !== undefined) sum = (sum ?? 0) + Number(resident) * 1024;
  }
  return sum;
}

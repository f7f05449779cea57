import { execFileSync, spawnSync } from "node:child_process";
import * as fs from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";

/** A private PostgreSQL cluster that listens on a socket in its own folder only. */
export interface Cluster {
  /** Address of a database in it. */
  address(database: string): string;
  query(database: string, sql: string): string;
  stop(): void;
}

/** Where Debian puts the server's programs, newest first, and the PATH. */
function findServer(): string | undefined {
  const base = "/usr/lib/postgresql";
  const versions = fs.existsSync(base) ? fs.readdirSync(base).sort((a, b) => Number(b) - Number(a)) : [];
  return versions
    .map((version) => path.join(base, version, "bin"))
    .find((bin) => fs.existsSync(`${bin}/initdb`));
}

/** Starts a cluster; a reason where that cannot be. PostgreSQL refuses root, so that its own user is taken then. */
export function startPostgres(): Cluster | { readonly reason: string } {
  const bin = findServer();
  if (bin === undefined)
    return { reason: "PostgreSQL's server programs are not installed (apt-get install postgresql)" };
  const isRoot = process.getuid?.() === 0;
  const id = (flag: string): number =>
    Number(spawnSync("id", [flag, "postgres"], { encoding: "utf8" }).stdout.trim());
  const owner = isRoot ? { uid: id("-u"), gid: id("-g") } : {};
  if (isRoot && !(Number(owner.uid) > 0)) return { reason: "there is no user postgres to run the server as" };
  const folder = fs.mkdtempSync(path.join(tmpdir(), "redress-pg-"));
  if (isRoot) fs.chownSync(folder, Number(owner.uid), Number(owner.gid));
  const data = path.join(folder, "data");
  const run = (program: string, args: readonly string[]): void => {
    execFileSync(path.join(bin, program), args, { ...owner, cwd: folder, stdio: "ignore", timeout: 60_000 });
  };
  run("initdb", ["-D", data, "-A", "trust", "-U", "app", "--no-sync", "-E", "UTF8"]);
  const settings = `-c listen_addresses= -c unix_socket_directories=${folder} -c fsync=off`;
  run("pg_ctl", ["-D", data, "-w", "-o", settings, "-l", path.join(folder, "log"), "start"]);
  const psql = (database: string, sql: string): string =>
    execFileSync(
      "psql",
      ["-X", "-A", "-t", "-v", "ON_ERROR_STOP=1", "-h", folder, "-U", "app", "-d", database],
      {
        input: sql,
        encoding: "utf8",
      },
    ).trim();
  return {
    address: (database) => `postgresql://app@localhost/${database}?host=${encodeURIComponent(folder)}`,
    query: psql,
    stop: () => {
      run("pg_ctl", ["-D", data, "-m", "immediate", "stop"]);
      fs.rmSync(folder, { recursive: true, force: true });
    },
  };
}

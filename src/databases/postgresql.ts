import { Failure } from "../model/index.ts";
import { execute, lastLines } from "../system/index.ts";
import type { Database, Scratch, TableSurvey } from "./database.ts";

/** Longest time for a dump or a restore. */
const dumpTimeoutMs = 6 * 3_600_000;

/**
 * A PostgreSQL database by the address that an environment variable holds, e.g. `postgresql://user@host/name`. Passwords
 * go to PostgreSQL's own programs through their environment, never through their arguments.
 * @throws {Failure} `config` for an address that is none.
 */
export function openPostgresql(name: string, address: string, signal?: AbortSignal): Database {
  const url = parse(name, address);
  const env = environmentOf(url);
  const call = async (argv: readonly string[], stdin?: string): Promise<string> => {
    const done = await execute(argv, {
      cwd: "/",
      env,
      timeoutMs: dumpTimeoutMs,
      maxOutputBytes: 64_000_000,
      ...(stdin === undefined ? {} : { stdin }),
      ...(signal === undefined ? {} : { signal }),
    });
    if (done.code !== 0)
      throw new Failure(
        "tool",
        `${argv[0] ?? ""} of ${name} failed with exit code ${done.code ?? "none"}: ${lastLines(done.stderr)}`,
        "Its own words say why.",
      );
    return done.stdout;
  };
  const query = (sql: string): Promise<string> =>
    call(["psql", "-X", "-q", "-A", "-t", "-F", "\t", "-v", "ON_ERROR_STOP=1", "-f", "-"], sql);
  const dropScratch = async (scratch: string): Promise<void> => {
    requireScratchName(scratch);
    await query(`DROP DATABASE IF EXISTS ${scratch} WITH (FORCE);`);
  };
  return {
    name,
    kind: "postgresql",
    dropScratch,
    address: () => address,
    dump: async (file) => {
      await call(["pg_dump", "--format=custom", "--file", file]);
    },
    async restoreScratch(file, at) {
      requireScratchName(at.name);
      const there = withDatabase(url, at.name);
      const scratch: Scratch = {
        ...openPostgresql(name, there.href, signal),
        drop: () => dropScratch(at.name),
      };
      await query(`CREATE DATABASE ${at.name} TEMPLATE template0;`);
      try {
        await call([
          "pg_restore",
          "--no-owner",
          "--no-privileges",
          "--exit-on-error",
          "--dbname",
          at.name,
          file,
        ]);
      } catch (error) {
        await scratch.drop().catch(() => undefined);
        throw error;
      }
      return scratch;
    },
    restoreInPlace: async (file) => {
      const database = env["PGDATABASE"] ?? "";
      // What migrations added is in no dump: everything goes first, in the transaction that brings the old back.
      const own = (await query(ownSchemas)).split("\n").filter(Boolean);
      const sql = await call(["pg_restore", "--no-owner", "--no-privileges", "--file", "-", file]);
      const drops = own.map((schema) => `DROP SCHEMA ${schema} CASCADE;`).join("\n");
      await call(
        [
          "psql",
          "-X",
          "-q",
          "-v",
          "ON_ERROR_STOP=1",
          "--single-transaction",
          "--dbname",
          database,
          "-f",
          "-",
        ],
        `${drops}\nCREATE SCHEMA public;\nCOMMENT ON SCHEMA public IS 'standard public schema';\n${sql}`,
      );
    },
    survey: async () => (await query(surveySql)).split("\n").filter(Boolean).map(readTable),
    schema: async () =>
      normaliseSchema(await call(["pg_dump", "--schema-only", "--no-owner", "--no-privileges"])),
  };
}

/** A name that may stand in a statement as it is, and that no database of an application has. */
function requireScratchName(name: string): void {
  if (!/^redress_[a-z0-9_]{1,50}$/.test(name))
    throw new Failure("internal", `${name} is no name for a scratch database`);
}

function parse(name: string, address: string): URL {
  const url = URL.canParse(address) ? new URL(address) : undefined;
  if (
    url === undefined ||
    !/^postgres(?:ql)?(?:\+[a-z0-9]+)?:$/.test(url.protocol) ||
    url.pathname.length < 2
  )
    throw new Failure(
      "config",
      `the address of the database ${name} is not like postgresql://user@host/name`,
      "It is read from the environment variable that databases: in redress.yaml names.",
    );
  return url;
}

function withDatabase(url: URL, database: string): URL {
  const other = new URL(url.href);
  other.pathname = `/${database}`;
  return other;
}

/** libpq's variables for an address (PostgreSQL's manual, "Environment Variables"). */
function environmentOf(url: URL): Record<string, string> {
  const wanted: Record<string, string | null> = {
    PGHOST: url.searchParams.get("host") ?? decodeURIComponent(url.hostname),
    PGPORT: url.searchParams.get("port") ?? url.port,
    PGUSER: url.searchParams.get("user") ?? decodeURIComponent(url.username),
    PGPASSWORD: decodeURIComponent(url.password),
    PGDATABASE: decodeURIComponent(url.pathname.slice(1)),
    PGSSLMODE: url.searchParams.get("sslmode"),
    PGSSLROOTCERT: url.searchParams.get("sslrootcert"),
    PGAPPNAME: "redress",
  };
  return Object.fromEntries(
    Object.entries(wanted).flatMap(([key, value]) => (value === null || value === "" ? [] : [[key, value]])),
  );
}

const systemSchemas = "('pg_catalog', 'information_schema')";

const ownSchemas = `SELECT quote_ident(nspname) FROM pg_namespace
WHERE nspname NOT IN ${systemSchemas} AND nspname NOT LIKE 'pg\\_%' ORDER BY 1;`;

/** One query a table, made and executed by psql's \gexec: rows, and the sum of sixty bits of each row's MD5. */
const surveySql = `SELECT format(
  'SELECT %L, count(*), coalesce(sum((''x'' || substr(md5(t::text), 1, 15))::bit(60)::bigint), 0) FROM %I.%I t',
  schemaname || '.' || tablename, schemaname, tablename)
FROM pg_tables WHERE schemaname NOT IN ${systemSchemas} ORDER BY 1
\\gexec
`;

function readTable(line: string): TableSurvey {
  const [name = "", rows = "", checksum = ""] = line.split("\t");
  return { name, rows: Number(rows), checksum };
}

/** Without what changes from dump to dump: comments, settings, psql's own commands. */
function normaliseSchema(sql: string): string {
  return sql
    .split("\n")
    .filter((line) => line.trim() !== "" && !/^(?:--|SET |SELECT pg_catalog\.set_config|\\)/.test(line))
    .join("\n");
}

import { spawn, spawnSync } from "node:child_process";
import { generateKeyPairSync } from "node:crypto";
import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import type { TestContext } from "node:test";

/** The repository's root. */
export const repository = path.join(import.meta.dirname, "..", "..");

/** The shared data beside the repository, which a clone may not have. */
export const shared = path.join(repository, "..", "shared");

/** `false` where the shared data is there, else the reason to skip. */
export const withoutShared: string | false = existsSync(path.join(shared, "data"))
  ? false
  : "the shared data is not beside this clone";

/** A folder that goes with the test. */
export function scratch(context: TestContext): string {
  const folder = mkdtempSync(path.join(tmpdir(), "redress-test-"));
  context.after(() => {
    rmSync(folder, { recursive: true, force: true });
  });
  return folder;
}

/** Records are sealed with a key of the test's own: none is made in the home of whoever runs it. */
const signingKey = generateKeyPairSync("ed25519").privateKey.export({
  type: "pkcs8",
  format: "pem",
}) as string;

export interface Ran {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
  readonly seconds: number;
}

/** Runs the command line from its sources, as a person would. */
export async function redress(
  args: readonly string[],
  options: { cwd: string; env?: Record<string, string>; timeoutMs?: number },
): Promise<Ran> {
  const started = performance.now();
  const child = spawn(process.execPath, [path.join(repository, "src", "cli", "main.ts"), ...args], {
    cwd: options.cwd,
    env: {
      ...process.env,
      UV_PYTHON_DOWNLOADS: "never",
      NO_COLOR: "1",
      REDRESS_PRIVATE_KEY: signingKey,
      ...options.env,
    },
    stdio: ["ignore", "pipe", "pipe"],
  });
  const output = { stdout: "", stderr: "" };
  child.stdout.setEncoding("utf8").on("data", (text: string) => (output.stdout += text));
  child.stderr.setEncoding("utf8").on("data", (text: string) => (output.stderr += text));
  const timer = setTimeout(() => child.kill("SIGKILL"), options.timeoutMs ?? 120_000);
  const code = await new Promise<number | null>((resolve) => child.on("close", resolve));
  clearTimeout(timer);
  return { code, ...output, seconds: (performance.now() - started) / 1000 };
}

/** Runs a program that must succeed; gives its standard output. */
export function must(argv: readonly string[], cwd: string, env: Record<string, string> = {}): string {
  const [program = "", ...args] = argv;
  const ran = spawnSync(program, args, {
    cwd,
    encoding: "utf8",
    maxBuffer: 1 << 28,
    env: { ...process.env, UV_PYTHON_DOWNLOADS: "never", ...env },
  });
  if (ran.status !== 0)
    throw new Error(`${argv.join(" ")} failed: ${ran.error?.message ?? ran.stderr.slice(-2000)}`);
  return ran.stdout;
}

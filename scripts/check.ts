/**
 * `npm run check`: format, lint, types, rooms and unit tests, two at a time; prints what fails and how long each took.
 * Caches lie below node_modules, so that only what changed is looked at again; a fresh clone looks at everything.
 */
import { spawn } from "node:child_process";
import path from "node:path";

const repository = path.join(import.meta.dirname, "..");
const bin = (name: string): string => path.join(repository, "node_modules", ".bin", name);
const cache = (name: string): string => path.join("node_modules", ".cache", name);

const tasks: readonly { readonly name: string; readonly argv: readonly string[] }[] = [
  {
    name: "unit tests",
    argv: [
      process.execPath,
      "--test",
      "--test-isolation=none",
      "--test-reporter=dot",
      "src/**/*.test.ts",
      "test/*.test.ts",
    ],
  },
  {
    name: "lint",
    argv: [bin("eslint"), ".", "--max-warnings=0", "--cache", "--cache-location", cache("check/eslint")],
  },
  { name: "types", argv: [bin("tsc"), "--incremental", "--tsBuildInfoFile", cache("check/types")] },
  {
    name: "format",
    argv: [
      bin("prettier"),
      "--check",
      "--log-level=warn",
      "--cache",
      "--cache-location",
      cache("check/prettier"),
      ".",
    ],
  },
];

interface Checked {
  readonly name: string;
  readonly code: number;
  readonly output: string;
  readonly seconds: number;
}

async function check({ name, argv }: (typeof tasks)[number]): Promise<Checked> {
  const [program = "", ...args] = argv;
  const started = performance.now();
  const child = spawn(program, args, { cwd: repository, stdio: ["ignore", "pipe", "pipe"] });
  let output = "";
  for (const stream of [child.stdout, child.stderr])
    stream.setEncoding("utf8").on("data", (text: string) => (output += text));
  const code = await new Promise<number>((resolve) => {
    child.on("error", () => {
      resolve(127);
    });
    child.on("close", (status) => {
      resolve(status ?? 1);
    });
  });
  return { name, code, output, seconds: (performance.now() - started) / 1000 };
}

const queue = [...tasks];
const failed: string[] = [];
async function work(): Promise<void> {
  for (let task = queue.shift(); task !== undefined; task = queue.shift()) {
    const done = await check(task);
    process.stdout.write(`${done.code === 0 ? "✔" : "✖"} ${done.name} (${done.seconds.toFixed(1)} s)\n`);
    if (done.code !== 0) {
      failed.push(done.name);
      process.stdout.write(`${done.output}\n`);
    }
  }
}
await Promise.all([work(), work()]);
process.exitCode = failed.length > 0 ? 1 : 0;

/** `npm run acceptance -- NAME…`: whole cases on real environments; all of them without a name. */
import { spawnSync } from "node:child_process";
import { existsSync, globSync } from "node:fs";
import path from "node:path";

const folder = path.join(import.meta.dirname, "..", "test", "acceptance");
const names = process.argv.slice(2);
const files =
  names.length === 0 ? globSync("*.test.ts", { cwd: folder }) : names.map((name) => `${name}.test.ts`);
for (const file of files)
  if (!existsSync(path.join(folder, file))) {
    process.stderr.write(
      `there is no case ${file.replace(/\.test\.ts$/, "")}; there are: ${globSync("*.test.ts", { cwd: folder }).join(", ").replaceAll(".test.ts", "")}\n`,
    );
    process.exit(2);
  }
const { status } = spawnSync(
  process.execPath,
  ["--test", "--test-reporter=spec", ...files.map((file) => path.join(folder, file))],
  { stdio: "inherit", env: { ...process.env, REDRESS_ACCEPTANCE: "1" } },
);
process.exitCode = status ?? 1;

/** Applies the synthetic plan and kills itself with SIGKILL as soon as the given number of journal entries is written. */
import * as fs from "node:fs";
import type { Plan } from "../../src/model/index.ts";
import { applyPlan, disk, type Files } from "../../src/run/index.ts";
import { syntheticAt } from "./synthetic-project.ts";

const [folder = "", planFile = "", entries = ""] = process.argv.slice(2);
const project = syntheticAt(folder, JSON.parse(fs.readFileSync(planFile, "utf8")) as Plan);
let written = 0;
const files: Files = {
  ...disk,
  append: async (file, text, at) => {
    await disk.append(file, text, at);
    // The journal is begun with an empty append.
    if (text !== "" && ++written === Number(entries)) process.kill(process.pid, "SIGKILL");
  },
};
const run = await applyPlan(project.request(), project.ports({ files }));
process.stdout.write(run.state);

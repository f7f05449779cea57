/**
 * Fixes the projects of the corpus with both profiles and has the shared judge compare the results with those of other
 * tools. Needs `../shared/peers` and what its README names: Python interpreters, npm, uv, and osv-scanner on the PATH or
 * named by OSV_SCANNER. Run `npm run bench:efficacy [-- npm|python] [PROJECT…]`; WORK names the folder for copies.
 */
import { measure, prepare } from "./harness.ts";
import { npm } from "./npm.ts";
import { python } from "./python.ts";

const [half, ...rest] = process.argv.slice(2);
const isHalf = half === npm.kind || half === python.kind;
const projects = isHalf ? rest : process.argv.slice(2);
const known = new Set([...npm.subjects, ...python.subjects].map(({ name }) => name));
const unknown = projects.filter((name) => !known.has(name));
if (unknown.length > 0) {
  console.error(`there is no project ${unknown.join(", ")}; there are: ${[...known].join(", ")}`);
  process.exitCode = 2;
} else {
  const lacking = prepare();
  if (lacking !== undefined) console.log(`skipped: ${lacking}`);
  else {
    if (half !== python.kind) measure(npm, projects);
    if (half !== npm.kind) measure(python, projects);
  }
}

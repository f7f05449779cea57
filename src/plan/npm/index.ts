/** Plans npm projects: which set of versions leaves the least, breaks the least, moves the least. */
export { planNpm } from "./plan-npm.ts";

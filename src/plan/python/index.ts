/** The best version set of a Python project, as a plan. */
export { planPython } from "./plan-python.ts";

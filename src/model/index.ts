/** The nouns: plain read-only values that every room passes to the next. No I/O, no clock. */
export * from "./advisory.ts";
export * from "./deployment.ts";
export * from "./evidence.ts";
export * from "./failure.ts";
export * from "./finding.ts";
export * from "./gates.ts";
export * from "./inventory.ts";
export * from "./plan.ts";
export * from "./policy.ts";
export * from "./release.ts";
export * from "./run.ts";
export * from "./scan.ts";
export * from "./words.ts";

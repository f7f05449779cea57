/** Effects: files, programs, HTTP, time, progress. The only room that touches Node's own. */
export * from "./concurrency.ts";
export * from "./execute.ts";
export * from "./files.ts";
export * from "./http.ts";
export * from "./launch.ts";
export * from "./mask.ts";
export * from "./probe.ts";
export * from "./programs.ts";
export * from "./progress.ts";
export * from "./resident-memory.ts";
export * from "./user-python.ts";
export * from "./young-memory.ts";

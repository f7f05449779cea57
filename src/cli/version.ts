import { readFileSync } from "node:fs";

/** This Redress' version, from its package manifest. */
export function toolVersion(): string {
  const manifest = readFileSync(new URL("../../package.json", import.meta.url), "utf8");
  return (JSON.parse(manifest) as { version: string }).version;
}

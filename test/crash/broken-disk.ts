import * as fs from "node:fs";
import type { Files } from "../../src/run/index.ts";

/** How one call is broken. */
export type Break =
  /** The call fails, the next one works again. */
  | { readonly kind: "fails"; readonly code: string }
  /** The call writes a part and fails (what a full disk does). */
  | { readonly kind: "part"; readonly code: string }
  /** Nothing works from this call on: as if the process had been killed before it, and after the one before. */
  | { readonly kind: "killed" };

const changing = [
  "makeFolder",
  "write",
  "append",
  "rename",
  "remove",
  "setTime",
  "setOwner",
  "sync",
  "clone",
] as const satisfies readonly (keyof Files)[];

type Act = (...args: unknown[]) => Promise<void>;

/** A disk whose `at`th changing call (from 1) breaks; `calls()` says how many there were. */
export function breakDisk(
  real: Files,
  at: number,
  how: Break,
): { files: Files; calls: () => readonly string[] } {
  const calls: string[] = [];
  const failure = (code: string, name: string): Error =>
    Object.assign(new Error(`${code}: ${name}`), { code });
  const wrapped: Partial<Record<keyof Files, Act>> = {};
  for (const name of changing) {
    const act = real[name].bind(real) as Act;
    wrapped[name] = async (...args) => {
      const counts = how.kind !== "part" || name === "write" || name === "append";
      if (counts) calls.push(name);
      if (calls.length >= at && how.kind === "killed") throw failure("EKILLED", name);
      if (!counts || calls.length !== at) {
        await act(...args);
        return;
      }
      if (how.kind === "part") writePart(name, args);
      throw failure(how.kind === "killed" ? "EKILLED" : how.code, name);
    };
  }
  return { files: { ...real, ...(wrapped as unknown as Partial<Files>) }, calls: () => calls };
}

function writePart(name: (typeof changing)[number], args: unknown[]): void {
  const [file, content, at] = args;
  if (typeof file !== "string") return;
  const text =
    typeof content === "string" || content instanceof Uint8Array ? Buffer.from(content) : undefined;
  if (text === undefined) return;
  const half = text.subarray(0, Math.ceil(text.length / 2));
  if (name === "write") fs.writeFileSync(file, half);
  if (name === "append") {
    const handle = fs.openSync(file, "r+");
    fs.ftruncateSync(handle, Number(at));
    fs.writeSync(handle, half, 0, half.length, Number(at));
    fs.closeSync(handle);
  }
}

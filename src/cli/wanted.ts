import { Failure } from "../model/index.ts";
import type { ProposeOptions } from "../pipeline/index.ts";

/** `--package` and `--alone`, as given. */
export interface WantedOptions {
  readonly package?: readonly string[];
  readonly alone?: boolean;
}

/**
 * What a plan is asked for: names, and of `NAME@VERSION` the version too.
 * @throws {Failure} `usage` for an empty name or version, and for `--alone` by itself
 */
export function readWanted({
  package: given,
  alone,
}: WantedOptions): Pick<ProposeOptions, "packages" | "targets" | "alone"> {
  if (given === undefined) {
    if (alone === true)
      throw new Failure("usage", "--alone needs --package", "Name the packages that may move.");
    return {};
  }
  const targets = new Map<string, string>();
  const packages = given.map((one) => {
    // A scope begins with the same sign.
    const at = one.indexOf("@", 1);
    const name = at < 0 ? one : one.slice(0, at);
    if (name === "" || at === one.length - 1)
      throw new Failure("usage", `${one} names no package and version`, "Write NAME or NAME@VERSION.");
    if (at > 0) targets.set(name, one.slice(at + 1));
    return name;
  });
  return { packages, ...(targets.size === 0 ? {} : { targets }), ...(alone === true ? { alone } : {}) };
}

import type { Ecosystem } from "../model/index.ts";

const plain = /^[\w.-]*$/;
const encode = (part: string): string => (plain.test(part) ? part : encodeURIComponent(part));

/** Package URL of a release (purl-spec); `name` is in the form of `Component.name`. */
export function purlOf(ecosystem: Ecosystem, name: string, version: string): string {
  const slash = name.indexOf("/");
  const path = slash < 0 ? encode(name) : `${encode(name.slice(0, slash))}/${encode(name.slice(slash + 1))}`;
  return `pkg:${ecosystem === "PyPI" ? "pypi" : "npm"}/${path}@${encode(version)}`;
}

const npmName = /^(?:@[\w.~!'()*-]{1,128}\/)?(?!\.)[\w.~!'()*-]{1,214}$/;
const pypiName = /^[A-Za-z0-9](?:[A-Za-z0-9._-]{0,212}[A-Za-z0-9])?$/;

/** Whether a name is one that the ecosystem's index could hold: others never reach a path or an address. */
export function isPackageName(ecosystem: Ecosystem, name: string): boolean {
  return ecosystem === "PyPI" ? pypiName.test(name) : npmName.test(name);
}

/** Whether a text could be a version at all: short, printable, without blanks and quotes. */
export function isVersionText(version: string): boolean {
  return version.length <= 256 && /^[\w.+!~-]+$/.test(version);
}

import type { Requirement } from "../model/index.ts";
import { parseRequirement } from "../versions/index.ts";
import { requirementFrom } from "./python-metadata.ts";

/**
 * The requirements in an sdist's `*.egg-info/requires.txt`, which setuptools writes where the archive is made: plain
 * lines, then sections `[extra]`, `[:marker]` and `[extra:marker]`. A hint only: a build elsewhere may say otherwise.
 */
export function parseEggRequires(text: string): readonly Requirement[] {
  const requires: Requirement[] = [];
  let condition: string | undefined;
  for (const raw of text.split(/\r?\n/)) {
    const line = raw.trim();
    if (line === "" || line.startsWith("#")) continue;
    const section = /^\[([^\]:]*)(?::(.*))?\]$/.exec(line);
    if (section !== null) {
      const [, extra = "", marker = ""] = section;
      const parts = [
        ...(marker.trim() === "" ? [] : [`(${marker.trim()})`]),
        ...(extra.trim() === "" ? [] : [`extra == "${extra.trim()}"`]),
      ];
      condition = parts.length === 0 ? undefined : parts.join(" and ");
      continue;
    }
    const parsed = parseRequirement(condition === undefined ? line : `${line} ; ${condition}`);
    if (!("error" in parsed)) requires.push(requirementFrom(parsed));
  }
  return requires;
}

import { normaliseName, type Project, type Refusal } from "../model/index.ts";
import { orderOf } from "../versions/index.ts";
import type { PinSet } from "./python-pins.ts";
import type { EditedPhase } from "./settle-python.ts";
import type { Compiled } from "./uv-compile.ts";

/** What uv has chosen for one phase, and what it is held against. */
export interface Choice {
  readonly project: Project;
  readonly phase: EditedPhase;
  readonly set: PinSet;
  /** Normalised names of the packages that the plan touches. */
  readonly moved: ReadonlySet<string>;
  /** Packages that the index does not judge → why. */
  readonly unjudged: ReadonlyMap<string, string>;
  readonly compiled: Compiled & { readonly state: "resolved" };
}

/**
 * What came out against what was to come out: refusals where it differs, and names that are required and absent, but were
 * so before.
 */
export function compareChoice({ project, phase, set, moved, unjudged, compiled }: Choice): {
  readonly refusals: Refusal[];
  readonly tolerated: ReadonlySet<string>;
} {
  const order = orderOf("PyPI");
  const refusals: Refusal[] = [];
  const tolerated = new Set<string>();
  const pinned = pinnedNames(phase.texts);
  // What no file pins is the installer's own choice whenever it installs: only `observed` can say what that is.
  const wanted =
    project.environment === undefined
      ? new Map(
          phase.upgrades.flatMap(({ package: name, from, to }) =>
            to === null || (from === null && !pinned.has(name)) ? [] : [[name, to] as const],
          ),
        )
      : set.pins;
  for (const [name, version] of wanted) {
    const found = compiled.versions.get(name);
    if (unjudged.has(name) || (found !== undefined && order.compare(found, version) === 0)) continue;
    const instead = found === undefined ? "leaves it out" : `chooses ${found}`;
    refusals.push({
      project: project.path,
      package: name,
      version,
      reason: `${name} ${version} was planned, but uv ${instead}`,
    });
  }
  if (project.environment === undefined) return { refusals, tolerated };
  for (const [name, version] of compiled.versions) {
    if (wanted.has(name) || unjudged.has(name)) continue;
    const dependents = compiled.via.get(name) ?? [];
    const from = dependents.find((one) => moved.has(one));
    // Nothing that requires it has moved, so it was just as absent before.
    if (from === undefined && !moved.has(name) && dependents.length > 0) tolerated.add(name);
    else
      refusals.push({
        project: project.path,
        requirement: {
          from: from === undefined ? "" : `${from}@${wanted.get(from) ?? ""}`,
          name,
          range: "",
        },
        reason: `uv adds ${name} ${version}${from === undefined ? "" : `, which ${from} requires`}, and the plan does not`,
      });
  }
  return { refusals, tolerated };
}

/** Normalised names of the `==` lines of some requirements files. */
function pinnedNames(texts: ReadonlyMap<string, string>): ReadonlySet<string> {
  const names = new Set<string>();
  for (const text of texts.values())
    for (const [, name = ""] of text.matchAll(/^[ \t]*([A-Za-z0-9][A-Za-z0-9._-]*)(?:\[[^\]]*\])?[ \t]*==/gm))
      names.add(normaliseName("PyPI", name));
  return names;
}

import type { Plan, Scan } from "../model/index.ts";
import type { Setting } from "./setting.ts";
import { look } from "./look.ts";
import { type ProposeOptions, changeable, type Drafting, type Draft, draftFor, readOnly } from "./draft.ts";
import { assemble } from "./assemble.ts";
import { withTargets } from "./targets.ts";
import { wishesFor, withWishes } from "./wishes.ts";

/** A plan with the scan it was made from. */
export interface Proposal {
  readonly plan: Plan;
  readonly scan: Scan;
}

/**
 * The best plan that the package managers accept. Nothing of the project is touched.
 * @throws {Failure} `unavailable` when the package index does not answer.
 */
export async function propose(setting: Setting, options: ProposeOptions): Promise<Proposal> {
  const seen = await look(setting);
  const drafting: Drafting = { setting: withTargets(setting, options), seen, options, asked: [] };
  try {
    const drafts: Draft[] = [];
    for (const project of seen.inventory.projects) {
      const isWished = wishesFor(project, drafting).length > 0;
      if (!isWished && !seen.findings.some((finding) => finding.project === project.path)) continue;
      if (!changeable.has(project.manager)) {
        drafts.push({ project, plan: readOnly(project, seen), settled: null });
        continue;
      }
      drafts.push(await withWishes(await draftFor(project, drafting), drafting));
    }
    return { plan: await assemble(drafts, drafting), scan: drafting.seen.scan };
  } finally {
    seen.base.close();
  }
}

import path from "node:path";
import type { Work } from "./carry-out.ts";
import { relocateEnvironment } from "./environment.ts";
import { isInside } from "../system/index.ts";
import type { Files } from "./files.ts";
import { sharing } from "./swap.ts";

/**
 * A second copy of the scratch tree with its environments, made while they still hold the old versions. Environments
 * share their content with the first copy by hard links, which installers replace rather than write into.
 */
export async function keepOldVersions(work: Work, scratch: string): Promise<Work> {
  const { site, ports } = work;
  const place = path.join(scratch, "old");
  const tree = path.join(place, path.basename(work.tree));
  const step = ports.progress.step("Keeping the old versions beside, to measure against");
  const signal = ports.signal === undefined ? {} : { signal: ports.signal };
  const inTree = [...new Set(work.environments.values())]
    .filter((environment) => isInside(work.tree, environment))
    .map((environment) => path.relative(work.tree, environment));
  const environmentIn = (relative: string): string | undefined =>
    inTree.find((one) => isInside(one, relative));
  try {
    await site.files.clone({
      from: work.tree,
      to: tree,
      how: (relative) => {
        const own = environmentIn(relative);
        return own === undefined ? "copy" : sharing(path.relative(own, relative));
      },
      copies: [{ from: work.tree, to: tree }],
      ...signal,
    });
    const environments = new Map<string, string>();
    for (const [key, environment] of work.environments) {
      let kept = path.join(tree, path.relative(work.tree, environment));
      if (!isInside(work.tree, environment)) {
        kept = path.join(place, "environments", path.basename(environment));
        await site.files.clone({ from: environment, to: kept, how: sharing, ...signal });
      }
      environments.set(key, kept);
      if (key.startsWith("PyPI:"))
        await relocateEnvironment({ from: environment, to: kept, fromRoot: work.tree, toRoot: tree });
    }
    const bytecode = path.join(place, "bytecode");
    if (work.bytecode !== undefined)
      await keepBytecode(site.files, { ...work, bytecode: work.bytecode }, { tree, bytecode });
    return { ...work, tree, environments, bytecode };
  } finally {
    step.done();
  }
}

/**
 * Keeps what was compiled while the old versions were tested, or each side's first start would be the only slow one. Python
 * keeps bytecode under the whole path of its source (`sys.pycache_prefix`).
 */
async function keepBytecode(
  files: Files,
  from: { readonly tree: string; readonly bytecode: string },
  to: { readonly tree: string; readonly bytecode: string },
): Promise<void> {
  if ((await files.look(from.bytecode)) === undefined) return;
  await files.clone({ from: from.bytecode, to: to.bytecode, how: () => "link" });
  const ofTree = path.join(to.bytecode, from.tree);
  if ((await files.look(ofTree)) === undefined) return;
  await files.makeFolder(path.dirname(path.join(to.bytecode, to.tree)));
  await files.rename(ofTree, path.join(to.bytecode, to.tree));
}

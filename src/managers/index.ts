/** Package managers' files as pure adapters: text in, inventory out; upgrades in, edited text out. */
import { bun } from "./bun/bun.ts";
import { conda } from "./conda/conda.ts";
import { npm } from "./npm/npm.ts";
import type { PackageManager } from "./package-manager.ts";
import { pip } from "./pip/pip.ts";
import { pnpm } from "./pnpm/pnpm.ts";
import { pdm, pipenv, poetry, uv } from "./python-locks/managers.ts";
import { sboms } from "./sbom/sbom.ts";
import { yarn } from "./yarn/yarn.ts";

export {
  exactList,
  installListArgv,
  installLockfileArgv,
  installManifestArgv,
  makeEnvironmentArgv,
  rebuildArgv,
  uninstallArgv,
  type NodeInstaller,
  type PythonInstaller,
} from "./install.ts";
export { tooDeepLine } from "./nesting.ts";
export { nodeVersionOf } from "./npm/target.ts";
export { joinNodeModules, readInstalledNodeModules, type InstalledTexts } from "./npm/read-installed.ts";
export type { PackageManager, Reading } from "./package-manager.ts";
export { folderOf, joinPath } from "./paths.ts";
export { readDistributions, type Distribution, type DistributionTexts } from "./pip/distributions.ts";
export { joinEnvironment } from "./pip/join-environment.ts";

/** Every adapter; where two claim a file, the first one reads it. */
export const managers: readonly PackageManager[] = [
  npm,
  yarn,
  pnpm,
  bun,
  uv,
  poetry,
  pdm,
  pipenv,
  pip,
  ...sboms,
  conda,
];

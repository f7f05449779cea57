import { Failure } from "../../model/index.ts";
import { isOverride } from "../npm/edit-manifest.ts";
import { editWithRules } from "../npm/edit-resolutions.ts";
import type { PackageManager } from "../package-manager.ts";
import { fileNameOf, folderOf, joinPath } from "../paths.ts";
import { readPnpm } from "./read-pnpm.ts";

/** pnpm. Its rules stand in the manifest's `pnpm.overrides`, where no workspace file has any. */
export const pnpm: PackageManager = {
  id: "pnpm",
  ecosystem: "npm",
  claims: (path) => fileNameOf(path) === "pnpm-lock.yaml",
  read: readPnpm,
  edit: (files, project, upgrades, installed = []) => {
    const workspace = joinPath(folderOf(project.files[0] ?? ""), "pnpm-workspace.yaml") ?? "";
    const text = files.get(workspace) ?? "";
    if (upgrades.some(isOverride) && /^["']?overrides["']?\s*:/m.test(text))
      throw new Failure(
        "conflict",
        `${workspace} has overrides of its own, which are not edited`,
        "Add the override there by hand.",
      );
    return editWithRules(
      files,
      { project, upgrades, installed },
      { section: ["pnpm", "overrides"], key: (key) => key },
    );
  },
};

import { Failure } from "../../model/index.ts";
import { editWithRules } from "../npm/edit-resolutions.ts";
import type { PackageManager } from "../package-manager.ts";
import { fileNameOf } from "../paths.ts";
import { readYarn } from "./read-yarn.ts";

/** yarn 1 and yarn 2 and later. Rules stand in the root manifest's `resolutions`. */
export const yarn: PackageManager = {
  id: "yarn",
  ecosystem: "npm",
  claims: (path) => fileNameOf(path) === "yarn.lock",
  read: readYarn,
  edit: (files, project, upgrades, installed = []) => {
    const isBerry = files.get(project.files[0] ?? "")?.includes("__metadata:") === true;
    return editWithRules(
      files,
      { project, upgrades, installed },
      { section: ["resolutions"], key: isBerry ? berryKey : classicKey },
    );
  },
};

/** yarn 2 and later names the requirement as its lockfile does: `name@npm:range`. */
function berryKey(key: string): string {
  const at = key.indexOf("@", 1);
  return at < 0 ? key : `${key.slice(0, at)}@npm:${key.slice(at + 1)}`;
}

/** yarn 1 knows rules for all requirements on a package only. */
function classicKey(key: string): string {
  if (!key.includes("@", 1)) return key;
  throw new Failure(
    "conflict",
    `yarn 1 cannot serve ${key} by another version and leave the other requirements on that package`,
    "Move to a newer yarn, or to a parent that asks for a newer version.",
  );
}

import { editManifests } from "../npm/edit-manifest.ts";
import type { PackageManager } from "../package-manager.ts";
import { fileNameOf } from "../paths.ts";
import { readYarn } from "./read-yarn.ts";

/** yarn 1 and yarn 2 and later. */
export const yarn: PackageManager = {
  id: "yarn",
  ecosystem: "npm",
  claims: (path) => fileNameOf(path) === "yarn.lock",
  read: readYarn,
  edit: editManifests,
};

import { fileNameOf } from "../paths.ts";
import type { PackageManager } from "../package-manager.ts";
import { editManifests } from "./edit-manifest.ts";
import { readLockfile } from "./read-lockfile.ts";
import { readManifestAlone } from "./read-manifest.ts";

const lockfiles = new Set(["package-lock.json", "npm-shrinkwrap.json"]);

/** npm: `package-lock.json`, `npm-shrinkwrap.json`, and a `package.json` that nothing locks. */
export const npm: PackageManager = {
  id: "npm",
  ecosystem: "npm",
  claims: (path) => lockfiles.has(fileNameOf(path)) || fileNameOf(path) === "package.json",
  read: (entry, files, target, path) =>
    fileNameOf(entry) === "package.json"
      ? readManifestAlone(entry, files, target, path)
      : readLockfile(entry, files, target, path),
  edit: editManifests,
};

import { editManifests } from "../npm/edit-manifest.ts";
import type { PackageManager } from "../package-manager.ts";
import { fileNameOf } from "../paths.ts";
import { readPnpm } from "./read-pnpm.ts";

/** pnpm. */
export const pnpm: PackageManager = {
  id: "pnpm",
  ecosystem: "npm",
  claims: (path) => fileNameOf(path) === "pnpm-lock.yaml",
  read: readPnpm,
  edit: editManifests,
};

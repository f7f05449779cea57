import type { Ecosystem } from "../../model/index.ts";
import type { PackageManager } from "../package-manager.ts";
import { fileNameOf } from "../paths.ts";
import { readSbom } from "./read-sbom.ts";

const named = /^(?:bom|sbom|.*\.cdx|.*\.spdx3?|.*[-_.]s?bom|s?bom[-_.].*)\.json(?:ld)?$/i;

/** A bill of materials holds packages of several ecosystems: each adapter reads its own. */
const sbomOf = (ecosystem: Ecosystem): PackageManager => ({
  id: "sbom",
  ecosystem,
  claims: (path) => named.test(fileNameOf(path)),
  read: (entry, files, target, path) =>
    readSbom(ecosystem, { entry, files, target, ...(path === undefined ? {} : { path }) }),
  edit: () => new Map(),
});

export const sboms: readonly PackageManager[] = [sbomOf("npm"), sbomOf("PyPI")];

import { Failure } from "../../model/index.ts";
import { fileNameOf } from "../paths.ts";
import type { PackageManager } from "../package-manager.ts";
import { readPyprojectAlone } from "../python-locks/managers.ts";
import { readTomlLock } from "../python-locks/read-toml-lock.ts";
import { editRequirements } from "./edit-requirements.ts";
import { readRequirements } from "./read-requirements.ts";

const named = /^(?:.*[-_.])?requirements?(?:[-_.\d].*)?\.txt$/i;
const inFolder = /(?:^|\/)requirements\/[^/]+\.txt$/i;
const isPylock = (path: string): boolean => /^pylock(?:\.[^.]+)?\.toml$/.test(fileNameOf(path));
const isPyproject = (path: string): boolean => fileNameOf(path) === "pyproject.toml";

/**
 * pip: requirements files by their usual names (any other is read when it is given by hand), `pylock.toml` (PEP 751),
 * and a `pyproject.toml` that nothing locks. Only requirements files are edited.
 */
export const pip: PackageManager = {
  id: "pip",
  ecosystem: "PyPI",
  claims: (path) =>
    isPylock(path) ||
    isPyproject(path) ||
    ((named.test(fileNameOf(path)) || inFolder.test(path)) && !/constraints?/i.test(fileNameOf(path))),
  read: (entry, files, target, path) =>
    isPylock(entry)
      ? readTomlLock("pip", { entry, files, target, ...(path === undefined ? {} : { path }) })
      : isPyproject(entry)
        ? readPyprojectAlone(entry, files, target, path)
        : readRequirements(entry, files, target, path),
  edit: (files, project, upgrades, installed) => {
    const [entry] = project.files;
    if (entry !== undefined && upgrades.length > 0 && (isPylock(entry) || isPyproject(entry)))
      throw new Failure(
        "conflict",
        `${entry} is not edited: it is written by another tool or names no versions`,
        "Lock the project with uv, poetry or pdm, or compile a requirements file, then plan again.",
      );
    return editRequirements(files, project, upgrades, installed);
  },
};

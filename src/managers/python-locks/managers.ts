import type { Target } from "../../model/index.ts";
import { needing, type PackageManager, type Reading } from "../package-manager.ts";
import { fileNameOf, folderOf } from "../paths.ts";
import { editTomlRequirements } from "./edit-requirements-toml.ts";
import { readPipfile } from "./read-pipfile.ts";
import { readPyproject } from "./pyproject.ts";
import { joinPythonLock } from "./python-lock.ts";
import { readTomlLock } from "./read-toml-lock.ts";

const tomlLock = (id: "poetry" | "pdm" | "uv", file: string): PackageManager => ({
  id,
  ecosystem: "PyPI",
  claims: (path) => fileNameOf(path) === file,
  read: (entry, files, target, path) =>
    readTomlLock(id, { entry, files, target, ...(path === undefined ? {} : { path }) }),
  edit: editTomlRequirements,
});

export const poetry = tomlLock("poetry", "poetry.lock");
export const pdm = tomlLock("pdm", "pdm.lock");
export const uv = tomlLock("uv", "uv.lock");

export const pipenv: PackageManager = {
  id: "pipenv",
  ecosystem: "PyPI",
  claims: (path) => fileNameOf(path) === "Pipfile.lock",
  read: readPipfile,
  edit: editTomlRequirements,
};

/** A `pyproject.toml` that nothing locks: its ranges, said to be unresolved. */
export function readPyprojectAlone(
  entry: string,
  files: ReadonlyMap<string, string>,
  target: Target,
  path = folderOf(entry),
): Reading {
  const text = files.get(entry);
  if (text === undefined) return needing([entry]);
  const read = readPyproject(entry, text);
  if (read.roots.length === 0) return { ...needing([]), unread: read.unread };
  return joinPythonLock({
    entry,
    path,
    manager: "pip",
    files: [entry],
    target,
    packages: [],
    roots: read.roots,
    unread: read.unread,
  });
}

import path from "node:path";
import { Failure, type Ecosystem } from "../model/index.ts";
import type { Setting } from "./advisory-request.ts";
import type { OnlineSourceId } from "./advisory-source.ts";
import { exportFile, readFetched } from "./cached-files.ts";

/** A source on this machine, to be opened. */
export interface Place {
  readonly id: string;
  readonly path: string;
  readonly fetchedAt?: string;
}

/** A service to be asked, of some ecosystems only where another source serves the rest. */
export interface Service {
  readonly online: OnlineSourceId;
  readonly only?: readonly Ecosystem[];
}

const isOnline = (source: string): source is OnlineSourceId => ["osv", "npm", "pypi"].includes(source);

/** The sources asked for; by default, for each ecosystem in use, its cached export, else OSV's API. */
export function chooseSources(setting: Setting): (Place | Service)[] {
  if (setting.sources.length > 0) {
    const paths = setting.sources.filter((source) => !isOnline(source));
    return [...new Set(setting.sources)].map((source) =>
      isOnline(source) ? { online: source } : { id: idOf(source, paths), path: source },
    );
  }
  const used = new Set(setting.packages?.map((one) => one.ecosystem) ?? (["npm", "PyPI"] as const));
  const exports = [...used].sort().map((ecosystem) => {
    const file = exportFile(ecosystem, setting.endpoints, setting.folder);
    return { ecosystem, file, kept: readFetched(file) };
  });
  const isAnyKept = exports.some(({ kept }) => kept !== undefined);
  if (setting.offline === true && setting.packages === undefined && !isAnyKept)
    throw new Failure(
      "unavailable",
      "no advisories are kept on this machine",
      "Run redress advisories update, or name a file or folder with --advisories.",
    );
  const lacking =
    setting.packages === undefined && isAnyKept
      ? []
      : exports.flatMap(({ ecosystem, kept }) => (kept === undefined ? [ecosystem] : []));
  return [
    ...exports.flatMap(({ file, kept }) =>
      kept === undefined ? [] : [{ id: file.id, path: file.path, fetchedAt: kept.fetchedAt }],
    ),
    ...(lacking.length > 0 ? [{ online: "osv" as const, only: lacking }] : []),
  ];
}

/** A path's last part, with as many before it as it takes to tell the sources apart. */
function idOf(source: string, all: readonly string[]): string {
  const parts = (file: string): string[] => path.resolve(file).split(path.sep).filter(Boolean);
  const own = parts(source);
  for (let count = 1; count < own.length; count++) {
    const id = own.slice(-count).join("/");
    const same = all.filter((other) => parts(other).slice(-count).join("/") === id);
    if (new Set(same.map((other) => path.resolve(other))).size === 1) return id;
  }
  return own.join("/");
}

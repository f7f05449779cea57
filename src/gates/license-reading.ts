import * as fs from "node:fs/promises";
import path from "node:path";
import { normaliseName, type Component, type Inventory, type Upgrade } from "../model/index.ts";
import { isInside, readText } from "../system/index.ts";
import type { Bench } from "./bench.ts";
import { toSpdx } from "./license-names.ts";

/** A package version of a project; `version: null` for one that is not there. */
export type Wanted = Pick<Upgrade, "project" | "ecosystem" | "package"> & { readonly version: string | null };

/** The name of a package version in maps of licenses. */
export const licenseKey = ({ project, ecosystem, package: name, version }: Wanted): string =>
  `${project}|${ecosystem}|${name}@${version ?? ""}`;

/**
 * The SPDX expressions that package versions declare, from what is installed, else from the lockfile; `undefined`
 * where they declare none that can be understood.
 */
export async function readLicenses(
  wanted: readonly Wanted[],
  of: { readonly bench: Bench; readonly inventory: Inventory },
): Promise<Map<string, string | undefined>> {
  const licenses = new Map<string, string | undefined>();
  const sites = new Map<string, Promise<Map<string, string>>>();
  const locks = new Map<string, Promise<Packages>>();
  const once = <T>(memory: Map<string, Promise<T>>, key: string, read: () => Promise<T>): Promise<T> => {
    const known = memory.get(key) ?? read();
    memory.set(key, known);
    return known;
  };
  for (const one of wanted) {
    if (one.version === null) continue;
    const home = of.bench.homes.find(
      ({ project, ecosystem }) => project === one.project && ecosystem === one.ecosystem,
    );
    let written: string | undefined;
    if (one.ecosystem === "PyPI") {
      if (home === undefined) continue;
      const site = await once(sites, home.environment, () => distributionsOf(home.environment));
      const folder = site.get(`${one.package}@${one.version}`);
      written = folder === undefined ? undefined : await declaredByWheel(folder);
    } else {
      const project = of.inventory.projects.find(
        (candidate) => candidate.path === one.project && candidate.ecosystem === one.ecosystem,
      );
      const lockfile = path.join(of.bench.root, project?.files[0] ?? "package-lock.json");
      const packages = await once(locks, lockfile, () => packagesOf(lockfile));
      written = await declaredByPackage(placesOf(one, of.inventory), path.dirname(lockfile), packages);
    }
    licenses.set(licenseKey(one), written === undefined ? undefined : toSpdx(written));
  }
  return licenses;
}

/** Folders of metadata by `name@version`. */
async function distributionsOf(environment: string): Promise<Map<string, string>> {
  const found = new Map<string, string>();
  const library = path.join(environment, "lib");
  const sites = (await fs.readdir(library).catch(() => [])).map((name) =>
    path.join(library, name, "site-packages"),
  );
  for (const site of [...sites, path.join(environment, "Lib", "site-packages")])
    for (const name of await fs.readdir(site).catch(() => [])) {
      const [, own, version] = /^(.+?)-([^-]+)\.dist-info$/.exec(name) ?? [];
      if (own !== undefined && version !== undefined)
        found.set(`${normaliseName("PyPI", own)}@${version}`, path.join(site, name));
    }
  return found;
}

/** Core metadata: `License-Expression` (PEP 639), else the classifiers, else a short `License`. */
async function declaredByWheel(folder: string): Promise<string | undefined> {
  const text = await readText(path.join(folder, "METADATA")).catch(() => "");
  const [head = ""] = text.slice(0, 1_000_000).replaceAll("\r\n", "\n").split("\n\n");
  const all = (name: string): string[] =>
    [...head.matchAll(new RegExp(`^${name}:[ \\t]*(.+)$`, "gim"))].map(([, value = ""]) => value.trim());
  const [expression] = all("License-Expression");
  if (expression !== undefined) return expression;
  const classified = all("Classifier").flatMap((one) => {
    const parts = one.split(" :: ");
    return parts[0] === "License" && parts.length > 1 ? [parts.at(-1) ?? ""] : [];
  });
  const known = classified.flatMap((one) => toSpdx(one) ?? []);
  // Several classifiers do not say whether one may choose: the careful reading is that all hold.
  if (known.length > 0 && known.length === classified.length) return known.join(" AND ");
  return all("License")[0];
}

type Packages = Readonly<Record<string, { readonly license?: unknown } | undefined>>;

async function packagesOf(lockfile: string): Promise<Packages> {
  try {
    const { packages } = JSON.parse(await readText(lockfile)) as { packages?: unknown };
    return typeof packages === "object" && packages !== null ? (packages as Packages) : {};
  } catch {
    return {};
  }
}

function placesOf(one: Wanted, inventory: Inventory): string[] {
  const isOne = (component: Component): boolean =>
    component.project === one.project &&
    component.ecosystem === one.ecosystem &&
    component.name === one.package &&
    component.version === one.version;
  return inventory.components.filter(isOne).flatMap(({ places }) => places.flatMap(({ at }) => at ?? []));
}

/** What the manifest that is installed says, else the lockfile's copy of it. */
async function declaredByPackage(
  places: readonly string[],
  folder: string,
  packages: Packages,
): Promise<string | undefined> {
  for (const at of places) {
    const manifest = path.join(folder, at, "package.json");
    const text = isInside(folder, manifest) ? await readText(manifest).catch(() => "") : "";
    const written =
      declaredBy(text) ?? (Object.hasOwn(packages, at) ? licenseIn(packages[at]?.license) : undefined);
    if (written !== undefined) return written;
  }
  return undefined;
}

function declaredBy(manifest: string): string | undefined {
  try {
    const { license, licenses } = JSON.parse(manifest) as { license?: unknown; licenses?: unknown };
    return licenseIn(license) ?? licenseIn(licenses);
  } catch {
    return undefined;
  }
}

/** A text, `{ type }`, or the old list of these, of which one may choose. */
function licenseIn(value: unknown): string | undefined {
  if (typeof value === "string") return value;
  if (Array.isArray(value)) {
    const all = value.slice(0, 10).flatMap((one) => licenseIn(one) ?? []);
    return all.length === 0 ? undefined : `(${all.join(" OR ")})`;
  }
  if (typeof value !== "object" || value === null || !("type" in value)) return undefined;
  return typeof value.type === "string" ? value.type : undefined;
}

import type { Release, Target } from "../model/index.ts";
import { orderOf, wheelFits } from "../versions/index.ts";
import { parseFilename, type PythonFile } from "./python-page.ts";

/** A release with the files that are read for its requirements, the one that speaks for it first. */
export interface ListedRelease extends Release {
  readonly files: readonly PythonFile[];
}

interface Listed extends PythonFile {
  readonly kind: "wheel" | "sdist";
  /** Fits the target's tags (wheels) and its Python. */
  readonly serves: boolean;
}

/**
 * The releases that a package's files amount to for one target. A release is usable by a wheel whose tags fit (PEP
 * 425) and whose Requires-Python allows the target, else by such an sdist; dates, yanks and hashes are those of the
 * files that would be used. Files that are neither, or whose version is none of PEP 440, are left out.
 */
export function reduceToReleases(
  files: readonly PythonFile[],
  name: string,
  target: Target,
): readonly ListedRelease[] {
  const order = orderOf("PyPI");
  const byText = new Map<string, Listed[]>();
  for (const file of files) {
    const parsed = parseFilename(file.filename, name);
    if (parsed === undefined || !order.isValid(parsed.version)) continue;
    const { kind, version } = parsed;
    const serves =
      allowsPython(file.requiresPython, target) && (kind === "sdist" || wheelFits(file.filename, target));
    const same = byText.get(version);
    if (same === undefined) byText.set(version, [{ ...file, kind, serves }]);
    else same.push({ ...file, kind, serves });
  }
  const groups: { version: string; files: Listed[] }[] = [];
  for (const version of [...byText.keys()].sort((a, b) => order.compare(a, b))) {
    const listed = byText.get(version) ?? [];
    const last = groups.at(-1);
    // One version may be written in several ways, e.g. `1.0` and `1.0.0`.
    if (last !== undefined && order.compare(last.version, version) === 0) last.files.push(...listed);
    else groups.push({ version, files: [...listed] });
  }
  return groups.map((group) => toRelease(group.version, group.files));
}

/** Requires-Python judged as pip does: what cannot be read forbids nothing. */
function allowsPython(requires: string | undefined, target: Target): boolean {
  const order = orderOf("PyPI");
  if (requires === undefined || target.python === undefined || !order.isRange(requires)) return true;
  return order.satisfies(target.python, requires, { prereleases: true });
}

function toRelease(version: string, files: readonly Listed[]): ListedRelease {
  const of = (kind: Listed["kind"]): Listed[] => files.filter((file) => file.serves && file.kind === kind);
  const wheels = of("wheel");
  const serving = wheels.length > 0 ? wheels : of("sdist");
  const kept = serving.filter((file) => file.yanked === undefined);
  const usable = kept.length > 0 ? kept : serving;
  const best = [...usable].sort((a, b) => rank(b) - rank(a))[0] ?? files[0];
  const yanked = usable.length > 0 && kept.length === 0 ? usable[0]?.yanked : undefined;
  const spare = wheels.length > 0 ? undefined : files.find((file) => file.kind === "wheel" && file !== best);
  return {
    version,
    ...(best?.publishedAt === undefined ? {} : { publishedAt: best.publishedAt }),
    ...(yanked === undefined ? {} : { yanked }),
    usable: wheels.length > 0 ? "wheel" : usable.length > 0 ? "sdist" : "no",
    ...(best?.requiresPython === undefined ? {} : { requiresRuntime: best.requiresPython }),
    hashes: usable.flatMap((file) => (file.hash === undefined ? [] : [file.hash])),
    files: [best, spare].flatMap((file) => (file === undefined ? [] : [withoutJudgement(file)])),
  };
}

/** The more specific wheel is the one that installers take. */
function rank(file: Listed): number {
  const [python = "", abi = "", platform = ""] = file.filename.slice(0, -4).split("-").slice(-3);
  if (file.kind === "sdist") return file.filename.endsWith(".tar.gz") ? 1 : 0;
  return (
    (abi === "none" ? 0 : abi === "abi3" ? 2 : 4) +
    (platform === "any" ? 0 : 1) +
    (python.startsWith("cp") ? 1 : 0)
  );
}

function withoutJudgement({ kind: _kind, serves: _serves, ...file }: Listed): PythonFile {
  return file;
}

/** Both lists as one, as pip sees several indexes: per version the better use, and the hashes of equals joined. */
export function mergeReleases(
  first: readonly ListedRelease[],
  second: readonly ListedRelease[],
): readonly ListedRelease[] {
  const order = orderOf("PyPI");
  const merit = { wheel: 2, tarball: 2, sdist: 1, no: 0 };
  const merged: ListedRelease[] = [];
  for (const release of [...first, ...second].sort((a, b) => order.compare(a.version, b.version))) {
    const last = merged.at(-1);
    if (last === undefined || order.compare(last.version, release.version) !== 0) merged.push(release);
    else if (merit[release.usable] > merit[last.usable]) merged[merged.length - 1] = release;
    else if (release.usable === last.usable)
      merged[merged.length - 1] = { ...last, hashes: [...new Set([...last.hashes, ...release.hashes])] };
  }
  return merged;
}

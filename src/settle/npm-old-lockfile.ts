import { relock, type NpmRun } from "./npm-command.ts";
import { takeLockfile, type Files, type SettlementParts } from "./npm-judge.ts";
import { lockedVersions } from "./npm-lockfile.ts";
import { writeTexts } from "./scratch.ts";

/**
 * Lockfiles of version 1 while npm writes phases. Such a lockfile does not say what its packages require, so npm asks the
 * registry for every one of them each time that it reads it. It is brought to version 3 once; phases are written in
 * that, and each is given back in version 1, which is what gets judged.
 */
export class OldLockfile {
  private readonly parts: SettlementParts;
  private known: { readonly old: string; readonly full: string } | undefined;

  constructor(parts: SettlementParts) {
    this.parts = parts;
  }

  /** The files to write a phase in: as they are where the lockfile is of a later version, or npm cannot convert it. */
  async open(files: Files): Promise<Files> {
    const { lockfile, command } = this.parts;
    if (command.style.version !== 1) return files;
    const old = files.get(lockfile) ?? "";
    if (this.known === undefined || !holdSame(this.known.old, old)) {
      const full = (await this.convert(files, 3))?.get(lockfile);
      this.known = full === undefined || !holdSame(full, old) ? undefined : { old, full };
    }
    return this.known === undefined ? files : new Map([...files, [lockfile, this.known.full]]);
  }

  /** How npm is told to write a phase: nothing where the project's own version is written. */
  get run(): Pick<NpmRun, "version"> {
    return this.known === undefined ? {} : { version: 3 };
  }

  /** A written phase in the version that the project keeps; `undefined` where npm cannot convert it. */
  async close(files: Files): Promise<Files | undefined> {
    const { lockfile, command } = this.parts;
    if (command.style.version !== 1 || this.known === undefined) return files;
    const closed = await this.convert(files, 1);
    const old = closed?.get(lockfile);
    if (old !== undefined) this.known = { old, full: files.get(lockfile) ?? "" };
    return closed;
  }

  /** Peers are left as they stand: how the result takes them is judged afterwards. */
  private async convert(files: Files, version: 1 | 3): Promise<Files | undefined> {
    await writeTexts(this.parts.tree, files);
    const run = await relock(this.parts.command, { legacyPeers: true, version });
    return run.code === 0 ? takeLockfile(this.parts, files) : undefined;
  }
}

/** Whether two lockfiles hold the same versions of the same packages. */
function holdSame(a: string, b: string): boolean {
  const [one, other] = [a, b].map((text) => lockedVersions(text, "the lockfile"));
  if (one?.size !== other?.size) return false;
  return [...(one ?? [])].every(([name, versions]) => {
    const there = other?.get(name);
    return there?.size === versions.size && [...versions].every((version) => there.has(version));
  });
}

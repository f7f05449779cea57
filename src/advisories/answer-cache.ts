import * as fs from "node:fs/promises";
import path from "node:path";
import { sha256 } from "../system/index.ts";

/** An answer and when it was given. */
export interface Kept {
  /** RFC 3339. */
  readonly fetchedAt: string;
  readonly value: unknown;
}

const maxEntryBytes = 32 * 1024 * 1024;

/** Answers of online sources on disk, one file each; a file that does not read as what it should be is no answer. */
export class AnswerCache {
  private readonly folder: string;
  private written = 0;

  /** @param folder Redress' cache folder. */
  constructor(folder: string) {
    this.folder = path.join(folder, "advisories", "answers");
  }

  async read(kind: string, key: string): Promise<Kept | undefined> {
    try {
      const file = this.file(kind, key);
      if ((await fs.stat(file)).size > maxEntryBytes) return undefined;
      const entry = JSON.parse(await fs.readFile(file, "utf8")) as Partial<Kept & { key: string }> | null;
      const { fetchedAt, value } = entry ?? {};
      if (entry?.key !== key || typeof fetchedAt !== "string" || Number.isNaN(Date.parse(fetchedAt)))
        return undefined;
      return { fetchedAt, value };
    } catch {
      return undefined; // absent or torn
    }
  }

  /** Keeps an answer. A cache that cannot be written costs time, no more. */
  async write(kind: string, key: string, kept: Kept): Promise<void> {
    const file = this.file(kind, key);
    const temporary = `${file}.${process.pid}-${++this.written}`;
    try {
      await fs.mkdir(path.dirname(file), { recursive: true, mode: 0o700 });
      await fs.writeFile(temporary, JSON.stringify({ key, ...kept }), { mode: 0o600, flag: "wx" });
      await fs.rename(temporary, file);
    } catch {
      await fs.rm(temporary, { force: true }).catch(() => undefined);
    }
  }

  private file(kind: string, key: string): string {
    const digest = sha256(key);
    return path.join(this.folder, kind, digest.slice(0, 2), `${digest.slice(2)}.json`);
  }
}

/**
 * How sealing and checking touch the disk: a part of the run's own seam, so that a test can break each call on purpose
 * or hold everything in memory.
 */
export interface SealFiles {
  /** `undefined` where there is nothing; links are not followed. */
  look(file: string): Promise<{ readonly kind: string; readonly sizeBytes: number } | undefined>;
  /** Names in a folder; none where there is no folder. */
  list(folder: string): Promise<readonly string[]>;
  read(file: string): Promise<Buffer>;
  /** With the folders above it. */
  makeFolder(folder: string): Promise<void>;
  /** Writes a whole file, new or not, and syncs it. */
  write(file: string, content: string | Uint8Array, mode?: number): Promise<void>;
  rename(from: string, to: string): Promise<void>;
  /** Whole folders too; nothing there is no error. */
  remove(file: string): Promise<void>;
  /** Makes a folder's entries durable. */
  sync(folder: string): Promise<void>;
}

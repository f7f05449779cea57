/** What one table holds, comparable between a database and its restored backup. */
export interface TableSurvey {
  readonly name: string;
  readonly rows: number;
  /** Sum over the rows' digests, so that their order does not count. */
  readonly checksum: string;
}

/** A database of the application, or a scratch copy of one. */
export interface Database {
  /** As the configuration calls it. */
  readonly name: string;
  readonly kind: "sqlite" | "postgresql";
  /** What a migration tool is told in its variable; holds credentials and is never shown. */
  address(form: "url" | "prisma" | "path"): string;
  /** Writes a backup of the whole database. @throws {Failure} `tool` */
  dump(file: string): Promise<void>;
  /** Makes a scratch database from a backup. @throws {Failure} `tool` */
  restoreScratch(file: string, at: { readonly name: string; readonly file: string }): Promise<Scratch>;
  /** Drops a scratch database by its name; nothing there is no error. */
  dropScratch(name: string): Promise<void>;
  /** Puts a backup in the place of what is there now, in one transaction. @throws {Failure} `tool` */
  restoreInPlace(file: string): Promise<void>;
  survey(): Promise<readonly TableSurvey[]>;
  /** Definitions of tables, indexes and the like, in a stable order. */
  schema(): Promise<string>;
}

export interface Scratch extends Database {
  drop(): Promise<void>;
}

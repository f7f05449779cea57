/** Why Redress cannot go on; the command line turns each into an exit code (`docs/interface.md`). */
export type FailureCode =
  /** Wrong flags or arguments. */
  | "usage"
  /** `redress.yaml` or a plan file is wrong. */
  | "config"
  /** A file that the command cannot do without cannot be read or understood. */
  | "unreadable"
  /** An index, registry or advisory source did not answer usefully. */
  | "unavailable"
  /** No version set exists, or the package manager refused every plan. */
  | "conflict"
  /** The project is not the one that was planned for. */
  | "changed"
  /** Another run holds the project. */
  | "locked"
  /** An installer, interpreter or other program is missing or failed. */
  | "tool"
  /** The disk is full or a file cannot be written. */
  | "storage"
  /** A record (journal, backup, index) contradicts itself. */
  | "corrupt"
  /** The user or the system asked to stop. */
  | "cancelled"
  /** A defect of Redress. */
  | "internal";

/**
 * "Cannot go on": the only thing Redress throws on purpose. Everything that can be part of a result
 * (an unread file, an unfixable finding, a failed gate) is data instead.
 */
export class Failure extends Error {
  readonly code: FailureCode;
  /** What the person can do next, as a sentence. */
  readonly hint: string;

  constructor(code: FailureCode, message: string, hint = "", options: { cause?: unknown } = {}) {
    super(message, options);
    this.name = "Failure";
    this.code = code;
    this.hint = hint;
  }
}

/** The message of anything thrown, for use as the reason in a result. */
export function reasonOf(thrown: unknown): string {
  return thrown instanceof Error ? thrown.message : String(thrown);
}

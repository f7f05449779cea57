import { Failure } from "../model/index.ts";
import { sha256 } from "../system/index.ts";
import { redactValue, type Redact } from "./redact.ts";

/** What the first line of a journal names as the one before it. */
const noLine = "0".repeat(64);

/** A journal's text, line by line. */
export interface Chain {
  readonly lines: readonly string[];
  /** SHA-256 of the last line. */
  readonly head: string;
  /** The first line that does not fit, from 1, and how. */
  readonly problem?: { readonly line: number; readonly detail: string };
}

/** Follows the chain of a journal as far as it holds. */
export function followChain(text: string): Chain {
  const lines = text.split("\n");
  const rest = lines.pop() ?? "";
  let head = noLine;
  const broken = (index: number, detail: string): Chain => ({
    lines,
    head,
    problem: { line: index + 1, detail },
  });
  for (const [index, line] of lines.entries()) {
    const entry = readLine(line);
    if (entry === undefined) return broken(index, "is not a journal entry");
    if (entry.prev !== head) return broken(index, "does not follow from the line before");
    if (entry.seq !== index + 1) return broken(index, `has number ${String(entry.seq)}`);
    head = sha256(line);
  }
  if (rest !== "") return broken(lines.length, "is not a whole line");
  return { lines, head };
}

function readLine(line: string): { prev?: unknown; seq?: unknown } | undefined {
  try {
    const entry = JSON.parse(line) as unknown;
    return entry === null || typeof entry !== "object" ? undefined : entry;
  } catch {
    return undefined;
  }
}

/** What the evidence's journal was when it was last sealed. */
export interface SealedJournal {
  readonly text: string;
  readonly original: string;
}

/**
 * The run's journal without what must not leave the machine, as a chain of its own; lines that were sealed before stay
 * as they were.
 * @throws {Failure} `corrupt` when the journal does not chain, or is not the continuation of what was sealed.
 */
export function redactJournal(original: string, redact: Redact, sealed?: SealedJournal): string {
  const whole = original.slice(0, original.lastIndexOf("\n") + 1);
  const chain = followChain(whole);
  if (chain.problem !== undefined)
    throw corrupt(`line ${chain.problem.line} of the journal ${chain.problem.detail}`);
  const kept = sealed === undefined ? [] : followChain(sealed.text).lines;
  const last = chain.lines[kept.length - 1];
  if (sealed !== undefined && (last === undefined || sha256(last) !== sealed.original))
    throw corrupt("the journal is not the one that was sealed, continued");
  const lines = [...kept];
  let prev = kept.length === 0 ? noLine : sha256(kept.at(-1) ?? "");
  for (const line of chain.lines.slice(kept.length)) {
    const entry = redactValue(JSON.parse(line), redact, redact) as object;
    const rewritten = JSON.stringify({ ...entry, prev });
    lines.push(rewritten);
    prev = sha256(rewritten);
  }
  return lines.map((line) => `${line}\n`).join("");
}

const corrupt = (what: string): Failure =>
  new Failure("corrupt", what, "The record was changed after it was written: compare it with a copy.");

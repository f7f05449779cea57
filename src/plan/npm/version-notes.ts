import type { Catalogue } from "./catalogue.ts";
import { pairOf } from "./tree.ts";

const dayMs = 86_400_000;
const mostWords = 160;

/** What differs between two releases of a package that a person should know before taking the newer one. */
export function noteDifferences(
  catalogue: Catalogue,
  name: string,
  from: string | null,
  to: string,
): string[] {
  const notes: string[] = [];
  const release = catalogue.release(name, to);
  const old = from === null ? undefined : catalogue.release(name, from);
  const days = daysBetween(old?.publishedAt, release?.publishedAt);
  if (catalogue.cooldown(name) === "impossible dates")
    notes.push(`The registry's release dates of ${name} cannot be true: the cooldown was not applied.`);
  else if (days !== undefined && from !== to)
    notes.push(`The registry dates ${to} ${days} day${days === 1 ? "" : "s"} after ${from ?? ""}.`);
  if (old?.deprecated !== undefined && from !== to)
    notes.push(`${pairOf(name, from ?? "")} is deprecated: ${shorten(old.deprecated)}`);
  if (release?.deprecated !== undefined)
    notes.push(`${pairOf(name, to)} is deprecated; so is every other version.`);
  if (old !== undefined && release !== undefined && release.requiresRuntime !== old.requiresRuntime)
    notes.push(
      `${to} asks for node ${release.requiresRuntime ?? "of any version"}; ${from ?? ""} asked for ${old.requiresRuntime ?? "none in particular"}.`,
    );
  if (release?.installScript === true && old?.installScript !== true)
    notes.push(
      `${pairOf(name, to)} wants to run a script when it is installed${from === null ? "" : `; ${from} did not`}.`,
    );
  if (release?.publisher !== undefined && old?.publisher !== undefined && release.publisher !== old.publisher)
    notes.push(`${to} was published by ${release.publisher}; ${from ?? ""} by ${old.publisher}.`);
  return notes;
}

/** Whole days from one date to a later one; `undefined` where one is missing or they run backwards. */
function daysBetween(from: string | undefined, to: string | undefined): number | undefined {
  if (from === undefined || to === undefined) return undefined;
  const days = Math.round((Date.parse(to) - Date.parse(from)) / dayMs);
  return Number.isFinite(days) && days >= 0 ? days : undefined;
}

/** Foreign words on one line, cut, always a sentence. */
function shorten(text: string): string {
  const line = text.replace(/[\s\p{Cc}]+/gu, " ").trim();
  const cut = line.length > mostWords ? `${line.slice(0, mostWords)}…` : line;
  return /[.!?…]$/.test(cut) ? cut : `${cut}.`;
}

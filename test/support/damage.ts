import assert from "node:assert/strict";
import fc from "fast-check";
import { managers } from "../../src/managers/index.ts";

/** A file that some adapter claims, with its text. */
export interface Sample {
  readonly file: string;
  readonly text: string;
}

const target = { python: "3.11.7", node: "20.20.2", platform: "linux-x64" };

/** What one reader made of a file, needs answered with nothing. */
interface Made {
  readonly components: number;
  /** Reasons and notes: what was said beside components. */
  readonly said: number;
}

/** How much processor time one reader may take for one file, in milliseconds: other work on the machine does not count. */
const mostMs = 2000;

/** Reads a file with every adapter that claims it, and checks what must hold whatever the file holds. */
export function readHostile({ file, text }: Sample): Made {
  let [components, said] = [0, 0];
  for (const manager of managers.filter((one) => one.claims(file))) {
    const files = new Map([[file, text]]);
    const began = process.cpuUsage();
    let reading = manager.read(file, files, target);
    for (let round = 0; reading.needs.length > 0; round++) {
      assert.ok(round < 50, `${manager.id} never stops asking for files`);
      for (const need of reading.needs) files.set(need, files.get(need) ?? "");
      reading = manager.read(file, files, target);
    }
    const { user, system } = process.cpuUsage(began);
    const tookMs = (user + system) / 1000;
    assert.ok(tookMs < mostMs, `${manager.id} took ${tookMs.toFixed(0)} ms`);
    for (const one of reading.components) {
      assert.match(one.purl, /^pkg:(?:npm|pypi)\/[\x21-\x7e]+@[\x21-\x7e]+$/);
      assert.doesNotMatch(one.name, /[\0-\x20\\]|(?:^|\/)\.\.?(?:\/|$)/, "a name that is no package's");
      assert.doesNotMatch(one.version, /[\0-\x20]/);
    }
    for (const { line } of reading.unread)
      assert.ok(line === undefined || (Number.isInteger(line) && line > 0), "a line that is none");
    components += reading.components.length;
    said += reading.unread.length + reading.notes.length;
  }
  assert.equal(({} as Record<string, unknown>)["polluted"], undefined);
  return { components, said };
}

/** A file of which nothing is read must be spoken of, where there was something to read. */
export function checkNothingLost(before: Sample, after: Sample): void {
  const was = readHostile(before);
  const is = readHostile(after);
  if (was.components === 0 || is.components > 0 || is.said > 0) return;
  // What is left may honestly hold no package; and `environment.yml` may be another tool's.
  assert.ok(
    isMostlyGone(before.text, after.text) || /environment/.test(after.file),
    `${after.file}: nothing read and nothing said`,
  );
}

function isMostlyGone(before: string, after: string): boolean {
  const left = after.split(/\r?\n/).filter((line) => !/^[\s\ufeff]*(?:#|$)/.test(line));
  return left.map((line) => line.trim()).join("\n").length < before.length / 2;
}

const inserts = [
  "",
  "\0",
  "{",
  "}",
  "[[",
  '"',
  "'",
  ":",
  "\n",
  "\r",
  "- ",
  "# ",
  "\\",
  "\u2028",
  "\ud800",
  '"__proto__": {"polluted": 1},',
  "__proto__:\n  polluted: 1\n",
  "[__proto__]\npolluted = 1\n",
  '"constructor": {"prototype": {"polluted": 1}},',
  "<<<<<<< HEAD\n=======\n>>>>>>> theirs\n",
  "../../etc/passwd",
  "&a [*a, *a]",
  "\ufeff",
  "9".repeat(400),
  "(".repeat(300),
  "[".repeat(5000),
  '{"a":'.repeat(3000),
  "a".repeat(50_000),
  " ".repeat(20_000),
];

type Change = (text: string) => string;

const place = fc.double({ min: 0, max: 1, noNaN: true, maxExcluded: true });

/** Replaces some characters by something hostile. */
const splice: fc.Arbitrary<Change> = fc
  .record({ at: place, length: fc.nat(60), insert: fc.constantFrom(...inserts) })
  .map(({ at, length, insert }) => (text) => {
    const start = Math.floor(at * text.length);
    return text.slice(0, start) + insert + text.slice(start + length);
  });

/** Acts on whole lines: what merges, editors and broken transfers do. */
const lines: fc.Arbitrary<Change> = fc
  .record({
    from: place,
    count: fc.nat(12),
    how: fc.constantFrom("drop", "repeat", "conflict", "move", "cut"),
  })
  .map(({ from, count, how }) => (text) => {
    const all = text.split("\n");
    const start = Math.floor(from * all.length);
    const part = all.slice(start, start + count + 1);
    const [head, tail] = [all.slice(0, start), all.slice(start + count + 1)];
    switch (how) {
      case "drop":
        return [...head, ...tail].join("\n");
      case "repeat":
        return [...head, ...part, ...part, ...tail].join("\n");
      case "conflict":
        return [...head, "<<<<<<< HEAD", ...part, "=======", ...part, ">>>>>>> theirs", ...tail].join("\n");
      case "move":
        return [...part, ...head, ...tail].join("\n");
      default:
        return head.join("\n");
    }
  });

/** The whole text in another form. */
const forms: fc.Arbitrary<Change> = fc.constantFrom<Change>(
  (text) => text.replaceAll("\n", "\r\n"),
  (text) => `\ufeff${text}`,
  (text) => Buffer.from(text, "utf16le").toString("latin1"),
  (text) => text.replaceAll(":", ""),
  (text) => text.replace(/\d+/g, "99999999999999999999"),
  (text) => text.replaceAll('"', "'"),
  (text) => text.slice(0, -1),
);

/** One to three damages, one after the other. */
export const damage: fc.Arbitrary<Change> = fc
  .array(fc.oneof({ arbitrary: splice, weight: 5 }, { arbitrary: lines, weight: 4 }, forms), {
    minLength: 1,
    maxLength: 3,
  })
  .map((changes) => (text) => changes.reduce((left, change) => change(left), text));

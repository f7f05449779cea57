import { normaliseName } from "../../model/index.ts";
import { orderOf, parseRequirement } from "../../versions/index.ts";
import { shownAddress } from "../paths.ts";

/** Where in the text a logical line, or a part of it, stands; `end` is exclusive. */
export interface Span {
  readonly start: number;
  readonly end: number;
}

/** Who asks for a package, by pip-compile's and uv's `# via` notes. */
export interface Via {
  /** A requirements source (`-r requirements.in`) asks for it, not only other packages. */
  readonly direct: boolean;
  /** Normalised names of the packages that ask for it. */
  readonly dependents: readonly string[];
}

/** A named requirement (PEP 508 with pip's options). */
export interface NamedRequirement {
  readonly kind: "requirement";
  /** Line of its beginning, from 1. */
  readonly line: number;
  /** The logical line, without the last line break. */
  readonly span: Span;
  /** Where the indented comments that follow it end; the line's own end where there are none. */
  readonly end: number;
  /** Normalised (PEP 503). */
  readonly name: string;
  readonly extras: readonly string[];
  readonly specifier: string;
  readonly marker?: string;
  /** PEP 508 direct reference. */
  readonly url?: string;
  /** The version of an exact pin (`==` or `===` without wildcard). */
  readonly pin?: string;
  /** Options of `--hash`, as written. */
  readonly hashes: readonly string[];
  via?: Via;
}

/** One thing that a requirements file says. */
export type RequirementLine =
  | NamedRequirement
  /** `-r` or `-c`. */
  | { readonly kind: "include"; readonly line: number; readonly path: string; readonly constraint: boolean }
  /** A path, archive or repository without a PEP 508 name; name and version where the text shows them. */
  | {
      readonly kind: "location";
      readonly line: number;
      readonly address: string;
      readonly editable: boolean;
      readonly name?: string;
      readonly version?: string;
    }
  | { readonly kind: "option"; readonly line: number; readonly name: string; readonly value: string }
  | { readonly kind: "bad"; readonly line: number; readonly reason: string };

const order = orderOf("PyPI");
const simplePin = /^([A-Za-z0-9](?:[A-Za-z0-9._-]*[A-Za-z0-9])?)==([A-Za-z0-9.!+_-]+)$/;
const location = /^(?:\.{0,2}[/\\]|\.(?:\[.*\])?$|[A-Za-z]:[/\\]|file:|[a-z]+\+[a-z]+:|https?:|ssh:|git:)/i;
const archive = /\.(?:whl|zip|tar\.gz|tar\.bz2|tgz)$/i;
const wheelName = /([A-Za-z0-9][\w.]*?)-([\w.!+]+)(?:-\d\w*)?-[\w.]+-[\w.]+-[\w.]+\.whl$/;
const sdistName = /([A-Za-z0-9][\w.-]*?)-(\d[\w.!+]*)\.(?:tar\.gz|zip|tar\.bz2)$/;
const conflict = /^(?:<{7}|={7}|>{7}|\|{7})(?: |$)/;
const known =
  /^(?:-i|-f|--(?:index-url|pypi-url|extra-index-url|find-links|no-index|trusted-host|pre|prefer-binary|require-hashes|no-binary|only-binary|use-feature|use-pep517|no-use-pep517|no-deps|all-releases|only-final))$/;

/** One for all: files have a hundred thousand lines. */
const none: readonly string[] = [];

/** Reads a requirements file (pip's format: continuations, comments, options); what cannot be read is a `bad` line. */
export function parseRequirementLines(text: string): RequirementLine[] {
  const lines: RequirementLine[] = [];
  let last: { requirement: NamedRequirement & { end: number }; notes: string[] } | undefined;
  const settle = (): void => {
    if (last === undefined) return;
    const via = parseVia(last.notes);
    if (via !== undefined) last.requirement.via = via;
    last = undefined;
  };
  for (const logical of logicalLines(text)) {
    const comment = /(?:^|\s)#(.*)$/.exec(logical.text);
    const content = (comment === null ? logical.text : logical.text.slice(0, comment.index)).trim();
    if (content === "") {
      if (comment === null || last === undefined || !/^\s/.test(logical.text)) settle();
      else {
        last.notes.push(comment[1] ?? "");
        last.requirement.end = logical.span.end;
      }
      continue;
    }
    settle();
    const parsed = parseLine(content, logical);
    lines.push(parsed);
    if (parsed.kind === "requirement")
      last = { requirement: parsed, notes: comment === null ? [] : [comment[1] ?? ""] };
  }
  settle();
  return lines;
}

interface LogicalLine {
  readonly text: string;
  readonly line: number;
  readonly span: Span;
}

function* logicalLines(text: string): Generator<LogicalLine> {
  let offset = text.startsWith("\ufeff") ? 1 : 0;
  let line = 1;
  let open: { text: string; line: number; start: number } | undefined;
  while (offset <= text.length) {
    const feed = text.indexOf("\n", offset);
    const next = feed < 0 ? text.length + 1 : feed + 1;
    let end = feed < 0 ? text.length : feed;
    if (end > offset && text.charCodeAt(end - 1) === 13) end--;
    const physical = text.slice(offset, end);
    const isComment = /^\s*#/.test(physical);
    if (physical.endsWith("\\") && !isComment) {
      open ??= { text: "", line, start: offset };
      open.text += physical.slice(0, -1);
    } else if (open !== undefined) {
      // pip ends a continuation at a comment line.
      yield {
        text: open.text + (isComment ? ` ${physical}` : physical),
        line: open.line,
        span: { start: open.start, end },
      };
      open = undefined;
    } else yield { text: physical, line, span: { start: offset, end } };
    offset = next;
    line++;
  }
  if (open !== undefined)
    yield { text: open.text, line: open.line, span: { start: open.start, end: text.length } };
}

function parseLine(content: string, { line, span }: LogicalLine): RequirementLine {
  const pin = simplePin.exec(content);
  if (pin !== null) {
    const [, name = "", version = ""] = pin;
    if (!/^\d+(?:\.\d+)*$/.test(version) && !order.isValid(version))
      return bad(line, `${version} is not a PEP 440 version`);
    return {
      kind: "requirement",
      line,
      span,
      end: span.end,
      name: normaliseName("PyPI", name),
      extras: none,
      specifier: content.slice(name.length),
      pin: version,
      hashes: none,
    };
  }
  if (conflict.test(content)) return bad(line, "merge conflict marker");
  if (content.length > 65_536) return bad(line, "the line is longer than 65,536 characters");
  if (content.startsWith("-")) return parseOption(content, line);
  if (location.test(content) || (archive.test(content.split(/\s/)[0] ?? "") && !content.includes("@")))
    return parseLocation(content, line, false);
  return parseNamed(content, { line, span });
}

const bad = (line: number, reason: string): RequirementLine => ({ kind: "bad", line, reason });

function parseNamed(content: string, { line, span }: { line: number; span: Span }): RequirementLine {
  const options = content.search(/\s--?[A-Za-z]/);
  const requirement = options < 0 ? content : content.slice(0, options);
  const hashes =
    options < 0
      ? none
      : [...content.slice(options).matchAll(/--hash[=\s]\s*(\S+)/g)].map(([, hash = ""]) => hash);
  const parsed = parseRequirement(requirement.trim());
  if ("error" in parsed) return bad(line, `not a requirement: ${parsed.error}`);
  const pin = pinOf(parsed.specifier);
  if (pin !== undefined && !order.isValid(pin) && !parsed.specifier.includes("==="))
    return bad(line, `${pin} is not a PEP 440 version`);
  return {
    kind: "requirement",
    line,
    span,
    end: span.end,
    name: normaliseName("PyPI", parsed.name),
    extras: parsed.extras.length === 0 ? none : parsed.extras.map((extra) => normaliseName("PyPI", extra)),
    specifier: parsed.specifier,
    hashes,
    ...(parsed.marker === undefined ? {} : { marker: parsed.marker }),
    ...(parsed.url === undefined ? {} : { url: parsed.url }),
    ...(pin === undefined ? {} : { pin }),
  };
}

/** The one version that a specifier set admits by an exact clause (PEP 440 `==` without `.*`, or `===`). */
export function pinOf(specifier: string): string | undefined {
  for (const clause of specifier.split(",")) {
    const exact = /^\s*={2,3}\s*([^\s*]+)\s*$/.exec(clause);
    if (exact !== null) return exact[1];
  }
  return undefined;
}

function parseOption(content: string, line: number): RequirementLine {
  const [, name = "", value = ""] = /^(-[A-Za-z]|--[\w-]+)\s*=?\s*(.*)$/.exec(content) ?? [];
  switch (name) {
    case "-r":
    case "--requirement":
    case "-c":
    case "--constraint":
      return value === ""
        ? bad(line, `${name} names no file`)
        : {
            kind: "include",
            line,
            path: unquote(value),
            constraint: name === "-c" || name === "--constraint",
          };
    case "-e":
    case "--editable":
      return value === "" ? bad(line, `${name} names nothing`) : parseLocation(unquote(value), line, true);
  }
  if (!known.test(name)) return bad(line, `unknown option ${name === "" ? content.slice(0, 40) : name}`);
  return { kind: "option", line, name, value };
}

const unquote = (value: string): string => value.replace(/^(["'])(.*)\1$/, "$2");

function parseLocation(content: string, line: number, editable: boolean): RequirementLine {
  const address = content.split(/\s/)[0] ?? content;
  // Archives' names are shorter; the patterns below look for a beginning at every character.
  const file = decode(/^[^?#]*/.exec(address)?.[0] ?? "").slice(-512);
  const named = wheelName.exec(file) ?? (editable ? null : sdistName.exec(file));
  const egg = /[#&]egg=([^&[\]]+)/.exec(address)?.[1];
  const [eggName, eggVersion] = decode(egg ?? "").split("==");
  const name = named?.[1] ?? (eggName === "" ? undefined : eggName);
  // Old files pin the version of a repository in the fragment.
  const version = named?.[2] ?? eggVersion;
  return {
    kind: "location",
    line,
    address: shownAddress(address),
    editable,
    ...(name === undefined ? {} : { name: normaliseName("PyPI", name) }),
    ...(version === undefined || !order.isValid(version) ? {} : { version }),
  };
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

/** pip-compile's annotation, on the line or below it: `via flask`, `via -r requirements.in`, or a list of such. */
function parseVia(notes: readonly string[]): Via | undefined {
  const start = notes.findIndex((note) => /^\s*via\b/.test(note));
  if (start < 0) return undefined;
  const sources = notes
    .slice(start)
    .map((note, index) => (index === 0 ? note.replace(/^\s*via\b/, "") : note))
    .flatMap((note) => note.split(","))
    .map((source) => source.trim())
    .filter((source) => source !== "");
  const isDirect = (source: string): boolean =>
    /^-r\b/.test(source) || /\((?:pyproject\.toml|setup\.(?:py|cfg))[^)]*\)$/.test(source);
  return {
    direct: sources.some(isDirect),
    dependents: sources
      .filter((source) => !isDirect(source) && !source.startsWith("-"))
      .map((source) => normaliseName("PyPI", source.replace(/[\s[(].*$/, ""))),
  };
}

/** One thing that uv says stands in the way, as far as its message tells. */
export type Obstacle =
  /** A chosen version requires something that the other chosen versions do not give. */
  | {
      readonly kind: "requirement";
      readonly from: string;
      readonly fromVersion: string;
      readonly name: string;
      readonly range: string;
    }
  /** A version that has no file which may be used without building it. */
  | { readonly kind: "no-wheel"; readonly name: string; readonly version: string }
  /** A version that the index does not give, or not for this Python. */
  | { readonly kind: "unavailable"; readonly name: string; readonly version: string };

/** The most of a message that is looked at. */
const maxMessage = 200_000;

/** A package, with the versions it is spoken of, among the words of a message. */
interface Mention {
  readonly name: string;
  /** Specifier; `""`: any version. */
  readonly range: string;
}

/** A message without its hints as words, each with the package that it may name. */
function readWords(
  message: string,
): readonly { readonly word: string; readonly mention: Mention | undefined }[] {
  const text = message.slice(0, maxMessage).split(/\n\s*\n?hint:/)[0] ?? "";
  return text.split(/\s+/).map((word) => {
    const match = /^`?([a-z0-9][a-z0-9._-]*)(?:\[[^\]]*\])?((?:[<>=!~].*)?)$/.exec(
      word.replace(/[`.,]+$/, ""),
    );
    const [, name, range] = match ?? [];
    return { word, mention: name === undefined || range === undefined ? undefined : { name, range } };
  });
}

/** The chosen versions, as far as a message is to be judged by them. */
export interface Chosen {
  /** A package's version; `undefined` where it is not fixed. */
  pin(name: string): string | undefined;
  satisfies(version: string, specifier: string): boolean;
  /** Whether what has no pin is to stay absent. */
  readonly complete: boolean;
}

/**
 * The obstacles among the chosen versions that a "No solution found" message of uv names. uv may speak of a chosen
 * version as of a range that holds it; what it says of versions that are not chosen only explains and is passed over.
 */
export function readObstacles(message: string, chosen: Chosen): readonly Obstacle[] {
  const words = readWords(message);
  const obstacles = new Map<string, Obstacle>();
  const add = (obstacle: Obstacle): void => {
    obstacles.set(JSON.stringify(obstacle), obstacle);
  };
  for (const [at, { mention }] of words.entries()) {
    if (mention === undefined) continue;
    const { name } = mention;
    const next = at + 1;
    const version = versionMeant(mention, chosen);
    if (version === undefined) continue;
    const required = follows(words, next, "depends on") ? words[next + 2] : undefined;
    if (required?.word.startsWith("Python") === true) add({ kind: "unavailable", name, version });
    else if (required?.mention !== undefined) {
      const { name: to, range } = required.mention;
      const pin = chosen.pin(to);
      if (pin === undefined ? chosen.complete : !chosen.satisfies(pin, range))
        add({ kind: "requirement", from: name, fromVersion: version, name: to, range });
    } else if (wheelless.some((phrase) => follows(words, next, phrase)))
      add({ kind: "no-wheel", name, version });
    else if (
      unusable.some((phrase) => follows(words, next, phrase)) ||
      noVersions.some((phrase) => follows(words, at - phrase.split(" ").length, phrase))
    )
      add({ kind: "unavailable", name, version });
  }
  return [...obstacles.values()];
}

const wheelless = [
  "has no usable wheels",
  "have no usable wheels",
  "has no wheels with",
  "has no source distribution",
];
const unusable = ["was not found in", "were not found in", "has invalid", "could not be", "is unusable"];
const noVersions = ["there is no version of", "there are no versions of"];

type Words = ReturnType<typeof readWords>;

const follows = (words: Words, at: number, phrase: string): boolean =>
  phrase.split(" ").every((word, index) => words[at + index]?.word.replace(/[.,]$/, "") === word);

/** Packages that no version is fixed of, where a message says that some have no file which may be used without building. */
export function readWheelless(message: string, chosen: Chosen): readonly string[] {
  if (chosen.complete) return [];
  const words = readWords(message);
  const names = words.flatMap(({ mention }, at) =>
    mention !== undefined &&
    chosen.pin(mention.name) === undefined &&
    wheelless.some((phrase) => follows(words, at + 1, phrase))
      ? [mention.name]
      : [],
  );
  return [...new Set(names)];
}

/** The chosen version of a package, where the message speaks of it. */
function versionMeant({ name, range }: Mention, chosen: Chosen): string | undefined {
  const version = chosen.pin(name);
  return version !== undefined && (range === "" || chosen.satisfies(version, range)) ? version : undefined;
}

/** Chosen packages that a message speaks of as dependents, for when it names no obstacle among the chosen versions. */
export function readDependents(message: string, chosen: Chosen): readonly string[] {
  const words = readWords(message);
  const names = words.flatMap(({ mention }, at) => {
    if (mention === undefined || words[at + 1]?.word !== "depends" || words[at + 2]?.word !== "on") return [];
    return versionMeant(mention, chosen) === undefined ? [] : [mention.name];
  });
  return [...new Set(names)];
}

/** Whether a message tells of a network or index that cannot be reached, rather than of versions. */
export function isUnreachable(message: string): boolean {
  return /Request failed after|client error|tcp connect|dns error|operation timed out|Failed to fetch/i.test(
    message,
  );
}

/** A tool's message on one line, without credentials, hints and its own prefix, of at most 600 characters. */
export function shorten(message: string): string {
  const text = (message.split(/\n\s*\n?hint:/)[0] ?? "")
    .replace(/\/\/[^/@\s]*@/g, "//")
    .replace(/\b(?:error|cause|ERROR):\s*/g, "")
    .replace(/No solution found when resolving dependencies:?\s*|\(from versions: [^)]*\)\s*/g, "")
    .replace(/\s+/g, " ")
    .trim();
  return text.length <= 600 ? text : `${text.slice(0, 597)}…`;
}

import { spawnSync } from "node:child_process";
import fc from "fast-check";

const smallNumber = fc.oneof(
  { weight: 6, arbitrary: fc.nat({ max: 3 }) },
  { weight: 2, arbitrary: fc.nat({ max: 30 }) },
  { weight: 1, arbitrary: fc.constantFrom(2024, 20240101, 99999999999999999999n) },
);
const release = fc.array(smallNumber, { minLength: 1, maxLength: 4 }).map((numbers) => numbers.join("."));
const separator = fc.constantFrom("", "", ".", "-", "_");
const often = <T>(weight: number, arbitrary: fc.Arbitrary<T>): fc.Arbitrary<T | ""> =>
  fc.oneof({ weight: 10 - weight, arbitrary: fc.constant("" as const) }, { weight, arbitrary });
const suffix = (words: readonly string[]): fc.Arbitrary<string> =>
  fc
    .tuple(separator, fc.constantFrom(...words), separator, often(8, smallNumber))
    .map(
      ([before, word, between, number]) => `${before}${word}${number === "" ? "" : `${between}${number}`}`,
    );
const pre = suffix(["a", "b", "c", "rc", "alpha", "Beta", "pre", "preview"]);
const post = fc.oneof(
  suffix(["post", "rev", "r"]),
  smallNumber.map((number) => `-${number}`),
);
const dev = suffix(["dev", "DEV"]);
const local = fc
  .array(fc.constantFrom("0", "1", "2", "10", "abc", "ubuntu", "1e5", "cu124"), {
    minLength: 1,
    maxLength: 3,
  })
  .map((parts) => `+${parts.join(".")}`);
const epoch = fc.constantFrom("1!", "2!", "0!");

/** Versions by PEP 440 in many spellings. */
export const pythonVersions: fc.Arbitrary<string> = fc
  .tuple(
    often(1, fc.constant("v")),
    often(1, epoch),
    release,
    often(3, pre),
    often(2, post),
    often(2, dev),
    often(2, local),
  )
  .map((parts) => parts.join(""));

const clause = fc.oneof(
  fc
    .tuple(fc.constantFrom("==", "!="), often(1, epoch), release, fc.constantFrom(".*", ""), often(2, local))
    .map(
      ([operator, era, numbers, wildcard, label]) =>
        `${operator}${era}${numbers}${wildcard === "" ? label : wildcard}`,
    ),
  fc
    .tuple(
      fc.constantFrom("==", "!=", "<", ">", "<=", ">=", ">=", "<"),
      fc.constantFrom("", " "),
      often(1, epoch),
      release,
      often(2, pre),
      often(2, post),
      often(2, dev),
    )
    .map((parts) => parts.join("")),
  fc
    .tuple(smallNumber, release, often(2, pre), often(1, post), often(1, dev))
    .map(([first, rest, ...suffixes]) => `~=${first}.${rest}${suffixes.join("")}`),
);

/** Specifier sets by PEP 440, without `===`. */
export const specifierSets: fc.Arbitrary<string> = fc
  .array(clause, { minLength: 1, maxLength: 3 })
  .map((clauses) => clauses.join(","));

const quoted = (text: string): string => `"${text}"`;
const comparisons = ["==", "!=", "<", "<=", ">", ">="];
const flip = (flipped: boolean, left: string, operator: string, right: string): string =>
  flipped ? `${right} ${operator} ${left}` : `${left} ${operator} ${right}`;
const comparison: fc.Arbitrary<string> = fc.oneof(
  fc
    .tuple(
      fc.boolean(),
      fc.constantFrom("python_version", "python_full_version", "implementation_version"),
      fc.constantFrom(...comparisons, "~="),
      fc.constantFrom("2.7", "3.6", "3.10", "3.11", "3.11.4", "3.12", "3.9.1", "4.0"),
    )
    .map(([flipped, name, operator, version]) => flip(flipped, name, operator, quoted(version))),
  fc
    .tuple(
      fc.constantFrom("python_version", "python_full_version"),
      fc.constantFrom("==", "!="),
      fc.constantFrom("3.*", "3.11.*", "2.*"),
    )
    .map(([name, operator, version]) => `${name} ${operator} ${quoted(version)}`),
  fc
    .tuple(
      fc.boolean(),
      fc.constantFrom(
        "os_name",
        "sys_platform",
        "platform_machine",
        "platform_system",
        "platform_python_implementation",
        "implementation_name",
      ),
      fc.constantFrom("==", "!=", "in", "not in"),
      fc.constantFrom("linux", "win32", "posix", "x86_64", "Linux", "CPython", "cpython", "darwin linux", ""),
    )
    .map(([flipped, name, operator, text]) => flip(flipped, name, operator, `'${text}'`)),
  fc
    .tuple(
      fc.constantFrom("python_version"),
      fc.constantFrom("in", "not in"),
      fc.constantFrom("3.6 3.7", "3.11, 3.12", "2.7"),
    )
    .map(([name, operator, text]) => `${name} ${operator} ${quoted(text)}`),
  fc
    .tuple(fc.constantFrom("==", "!="), fc.constantFrom("test", "dev", "docs"))
    .map(([operator, text]) => `extra ${operator} ${quoted(text)}`),
);

/** Markers by PEP 508. */
export const markers: fc.Arbitrary<string> = fc.letrec<{ marker: string; atom: string }>((tie) => ({
  atom: fc.oneof(
    { maxDepth: 3 },
    comparison,
    tie("marker").map((inner) => `(${inner})`),
  ),
  marker: fc.oneof(
    { maxDepth: 3 },
    comparison,
    fc
      .tuple(
        tie("atom"),
        fc.constantFrom("and", "or"),
        tie("atom"),
        fc.constantFrom("and", "or"),
        tie("atom"),
      )
      .map((parts) => parts.join(" ")),
    fc.tuple(tie("atom"), fc.constantFrom("and", "or"), tie("atom")).map((parts) => parts.join(" ")),
  ),
})).marker;

/** Questions to Python's `packaging`. */
export interface Questions {
  readonly pairs: readonly (readonly [string, string])[];
  /** Version, specifier set. */
  readonly specifiers: readonly (readonly [string, string])[];
  readonly markers: readonly {
    readonly marker: string;
    readonly environment: Readonly<Record<string, string>>;
  }[];
  readonly tags: readonly {
    readonly minor: number;
    readonly abi: string;
    readonly platforms: readonly string[];
  }[];
}

/** What `packaging` says; `null` in place of an answer that it refuses to give. */
export interface Answers {
  /** Of `packaging` itself: major and minor. */
  readonly version: readonly [number, number];
  readonly pairs: readonly number[];
  /** With pre-releases let in, and by its own rule. */
  readonly specifiers: readonly (readonly [boolean, boolean])[];
  readonly markers: readonly (boolean | null)[];
  readonly tags: readonly (readonly string[])[];
}

const script = `
import json, sys
try:
    from packaging import version, specifiers, markers, tags
    import packaging as package
except ImportError:
    from pip._vendor.packaging import version, specifiers, markers, tags
    from pip._vendor import packaging as package
release = getattr(package, "__version__", None)
if release is None:
    release = __import__(package.__name__ + ".__about__", fromlist=["x"]).__version__
asked = json.load(sys.stdin)
def order(a, b):
    a, b = version.Version(a), version.Version(b)
    return (a > b) - (a < b)
def holds(v, s):
    found = specifiers.SpecifierSet(s)
    one = version.Version(v)
    own = bool(found.prereleases) or not one.is_prerelease
    return [found.contains(one, prereleases=True), own and found.contains(one, prereleases=True)]
def evaluate(m):
    try:
        return markers.Marker(m["marker"]).evaluate(m["environment"])
    except Exception:
        return None
def tagset(t):
    python = (3, t["minor"])
    found = list(tags.cpython_tags(python, [t["abi"]], t["platforms"]))
    found += tags.compatible_tags(python, "cp3%d" % t["minor"], t["platforms"])
    return [str(tag) for tag in found]
json.dump({
    "version": [int(part) for part in release.split(".")[:2]],
    "pairs": [order(a, b) for a, b in asked["pairs"]],
    "specifiers": [holds(v, s) for v, s in asked["specifiers"]],
    "markers": [evaluate(m) for m in asked["markers"]],
    "tags": [tagset(t) for t in asked["tags"]],
}, sys.stdout)
`;

/** Asks Python's own implementation, installed or as pip carries it; a text says why it cannot be asked. */
export function askPackaging(questions: Questions, python = "python3"): Answers | string {
  const run = spawnSync(python, ["-W", "ignore", "-c", script], {
    input: JSON.stringify(questions),
    encoding: "utf8",
    maxBuffer: 1 << 28,
    timeout: 60_000,
  });
  if (run.error !== undefined) return `${python} cannot be run: ${run.error.message}`;
  if (run.status === 0) return JSON.parse(run.stdout) as Answers;
  if (run.stderr.includes("ModuleNotFoundError") || run.stderr.includes("ImportError"))
    return `${python} has neither packaging nor pip`;
  throw new Error(run.stderr);
}

import path from "node:path";
import { normaliseName, type Refusal } from "../model/index.ts";
import { orderOf } from "../versions/index.ts";
import { mostFrequent, withoutView } from "./lock-addresses.ts";
import type { LockTool, ToolCall, ToolComplaint, ToolSite } from "./lock-tool.ts";
import { contentHashOf, putSources, viewSources } from "./poetry-project.ts";
import { readObstacles } from "./uv-refusals.ts";

const pypi = orderOf("PyPI");

/** Text of the tables of a lockfile, by name of the package; `""` for what stands before, between and after. */
function blocksOf(text: string): readonly { readonly name: string; readonly text: string }[] {
  return text.split(/^(?=\[)/m).reduce<{ name: string; text: string }[]>((blocks, part) => {
    const isPackage = part.startsWith("[[package]]");
    const last = blocks.at(-1);
    const name = /^name = "([^"]+)"/m.exec(part)?.[1];
    if (isPackage) blocks.push({ name: normaliseName("PyPI", name ?? ""), text: part });
    else if (last !== undefined && /^\[+package\./.test(part)) last.text += part;
    else blocks.push({ name: "", text: part });
    return blocks;
  }, []);
}

const uvRegistry = /source = \{ registry = "([^"]+)"/g;

function uvCall(args: readonly string[], site: ToolSite, cache: string): ToolCall {
  const { certificates } = site.indexes ?? {};
  return {
    args: [
      ...args,
      "--no-progress",
      "--color=never",
      `--cache-dir=${path.join(site.caches, cache)}`,
      ...noBuilds(site),
    ],
    env: {
      UV_PYTHON_DOWNLOADS: "never",
      ...(certificates === undefined || process.env["SSL_CERT_FILE"] !== undefined
        ? {}
        : { SSL_CERT_FILE: certificates }),
    },
  };
}

/** Nothing is built, but what policy names. */
function noBuilds(site: ToolSite): string[] {
  if (site.mayRun.length === 0) return ["--no-build"];
  const named = new Set(site.mayRun.map((one) => normaliseName("PyPI", one)));
  const known = new Set(blocksOf(site.texts.get(site.lockfile) ?? "").map((one) => one.name));
  return [...known]
    .filter((one) => one !== "" && !named.has(one))
    .flatMap((one) => ["--no-build-package", one]);
}

/** uv: every package's source names the index, which the view stands for. */
export const uv: LockTool = {
  name: "uv",
  noise: /^Using CPython|^\s*$/,
  settings: ["uv.toml"],
  update: (names, view, site) =>
    uvCall(
      ["lock", ...names.flatMap((one) => ["--upgrade-package", one]), "--default-index", view],
      site,
      "view",
    ),
  relock: (site) => uvCall(["lock"], site, "registry"),
  check: (site) => uvCall(["lock", "--check"], site, "registry"),
  putRight: (written, { before, view }) => {
    const main = mostFrequent(before, uvRegistry) ?? "";
    const own = new Map(
      blocksOf(before).flatMap(({ name, text }) => {
        const registry = text.match(/source = \{ registry = "([^"]+)"/)?.[1];
        return registry === undefined ? [] : [[name, registry] as const];
      }),
    );
    return blocksOf(written)
      .map(({ name, text }) => withoutView(text, view, own.get(name) ?? main))
      .join("");
  },
  formatOf: (text) => `version ${/^version = (\d+)/m.exec(text)?.[1] ?? "none"}`,
  complaints: () => [],
  refusals: (words, { project, versions }) => [
    ...refusalsOf(words, { project, versions }),
    ...readObstacles(words, {
      pin: (name) => {
        const known = [...(versions.get(name) ?? [])];
        return known.length === 1 ? known[0] : undefined;
      },
      satisfies: (version, range) =>
        pypi.isRange(range) && pypi.satisfies(version, range, { prereleases: true }),
      complete: false,
    }).map((one): Refusal =>
      one.kind === "requirement"
        ? {
            project,
            requirement: { from: `${one.from}@${one.fromVersion}`, name: one.name, range: one.range },
            reason: `${one.from} ${one.fromVersion} requires ${one.name}${one.range}`,
          }
        : {
            project,
            package: one.name,
            version: one.version,
            reason: `${one.name} ${one.version} ${one.kind === "no-wheel" ? "has no wheel, and nothing is built that policy does not name" : "is not to be had"}`,
          },
    ),
  ],
};

const name = String.raw`([A-Za-z0-9](?:[\w.-]*[A-Za-z0-9])?)(?:\[[^\]]*\])?`;
const specifier = String.raw`([<>=!~][^\s,)"']*(?:(?:,| and|, ) ?[<>=!~][^\s,)"']*)*)`;

/** The ways in which resolvers say that a version of a package asks for another package. */
const dependsOn = [
  // poetry: `requests (2.28.2) which depends on urllib3 (>=1.21.1,<1.27)`
  new RegExp(String.raw`${name} \(([^()\s]+)\)(?: which)? depends on ${name} \(${specifier}\)`, "g"),
  // pip: `requests 2.28.2 depends on urllib3<1.27 and >=1.21.1`
  new RegExp(String.raw`${name} (\d[\w.!+-]*) depends on ${name} ?${specifier}`, "g"),
  // uv: `all versions of requests depend on urllib3>=1.21.1,<1.27`
  new RegExp(String.raw`all versions of ${name}() depend on ${name}${specifier}`, "g"),
];

/** The ways in which resolvers say that there is no usable file of a version. */
const noSuch = [
  new RegExp(String.raw`No matching distribution found for ${name}===?([^\s,;()]+)`, "g"),
  new RegExp(String.raw`${name} \(([^()\s]+)\) which doesn't match any versions`, "g"),
];

/** Who asks for what, by the words of a Python resolver; a version that is not said is `""`. */
export function readDependsOn(words: string): readonly ToolComplaint[] {
  const text = words.replace(/\s+/g, " ");
  return dependsOn.flatMap((pattern) =>
    [...text.matchAll(pattern)].map(([, from = "", version = "", required = "", range = ""]) => ({
      from: `${normaliseName("PyPI", from)}@${version}`,
      missing: { name: required, range: range.replace(/ and /g, ",").replace(/\s/g, "") },
    })),
  );
}

/** Complaints as refusals, where the version that the plan has does not serve what is asked for. */
function refusalsOf(
  words: string,
  { project, versions }: { project: string; versions: ReadonlyMap<string, ReadonlySet<string>> },
): readonly Refusal[] {
  const asked = readDependsOn(words).flatMap(({ from, missing }): Refusal[] => {
    if (from === undefined || missing === undefined) return [];
    const at = from.lastIndexOf("@");
    const required = normaliseName("PyPI", missing.name);
    const known = [...(versions.get(from.slice(0, at)) ?? [])];
    const said = from.slice(at + 1);
    const version = said === "" && known.length === 1 ? known[0] : known.find((one) => one === said);
    if (version === undefined) return [];
    const isServed = [...(versions.get(required) ?? [])].some(
      (one) => !pypi.isRange(missing.range) || pypi.satisfies(one, missing.range, { prereleases: true }),
    );
    if (isServed) return [];
    const by = `${from.slice(0, at)}@${version}`;
    const requirement = { from: by, name: required, range: missing.range };
    return [{ project, requirement, reason: `${by} requires ${required}${missing.range}` }];
  });
  const absent = noSuch.flatMap((pattern) =>
    [...words.replace(/\s+/g, " ").matchAll(pattern)].flatMap(([, named = "", version = ""]): Refusal[] => {
      const known = normaliseName("PyPI", named);
      return versions.get(known)?.has(version) === true
        ? [{ project, package: known, version, reason: `${known} ${version} is not to be had` }]
        : [];
    }),
  );
  const byWords = new Map([...asked, ...absent].map((one) => [JSON.stringify(one), one]));
  return [...byWords.values()];
}

function poetryCall(args: readonly string[], site: ToolSite, cache: string): ToolCall {
  const { certificates } = site.indexes ?? {};
  return {
    args: [...args, "--no-interaction", "--no-ansi"],
    env: {
      POETRY_CACHE_DIR: path.join(site.caches, cache),
      POETRY_VIRTUALENVS_CREATE: "false",
      POETRY_KEYRING_ENABLED: "false",
      PYTHON_KEYRING_BACKEND: "keyring.backends.null.Keyring",
      ...(certificates === undefined ? {} : { REQUESTS_CA_BUNDLE: certificates }),
    },
  };
}

/** Why a tool that builds what is no wheel is not run: it would run the code of these packages. */
function builtBy(tool: string, named: readonly string[], site: ToolSite): string | undefined {
  const mayRun = new Set(site.mayRun.map((one) => normaliseName("PyPI", one)));
  const built = named.filter((one) => !mayRun.has(normaliseName("PyPI", one)));
  return built.length === 0
    ? undefined
    : `${tool} would build ${built.slice(0, 5).join(", ")}, which runs code: name them in policy.installScripts, or lock by hand`;
}

/** poetry: takes its index from the manifest, so that a scratch copy names the view there. */
export const poetry: LockTool = {
  name: "poetry",
  buildsSources: true,
  noise: /^(?:Updating dependencies|Resolving dependencies\.*|Creating virtualenv.*)?\s*$/,
  settings: ["poetry.toml"],
  objection: (texts, site) =>
    /^\s*\[tool\.poetry\.requires-plugins/m.test(
      texts.get(path.posix.join(site.folder, "pyproject.toml")) ?? "",
    )
      ? "its manifest has poetry install plugins, which would be code of others' choosing: lock it by hand"
      : builtBy(
          "poetry",
          blocksOf(texts.get(site.lockfile) ?? "").flatMap((one) =>
            /^\[package\.source\]\s*\ntype = "(?:git|url|file|directory)"/m.test(one.text) ? [one.name] : [],
          ),
          site,
        ),
  present: (files, site, view) => {
    const file = path.posix.join(site.folder, "pyproject.toml");
    return view === undefined ? files : new Map([...files, [file, viewSources(files.get(file) ?? "", view)]]);
  },
  update: (names, _view, site) => poetryCall(["update", "--lock", ...names], site, "view"),
  relock: (site) => poetryCall(["lock"], site, "registry"),
  check: (site) => poetryCall(["check", "--lock"], site, "registry"),
  putRight: (written, { before, view, files, site }) => {
    const manifest = path.posix.join(site.folder, "pyproject.toml");
    const text = files.get(manifest) ?? "";
    const old = /^content-hash = "([0-9a-f]+)"/m.exec(before)?.[1];
    // Since 2.3 poetry counts dependency groups too, so that the old hash may be another's.
    const isSame = text === site.texts.get(manifest) && !/^\[dependency-groups\]/m.test(text);
    const hash = isSame && old !== undefined ? old : contentHashOf(text);
    return putSources(written, { view, manifest: text }).replace(
      /^content-hash = "[^"]*"/m,
      `content-hash = "${hash}"`,
    );
  },
  formatOf: (text) => `lock-version ${/^lock-version = "([^"]+)"/m.exec(text)?.[1]?.split(".")[0] ?? "none"}`,
  complaints: readDependsOn,
  refusals: refusalsOf,
};

function pipenvCall(args: readonly string[], site: ToolSite, view?: string): ToolCall {
  const { certificates } = site.indexes ?? {};
  return {
    args: [...args],
    env: {
      PIPENV_VERBOSITY: "-1",
      PIPENV_NOSPIN: "1",
      PIPENV_IGNORE_VIRTUALENVS: "1",
      PIPENV_DONT_USE_PYENV: "1",
      PIPENV_DONT_LOAD_ENV: "1",
      PIPENV_CACHE_DIR: path.join(site.caches, view === undefined ? "registry" : "view"),
      WORKON_HOME: path.join(site.caches, "environments"),
      // What has no wheel would be built, which runs its code.
      PIP_ONLY_BINARY: ":all:",
      ...(site.mayRun.length === 0 ? {} : { PIP_NO_BINARY: site.mayRun.join(",") }),
      ...(certificates === undefined ? {} : { REQUESTS_CA_BUNDLE: certificates }),
      ...(view === undefined ? {} : { PIPENV_PYPI_MIRROR: view.replace(/\/$/, "") }),
    },
  };
}

/** pipenv: locks the whole project anew, since the view shows one version of each package. It cannot keep versions outside of it. */
export const pipenv: LockTool = {
  name: "pipenv",
  buildsSources: true,
  objection: (texts, site) => builtBy("pipenv", foreignInPipfile(texts.get(site.lockfile) ?? ""), site),
  // What it says of its environment and its own code.
  noise:
    /^(?!ERROR: No matching|\s+The user requested|\s+\S+ \d\S* depends on|Warning: Python|.*out.of.date)/,
  settings: [],
  update: (_names, view, site) => pipenvCall(["lock"], site, view),
  check: (site) => pipenvCall(["verify"], site),
  putRight: (written, { view, before }) => {
    const source = mostFrequent(before, /"url": "([^"]+)"/g) ?? "";
    return withoutView(written, view, source);
  },
  formatOf: (text) => `pipfile-spec ${/"pipfile-spec": (\d+)/.exec(text)?.[1] ?? "none"}`,
  complaints: readDependsOn,
  refusals: refusalsOf,
};

/** Names of what a `Pipfile.lock` takes from checkouts, folders and files. */
function foreignInPipfile(text: string): string[] {
  return [...text.matchAll(/^ {8}"([^"]+)": \{([\s\S]*?)^ {8}\}/gm)].flatMap(([, named = "", entry = ""]) =>
    /^ {12}"(?:git|hg|svn|path|file|editable)":/m.test(entry) ? [named] : [],
  );
}

import path from "node:path";
import { parse } from "yaml";
import { keepRegistries } from "./lock-addresses.ts";
import type { LockTool, ToolCall, ToolComplaint, ToolSite } from "./lock-tool.ts";
import type { Files } from "./npm-judge.ts";

/** Names of packages as npm has them, in a tool's words. */
const name = String.raw`(@[^\s@/"'\`]+/[^\s@/"'\`]+|[^\s@/"'\`:]+)`;

function complaintsBy(words: string, patterns: readonly RegExp[], from?: RegExp): ToolComplaint[] {
  const by = from === undefined ? undefined : from.exec(words)?.[1];
  return patterns.flatMap((pattern) =>
    [...words.matchAll(pattern)].map(([, missing = "", range = ""]) => ({
      missing: { name: missing, range },
      ...(by === undefined ? {} : { from: by }),
    })),
  );
}

/** Loopback is reached directly, whatever proxy npm's settings name. */
const direct = (site: ToolSite): string =>
  [...(site.registries?.noProxy ?? "").split(","), "127.0.0.1"].filter((one) => one.trim() !== "").join(",");

/** Every registry is the view, also those of scopes. */
const npmSettings = (view: string, site: ToolSite): string[] => [
  `--registry=${view}`,
  ...[...(site.registries?.scopes.keys() ?? [])].map((scope) => `--${scope}:registry=${view}`),
];

const inFolder = (site: ToolSite, file: string): string => path.posix.join(site.folder, file);

const pnpmSafety = ["--lockfile-only", "--ignore-scripts", "--ignore-pnpmfile", "--reporter=append-only"];

function pnpmCall(args: readonly string[], site: ToolSite, cache: string): ToolCall {
  return {
    args: [
      ...args,
      ...pnpmSafety,
      `--cache-dir=${path.join(site.caches, cache)}`,
      `--noproxy=${direct(site)}`,
    ],
    // pnpm would otherwise fetch the version of itself that the manifest names.
    env: { npm_config_manage_package_manager_versions: "false", COREPACK_ENABLE_NETWORK: "0", CI: "1" },
  };
}

const deeply = (site: ToolSite): string[] => [
  "--no-save",
  "--depth=Infinity",
  ...(site.texts.has(inFolder(site, "pnpm-workspace.yaml")) ? ["--recursive"] : []),
];

/** pnpm: the view gives archives under its own address, so that the lockfile names none. */
export const pnpm: LockTool = {
  name: "pnpm",
  archives: "view",
  separatesDirect: true,
  settings: [".npmrc", "pnpm-workspace.yaml", "patches/"],
  objection: (texts, site) =>
    /^pnpmfileChecksum:/m.test(texts.get(site.lockfile) ?? "") ||
    /^configDependencies:/m.test(texts.get(inFolder(site, "pnpm-workspace.yaml")) ?? "")
      ? "code of the project takes part in its resolution (.pnpmfile.cjs, configDependencies), and no such code is run: move the packages by hand"
      : undefined,
  update: (names, view, site) =>
    pnpmCall(
      names.length === 0
        ? ["install", "--no-frozen-lockfile", ...npmSettings(view, site)]
        : ["update", ...names, ...deeply(site), ...npmSettings(view, site)],
      site,
      "view",
    ),
  updateAll: (view, site) => pnpmCall(["update", ...deeply(site), ...npmSettings(view, site)], site, "view"),
  relock: (site) => pnpmCall(["install", "--no-frozen-lockfile"], site, "registry"),
  check: (site) => pnpmCall(["install", "--frozen-lockfile"], site, "registry"),
  noise: /^Progress: |^If you need the full list|^The latest release of|npm warn/,
  putRight: (written, { before }) => keepRegistries(written, before),
  formatOf: (text) =>
    `lockfileVersion ${/^lockfileVersion: *(\S+)/m.exec(text)?.[1]?.replace(/['"]/g, "") ?? "none"}`,
  complaints: (words) =>
    complaintsBy(
      words,
      [
        new RegExp(
          String.raw`No matching version found for ${name}@(.+?)(?: while fetching it| published by| inside|\s*$)`,
          "gm",
        ),
        new RegExp(
          String.raw`GET https?://[^/\s]+/[^/\s]+/((?:@[^/\s]+(?:%2[fF]|/))?[^/\s:]+): Not Found`,
          "g",
        ),
      ],
      new RegExp(String.raw`installing the dependencies of ${name}@[^\s(]+`, "m").exec(words) === null
        ? undefined
        : /installing the dependencies of (\S+@[^\s(]+)/,
    ).map((one) => ({
      ...one,
      ...(one.missing === undefined
        ? {}
        : { missing: { ...one.missing, name: one.missing.name.replace(/%2f/i, "/") } }),
    })),
};

/** Entries of a yarn 1 lockfile without those of some packages: yarn then resolves what is lacking. */
export function withoutEntries(text: string, names: ReadonlySet<string>): string {
  return text
    .split(/\n(?=\S)/)
    .filter((block) => {
      const [head = ""] = block.split("\n");
      const pattern = /^"?((?:@[^/"]+\/)?[^@"]+)@/.exec(head);
      if (head.startsWith("#") || pattern === null) return true;
      const alias = /@npm:((?:@[^/"]+\/)?[^@",]+)@/.exec(head)?.[1];
      return !names.has(alias ?? pattern[1] ?? "");
    })
    .join("\n");
}

const yarnSafety = [
  "--ignore-scripts",
  "--non-interactive",
  "--no-progress",
  "--no-bin-links",
  "--no-default-rc",
];

/** yarn packs what it takes from a checkout, which runs its scripts. */
const checkouts = (texts: Files, site: ToolSite): string | undefined =>
  /(?:git\+|git:\/\/|@git@|\.git#|#commit=|github:)/.test(texts.get(site.lockfile) ?? "")
    ? "it takes a package from a git checkout, which yarn would pack by running its scripts: move the packages by hand"
    : undefined;

/** yarn 1: what moves is taken out of the lockfile, and yarn fills the gaps from the view. It has no other way to move what is not direct. */
export const yarnClassic: LockTool = {
  name: "yarn",
  objection: checkouts,
  noise: /^(?:info |warning |yarn install v|\[\d\/\d\])/,
  settings: [".npmrc"],
  present: (files, site, view) => {
    const file = inFolder(site, ".npmrc");
    const own = files.get(file) ?? "";
    if (view === undefined) return files;
    const scopes = [...(site.registries?.scopes.keys() ?? [])];
    const kept = own.split("\n").filter((line) => !/^\s*(?:@[^:]+:)?registry\s*=/.test(line));
    return new Map([
      ...files,
      [
        file,
        [...kept, `registry=${view}`, ...scopes.map((scope) => `${scope}:registry=${view}`), ""].join("\n"),
      ],
    ]);
  },
  update: (_names, view, site) => ({
    args: ["install", ...yarnSafety, `--registry=${view}`],
    env: { YARN_IGNORE_PATH: "1", COREPACK_ENABLE_NETWORK: "0", no_proxy: direct(site) },
  }),
  check: () => ({
    args: ["install", "--frozen-lockfile", ...yarnSafety],
    env: { YARN_IGNORE_PATH: "1", COREPACK_ENABLE_NETWORK: "0" },
  }),
  putRight: (written, { before }) => keepRegistries(written, before),
  formatOf: (text) => /^# yarn lockfile v\d+/m.exec(text)?.[0].slice(2) ?? "none",
  complaints: (words) => [
    ...complaintsBy(words, [
      new RegExp(String.raw`Couldn't find any versions for "${name}" that matches "([^"]*)"`, "g"),
      new RegExp(
        String.raw`error An unexpected error occurred: "https?://[^/\s]+/[^/\s]+/((?:@[^/\s"]+(?:%2f|/))?[^/\s":]+): Not found"`,
        "g",
      ),
    ]),
    ...[
      ...words.matchAll(
        new RegExp(String.raw`Couldn't find package "${name}(?:@([^"]*))?"(?: required by "([^"]+)")?`, "g"),
      ),
    ].map(([, missing = "", range = "", from]) => ({
      missing: { name: missing, range },
      ...(from === undefined ? {} : { from }),
    })),
  ],
};

/** Settings of yarn 2 and later that take part in resolution; plugins and the project's own copy of yarn are code and stay out. */
const berrySettings: ReadonlySet<string> = new Set([
  "catalog",
  "catalogs",
  "checksumBehavior",
  "compressionLevel",
  "defaultProtocol",
  "defaultSemverRangePrefix",
  "enableStrictSsl",
  "enableTransparentWorkspaces",
  "httpProxy",
  "httpsCaFilePath",
  "httpsProxy",
  "nodeLinker",
  "npmAlwaysAuth",
  "npmAuthIdent",
  "npmAuthToken",
  "npmMinimalAgeGate",
  "npmPreapprovedPackages",
  "npmRegistries",
  "npmRegistryServer",
  "npmScopes",
  "packageExtensions",
  "supportedArchitectures",
]);

/** The settings file as yarn is to find it. JSON is YAML. */
export function presentBerry(text: string, view: string | undefined, scopes: readonly string[]): string {
  const read: unknown = parse(text);
  const own = typeof read === "object" && read !== null ? (read as Record<string, unknown>) : {};
  const kept = Object.fromEntries(Object.entries(own).filter(([key]) => berrySettings.has(key)));
  if (view === undefined) return JSON.stringify(kept, null, 2);
  const named = kept["npmScopes"];
  const all = new Set([
    ...scopes.map((one) => one.slice(1)),
    ...(typeof named === "object" && named !== null ? Object.keys(named) : []),
  ]);
  return JSON.stringify(
    {
      ...kept,
      npmRegistryServer: view,
      npmScopes: Object.fromEntries([...all].map((scope) => [scope, { npmRegistryServer: view }])),
      unsafeHttpWhitelist: ["127.0.0.1"],
    },
    null,
    2,
  );
}

const berryEnvironment = (site: ToolSite, cache: string): Record<string, string> => ({
  YARN_IGNORE_PATH: "1",
  YARN_RC_FILENAME: ".yarnrc.yml",
  YARN_ENABLE_TELEMETRY: "0",
  YARN_ENABLE_SCRIPTS: "0",
  YARN_ENABLE_COLORS: "0",
  YARN_ENABLE_PROGRESS_BARS: "0",
  YARN_ENABLE_IMMUTABLE_INSTALLS: "0",
  YARN_ENABLE_HARDENED_MODE: "0",
  YARN_GLOBAL_FOLDER: path.join(site.caches, cache),
  COREPACK_ENABLE_NETWORK: "0",
});

/** yarn 2 and later: the view gives archives under its own address, so that the lockfile names none. */
export const yarnBerry: LockTool = {
  name: "yarn",
  objection: checkouts,
  noise: /YN0000|YN0085|^\s*$/,
  archives: "view",
  settings: [".yarnrc.yml", ".yarn/patches/"],
  present: (files, site, view) => {
    const file = inFolder(site, ".yarnrc.yml");
    const scopes = [...(site.registries?.scopes.keys() ?? [])];
    return new Map([...files, [file, presentBerry(files.get(file) ?? "", view, scopes)]]);
  },
  update: (names, _view, site) => ({
    args:
      names.length === 0
        ? ["install", "--mode=update-lockfile"]
        : ["up", "-R", ...names, "--mode=update-lockfile"],
    env: berryEnvironment(site, "view"),
  }),
  relock: (site) => ({
    args: ["install", "--mode=update-lockfile"],
    env: berryEnvironment(site, "registry"),
  }),
  check: (site) => ({
    args: ["install", "--immutable", "--mode=skip-build"],
    env: berryEnvironment(site, "registry"),
  }),
  putRight: (written, { before }) => keepRegistries(written, before),
  formatOf: (text) =>
    [/^ {2}version: (\S+)/m, /^ {2}cacheKey: (\S+)/m]
      .map((one) => one.exec(text)?.[1] ?? "none")
      .join(", cache key "),
  complaints: (words) =>
    complaintsBy(words, [
      new RegExp(String.raw`YN0082: .*?${name}@(?:npm:)?(\S+): No candidates found`, "g"),
      new RegExp(String.raw`YN0035: .*?${name}@(?:npm:)?(\S+): Package not found`, "g"),
    ]),
};

/** The tool of yarn that wrote a lockfile. */
export function yarnOf(lockfile: string): { readonly tool: LockTool; readonly isBerry: boolean } {
  const isBerry = lockfile.includes("__metadata:");
  return { tool: isBerry ? yarnBerry : yarnClassic, isBerry };
}

/** The files as yarn 1 is to begin with: it moves only what the lockfile lacks. */
export function withGapsFor(tool: LockTool, files: Files, names: readonly string[], lockfile: string): Files {
  if (tool !== yarnClassic) return files;
  return new Map([...files, [lockfile, withoutEntries(files.get(lockfile) ?? "", new Set(names))]]);
}

import { Failure } from "../model/index.ts";

/**
 * Packages of npm lockfiles that want to run a script when they are installed (`hasInstallScript`), sorted; other files
 * do not tell.
 */
export function wantedScripts(texts: ReadonlyMap<string, string>): string[] {
  const names = new Set<string>();
  for (const [file, text] of texts) {
    if (!/(?:^|\/)(?:package-lock|npm-shrinkwrap)\.json$/.test(file)) continue;
    for (const [key, entry] of Object.entries(packagesOf(file, text)))
      if (entry?.hasInstallScript === true) names.add(key.slice(key.lastIndexOf("node_modules/") + 13));
  }
  return [...names].sort();
}

type Entries = Readonly<Record<string, { readonly hasInstallScript?: unknown } | null>>;

function packagesOf(file: string, text: string): Entries {
  try {
    const { packages } = JSON.parse(text) as { packages?: Entries };
    return packages ?? {};
  } catch (error) {
    throw new Failure("unreadable", `${file} is no JSON`, "Make the plan again.", { cause: error });
  }
}

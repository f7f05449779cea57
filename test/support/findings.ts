import {
  normaliseName,
  type Advisory,
  type Component,
  type Configuration,
  type Policy,
  type Enrichment,
  type Finding,
  type Inventory,
} from "../../src/model/index.ts";

/** An advisory on nothing, but for what is given. */
export function record(given: Partial<Advisory> = {}): Advisory {
  return {
    id: "GHSA-aaaa-aaaa-aaaa",
    aliases: [],
    affected: [],
    severity: [],
    weaknesses: [],
    references: [],
    source: "test",
    ...given,
  };
}

/** A configuration that says nothing, but for what is given; a policy is given in part. */
export function configuration(
  given: Partial<Omit<Configuration, "policy">> & { readonly policy?: Partial<Policy> } = {},
): Configuration {
  const { policy, ...rest } = given;
  return {
    digest: "0",
    projects: [],
    functions: [],
    policy: {
      profile: "default",
      cooldownDays: 7,
      allowMajor: true,
      allowOverrides: "same-major",
      installScripts: [],
      pinned: [],
      ...policy,
    },
    criteria: {},
    tests: [],
    commands: [],
    advisories: [],
    waivers: [],
    contacts: {},
    ...rest,
  };
}

/** A production component `name@version` of a PyPI project at the root. */
export function component(given: Partial<Component> & Pick<Component, "name" | "version">): Component {
  const { ecosystem = "PyPI", name, version } = given;
  return {
    project: ".",
    ecosystem,
    purl: `pkg:${ecosystem.toLowerCase()}/${name}@${version}`,
    scope: "production",
    direct: true,
    places: [{ path: "requirements.txt", line: 1, source: "lockfile" }],
    requirementsKnown: true,
    ...given,
  };
}

/** An inventory of components, with edges where given. */
export function inventory(
  components: readonly Component[],
  dependencies: Inventory["dependencies"] = [],
): Inventory {
  return { projects: [], components, dependencies, unread: [], notes: [] };
}

/** Nothing is known of exploitation. */
export const noEnrichment: Enrichment = { kev: { state: "unavailable" }, epss: { state: "unavailable" } };

/** A finding on `a@1.0` at the root, but for what is given. */
export function finding(given: Partial<Finding> = {}): Finding {
  return {
    id: "RF-0000000000",
    project: ".",
    ecosystem: "PyPI",
    package: "a",
    version: "1.0",
    purl: "pkg:pypi/a@1.0",
    advisory: "GHSA-aaaa-aaaa-aaaa",
    aliases: [],
    severity: "high",
    weaknesses: [],
    fixedIn: [],
    scope: "production",
    direct: true,
    paths: [],
    tier: "2-weeks",
    due: "2025-09-16T00:00:00.000Z",
    rule: "R5",
    inputs: {},
    functions: [],
    waiver: null,
    places: [],
    ...given,
  };
}

interface OsvText {
  readonly id: string;
  readonly aliases?: readonly string[];
  readonly published?: string;
  readonly withdrawn?: string;
  readonly severity?: Advisory["severity"];
  readonly affected?: readonly {
    readonly package: { readonly ecosystem: string; readonly name: string };
    readonly ranges?: Advisory["affected"][number]["ranges"];
    readonly versions?: readonly string[];
  }[];
  readonly database_specific?: { readonly severity?: string; readonly cwe_ids?: readonly string[] };
}

/** Well-formed OSV records, one a line, as `lookup` of a judge; the shortest reader that tests of matching need. */
export function lookupIn(jsonl: string): (ecosystem: string, name: string) => readonly Advisory[] {
  const byPackage = new Map<string, Advisory[]>();
  for (const line of jsonl.split("\n")) {
    if (line === "") continue;
    const {
      id,
      aliases = [],
      published,
      withdrawn,
      severity = [],
      affected = [],
      ...rest
    } = JSON.parse(line) as OsvText;
    const read: Advisory = record({
      id,
      aliases,
      severity,
      weaknesses: rest.database_specific?.cwe_ids ?? [],
      affected: affected.flatMap(({ package: { ecosystem, name }, ranges = [], versions = [] }) =>
        ecosystem === "npm" || ecosystem === "PyPI"
          ? [{ ecosystem, name: normaliseName(ecosystem, name), ranges, versions }]
          : [],
      ),
      ...(published === undefined ? {} : { published }),
      ...(withdrawn === undefined ? {} : { withdrawn }),
      ...(rest.database_specific?.severity === undefined ? {} : { label: rest.database_specific.severity }),
    });
    for (const key of new Set(read.affected.map((one) => `${one.ecosystem}|${one.name}`)))
      byPackage.set(key, [...(byPackage.get(key) ?? []), read]);
  }
  return (ecosystem, name) => byPackage.get(`${ecosystem}|${name}`) ?? [];
}

import { Failure } from "../model/index.ts";
import type { AdvisorySource, PackageVersion, SourceContext } from "./advisory-source.ts";
import { Answers, inBatches } from "./answers.ts";
import { askJson, wrongAnswer } from "./ask-json.ts";
import { under, type RegistryEndpoint } from "./endpoints.ts";
import { asList, asObject, asText, stringsOf, type JsonObject } from "./json-shape.ts";
import { readNpmRange } from "./npm-ranges.ts";

const batchSize = 1000;

/**
 * The bulk audit endpoint of the user's registry (`POST /-/npm/v1/security/advisories/bulk`), which `npm audit` asks.
 * It answers with the advisories that hit the versions in use, without dates or aliases.
 */
export function npmSource(context: SourceContext): AdvisorySource {
  return {
    id: "npm",
    ecosystems: ["npm"],
    about: "versions",
    advisories: async (packages, signal) => {
      const endpoint = context.endpoints.npm;
      if (endpoint === undefined)
        throw new Failure(
          "unavailable",
          "no npm registry is configured to ask for advisories",
          "Set registry in .npmrc, or name another source with --advisories.",
        );
      const answers = new Answers("npm");
      const asked = versionsByName(packages);
      if (context.offline) await readKept(asked, { endpoint, context, answers });
      else
        for (const batch of inBatches([...asked], batchSize))
          await fetchBatch(new Map(batch), { endpoint, context, answers, signal });
      return answers.result(context);
    },
  };
}

interface Asking {
  readonly endpoint: RegistryEndpoint;
  readonly context: SourceContext;
  readonly answers: Answers;
  readonly signal?: AbortSignal | undefined;
}

function versionsByName(packages: readonly PackageVersion[]): Map<string, string[]> {
  const asked = new Map<string, string[]>();
  for (const { ecosystem, name, version } of packages) {
    if (ecosystem !== "npm") continue;
    const versions = asked.get(name) ?? [];
    if (!versions.includes(version)) asked.set(name, [...versions, version]);
  }
  for (const versions of asked.values()) versions.sort();
  return asked;
}

const keyOf = (name: string, versions: readonly string[], endpoint: RegistryEndpoint): string =>
  [endpoint.url, name, ...versions].join("\n");

async function readKept(asked: ReadonlyMap<string, string[]>, asking: Asking): Promise<void> {
  for (const [name, versions] of asked) {
    const kept = await asking.context.cache.read("npm-audit", keyOf(name, versions, asking.endpoint));
    if (kept === undefined) {
      asking.answers.lacks({ ecosystem: "npm", name, version: versions.join(", ") });
      continue;
    }
    asking.answers.answeredAt(kept.fetchedAt);
    for (const advisory of asList(kept.value)) takeIn(advisory, name, asking.answers);
  }
}

async function fetchBatch(asked: ReadonlyMap<string, string[]>, asking: Asking): Promise<void> {
  const { endpoint, context, answers, signal } = asking;
  const url = under(endpoint.url, "-", "npm", "v1", "security", "advisories", "bulk");
  const answer = await askJson(url, context, {
    method: "POST",
    body: JSON.stringify(Object.fromEntries(asked)),
    ...(endpoint.headers === undefined ? {} : { headers: endpoint.headers }),
    ...(signal === undefined ? {} : { signal }),
  });
  const byName = asObject(answer);
  if (byName === undefined)
    throw wrongAnswer(url, answer === undefined ? "it offers no audit" : "it is no list by package");
  const fetchedAt = context.clock().toISOString();
  answers.answeredAt(fetchedAt);
  for (const [name, versions] of asked) {
    const value = Object.hasOwn(byName, name) ? byName[name] : [];
    if (!Array.isArray(value)) throw wrongAnswer(url, "a package's advisories are no list");
    for (const advisory of value as unknown[]) takeIn(advisory, name, answers);
    await context.cache.write("npm-audit", keyOf(name, versions, endpoint), { fetchedAt, value });
  }
}

function takeIn(value: unknown, name: string, answers: Answers): void {
  const fields = asObject(value) ?? {};
  const number = fields["id"];
  const url = asText(fields["url"]);
  const id =
    /\/(GHSA(?:-[0-9a-z]{4}){3})$/.exec(url ?? "")?.[1] ??
    (typeof number === "number" || typeof number === "string" ? `NPM-${number}` : undefined);
  const text = fields["vulnerable_versions"];
  const range = typeof text === "string" ? readNpmRange(text) : undefined;
  if (id === undefined || range === undefined) {
    answers.unread.push({
      path: "npm",
      reason: `${id ?? "an advisory without id"} of ${name}: its range cannot be read`,
    });
    return;
  }
  answers.add({
    id,
    summary: fields["title"],
    affected: [{ package: { ecosystem: "npm", name }, ...range }],
    severity: vectorOf(fields),
    references: url === undefined ? [] : [{ type: "ADVISORY", url }],
    database_specific: {
      severity: asText(fields["severity"])?.toUpperCase(),
      cwe_ids: stringsOf(fields["cwe"]),
    },
  });
}

function vectorOf(fields: JsonObject): { type: string; score: string }[] {
  const score = asText(asObject(fields["cvss"])?.["vectorString"]);
  const generation = /^CVSS:([34])\./.exec(score ?? "")?.[1];
  return score === undefined || generation === undefined ? [] : [{ type: `CVSS_V${generation}`, score }];
}

import { Failure, normaliseName } from "../model/index.ts";
import { mapBounded } from "../system/index.ts";
import type { AdvisorySource, PackageVersion, SourceContext } from "./advisory-source.ts";
import { Answers, distinct } from "./answers.ts";
import { askJson, wrongAnswer } from "./ask-json.ts";
import { under } from "./endpoints.ts";
import { asObject, asText, stringsOf } from "./json-shape.ts";

const requestsAtOnce = 12;

/**
 * The `vulnerabilities` that the user's Python index gives in a release's JSON (`GET <base>/NAME/VERSION/json`). They
 * name the version asked for and the versions that fix it, and nothing before it.
 */
export function pypiSource(context: SourceContext): AdvisorySource {
  return {
    id: "pypi",
    ecosystems: ["PyPI"],
    about: "versions",
    advisories: async (packages, signal) => {
      if (context.endpoints.pypi === undefined)
        throw new Failure(
          "unavailable",
          "no Python index is configured to ask for advisories",
          "Set index-url in pip's configuration, or name another source with --advisories.",
        );
      const answers = new Answers("pypi");
      const asked = distinct(packages.filter((one) => one.ecosystem === "PyPI"));
      const lists = await mapBounded(asked, requestsAtOnce, (one) => listOf(one, context, signal));
      for (const [index, one] of asked.entries()) {
        const list = lists[index];
        if (list === undefined) {
          answers.lacks(one);
          continue;
        }
        answers.answeredAt(list.fetchedAt);
        if (list.vulnerabilities === undefined)
          answers.unread.push({ path: "pypi", reason: `the index does not know ${one.name} ${one.version}` });
        for (const vulnerability of list.vulnerabilities ?? []) takeIn(vulnerability, one, answers);
      }
      return answers.result(context);
    },
  };
}

interface Listed {
  readonly fetchedAt: string;
  /** Absent where the index has no such release. */
  readonly vulnerabilities?: readonly unknown[];
}

async function listOf(
  one: PackageVersion,
  context: SourceContext,
  signal: AbortSignal | undefined,
): Promise<Listed | undefined> {
  const endpoint = context.endpoints.pypi ?? { url: "" };
  const url = under(endpoint.url, normaliseName("PyPI", one.name), one.version, "json");
  if (context.offline) {
    const kept = await context.cache.read("pypi-vulnerabilities", url);
    return kept !== undefined && Array.isArray(kept.value)
      ? { fetchedAt: kept.fetchedAt, vulnerabilities: kept.value as unknown[] }
      : undefined;
  }
  const answer = await askJson(url, context, {
    ...(endpoint.headers === undefined ? {} : { headers: endpoint.headers }),
    ...(signal === undefined ? {} : { signal }),
  });
  const fetchedAt = context.clock().toISOString();
  if (answer === undefined) return { fetchedAt };
  const value = asObject(answer)?.["vulnerabilities"];
  if (!Array.isArray(value)) throw wrongAnswer(url, "it has no list of vulnerabilities");
  await context.cache.write("pypi-vulnerabilities", url, { fetchedAt, value });
  return { fetchedAt, vulnerabilities: value as unknown[] };
}

function takeIn(value: unknown, one: PackageVersion, answers: Answers): void {
  const fields = asObject(value) ?? {};
  const link = asText(fields["link"]);
  // Every fix is an event: the first one above the version ends the range, those below it change nothing.
  const events = [{ introduced: one.version }, ...stringsOf(fields["fixed_in"]).map((fixed) => ({ fixed }))];
  answers.add({
    id: fields["id"],
    aliases: fields["aliases"],
    summary: fields["summary"],
    details: fields["details"],
    withdrawn: fields["withdrawn"],
    affected: [
      {
        package: { ecosystem: "PyPI", name: one.name },
        ranges: [{ type: "ECOSYSTEM", events }],
        versions: [one.version],
      },
    ],
    references: link === undefined ? [] : [{ type: "ADVISORY", url: link }],
  });
}

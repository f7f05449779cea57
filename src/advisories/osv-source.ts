import type { Ecosystem } from "../model/index.ts";
import { mapBounded } from "../system/index.ts";
import type { AdvisorySource, PackageVersion, SourceContext } from "./advisory-source.ts";
import { Answers, inBatches } from "./answers.ts";
import { askJson, wrongAnswer } from "./ask-json.ts";
import { under } from "./endpoints.ts";
import { asList, asObject, asText } from "./json-shape.ts";

/** Queries a batch, as OSV's documentation allows. */
const batchSize = 1000;
const mostPages = 200;
const recordsAtOnce = 12;

/** An advisory's name and version, as a batch query answers. */
interface Mark {
  readonly id: string;
  readonly modified: string;
}

interface Query {
  readonly package: { readonly ecosystem: Ecosystem; readonly name: string };
  readonly page_token?: string;
}

/**
 * OSV's API: which advisories a package has in any version (`POST /v1/querybatch`, paged), then each record once
 * (`GET /v1/vulns/ID`), kept by id and time of change. Whole packages are asked for, not versions: a plan must know
 * about the versions it could move to.
 */
export function osvSource(context: SourceContext): AdvisorySource {
  return {
    id: "osv",
    ecosystems: ["npm", "PyPI"],
    about: "packages",
    advisories: async (packages, signal) => {
      const answers = new Answers("osv");
      const named = [...new Map(packages.map((one) => [`${one.ecosystem}\t${one.name}`, one])).values()];
      const marks = context.offline
        ? await keptMarks(named, context, answers)
        : await fetchMarks(named, context, { answers, signal });
      const distinct = [...new Map(marks.map((mark) => [mark.id, mark])).values()];
      const records = await mapBounded(distinct, recordsAtOnce, (mark) => recordOf(mark, context, signal));
      for (const [index, record] of records.entries()) {
        const id = distinct[index]?.id ?? "";
        if (record !== undefined) answers.add(record);
        else answers.unread.push({ path: "osv", reason: `${id} is listed and cannot be fetched` });
      }
      return answers.result(context);
    },
  };
}

const markKey = (one: Query["package"], context: SourceContext): string =>
  `${context.endpoints.osvApi}\n${one.ecosystem}\n${one.name}`;

async function keptMarks(
  named: readonly PackageVersion[],
  context: SourceContext,
  answers: Answers,
): Promise<Mark[]> {
  const marks: Mark[] = [];
  for (const one of named) {
    const kept = await context.cache.read("osv-marks", markKey(one, context));
    if (kept === undefined) answers.lacks(one);
    else {
      answers.answeredAt(kept.fetchedAt);
      marks.push(...asList(kept.value).flatMap((mark) => markOf(mark) ?? []));
    }
  }
  return marks;
}

async function fetchMarks(
  named: readonly PackageVersion[],
  context: SourceContext,
  { answers, signal }: { answers: Answers; signal: AbortSignal | undefined },
): Promise<Mark[]> {
  const found = new Map<string, Mark[]>(named.map((one) => [markKey(one, context), []]));
  let queries = named.map(({ ecosystem, name }): Query => ({ package: { ecosystem, name } }));
  for (let page = 0; queries.length > 0; page++) {
    const url = under(context.endpoints.osvApi, "v1", "querybatch");
    if (page === mostPages) throw wrongAnswer(url, `more than ${mostPages} pages`);
    const next: Query[] = [];
    for (const batch of inBatches(queries, batchSize)) {
      const results = await askBatch(url, batch, { context, signal });
      for (const [index, query] of batch.entries()) {
        const result = asObject(results[index]);
        const marks = asList(result?.["vulns"]).map((mark) => {
          const read = markOf(mark);
          if (read === undefined) throw wrongAnswer(url, "an advisory without id or time of change");
          return read;
        });
        found.get(markKey(query.package, context))?.push(...marks);
        const token = asText(result?.["next_page_token"]);
        if (token !== undefined) next.push({ package: query.package, page_token: token });
      }
    }
    queries = next;
  }
  const fetchedAt = context.clock().toISOString();
  answers.answeredAt(fetchedAt);
  for (const [key, value] of found) await context.cache.write("osv-marks", key, { fetchedAt, value });
  return [...found.values()].flat();
}

async function askBatch(
  url: string,
  queries: readonly Query[],
  { context, signal }: { context: SourceContext; signal: AbortSignal | undefined },
): Promise<readonly unknown[]> {
  const answer = await askJson(url, context, {
    method: "POST",
    body: JSON.stringify({ queries }),
    ...(signal === undefined ? {} : { signal }),
  });
  const results = asObject(answer)?.["results"];
  if (!Array.isArray(results) || results.length !== queries.length)
    throw wrongAnswer(url, "it does not answer each query");
  return results as unknown[];
}

function markOf(value: unknown): Mark | undefined {
  const id = asText(asObject(value)?.["id"]);
  const modified = asText(asObject(value)?.["modified"]);
  return id === undefined || modified === undefined ? undefined : { id, modified };
}

async function recordOf(
  mark: Mark,
  context: SourceContext,
  signal: AbortSignal | undefined,
): Promise<unknown> {
  const key = `${context.endpoints.osvApi}\n${mark.id}\n${mark.modified}`;
  const kept = await context.cache.read("osv-records", key);
  if (kept !== undefined && asObject(kept.value)?.["id"] === mark.id) return kept.value;
  if (context.offline) return undefined;
  const url = under(context.endpoints.osvApi, "v1", "vulns", mark.id);
  const record = await askJson(url, context, signal === undefined ? {} : { signal });
  if (record === undefined) return undefined;
  if (asObject(record)?.["id"] !== mark.id) throw wrongAnswer(url, "another record than was asked for");
  await context.cache.write("osv-records", key, { fetchedAt: context.clock().toISOString(), value: record });
  return record;
}

/** What every online advisory source must do, against servers on loopback that also misbehave. */
import assert from "node:assert/strict";
import * as fs from "node:fs/promises";
import os from "node:os";
import path from "node:path";
import { test, type TestContext } from "node:test";
import { onlineSources } from "../../src/advisories/online-sources.ts";
import { AnswerCache } from "../../src/advisories/answer-cache.ts";
import { defaultEndpoints, type Endpoints } from "../../src/advisories/endpoints.ts";
import type { AdvisorySource, OnlineSourceId, PackageVersion } from "../../src/advisories/index.ts";
import { Failure, type Advisory } from "../../src/model/index.ts";
import { sendJson, serve, type Answering } from "../support/loopback.ts";

interface Case {
  readonly id: OnlineSourceId;
  readonly endpoints: (base: string) => Partial<Endpoints>;
  readonly packages: readonly PackageVersion[];
  readonly good: Answering;
  /** Ids that the good server knows of, and the affected name and events of the first. */
  readonly ids: readonly string[];
  readonly first: readonly [name: string, events: readonly object[]];
  /** JSON that is not what the service promises. */
  readonly wrong: readonly unknown[];
}

const osvRecord = (id: string, name: string): object => ({
  id,
  modified: "2025-01-01T00:00:00Z",
  aliases: ["CVE-2025-1"],
  affected: [
    {
      package: { ecosystem: "npm", name },
      ranges: [{ type: "SEMVER", events: [{ introduced: "0" }, { fixed: "1.2.0" }] }],
    },
  ],
});
const mark = (id: string): object => ({ id, modified: "2025-01-01T00:00:00Z" });

const cases: readonly Case[] = [
  {
    id: "osv",
    endpoints: (base) => ({ osvApi: base }),
    packages: [
      { ecosystem: "npm", name: "left", version: "1.0.0" },
      { ecosystem: "npm", name: "left", version: "1.1.0" },
      { ecosystem: "PyPI", name: "right", version: "1.0" },
    ],
    good: (request, response, body) => {
      if (request.url === "/v1/querybatch") {
        const { queries } = JSON.parse(body) as {
          queries: { package: { name: string }; page_token?: string }[];
        };
        const results = queries.map(({ package: { name }, page_token: token }) => {
          if (name !== "left") return {};
          return token === undefined
            ? { vulns: [mark("A-1")], next_page_token: "two" }
            : { vulns: [mark("A-2")] };
        });
        sendJson(response, { results });
      } else sendJson(response, osvRecord(decodeURIComponent(request.url?.split("/").at(-1) ?? ""), "left"));
    },
    ids: ["A-1", "A-2"],
    first: ["left", [{ introduced: "0" }, { fixed: "1.2.0" }]],
    wrong: [[], 7, { results: [] }, { results: [{ vulns: [{ id: "A-1" }] }, {}] }],
  },
  {
    id: "npm",
    endpoints: (base) => ({ npm: { url: `${base}/` } }),
    packages: [
      { ecosystem: "npm", name: "left", version: "1.0.0" },
      { ecosystem: "npm", name: "__proto__", version: "1.0.0" },
      { ecosystem: "PyPI", name: "left", version: "1.0" },
    ],
    good: (request, response, body) => {
      assert.equal(request.url, "/-/npm/v1/security/advisories/bulk");
      assert.match(body, /"left":\["1\.0\.0"\]/);
      sendJson(response, {
        left: [
          {
            id: 1,
            url: "https://advisories.example/GHSA-aaaa-bbbb-cccc",
            title: "A hole",
            severity: "high",
            vulnerable_versions: "<1.2.0",
            cwe: ["CWE-79"],
            cvss: { score: 7.5, vectorString: "CVSS:3.1/AV:N" },
          },
          { id: 2, title: "Another", severity: "low", vulnerable_versions: ">=1.0.0 <=1.1.0" },
        ],
      });
    },
    ids: ["GHSA-aaaa-bbbb-cccc", "NPM-2"],
    first: ["left", [{ introduced: "0" }, { fixed: "1.2.0" }]],
    wrong: [[], 7, { left: 7 }],
  },
  {
    id: "pypi",
    endpoints: (base) => ({ pypi: { url: `${base}/pypi`, headers: { authorization: "Basic eA==" } } }),
    packages: [
      { ecosystem: "PyPI", name: "left_pad", version: "1.0" },
      { ecosystem: "npm", name: "left", version: "1.0.0" },
    ],
    good: (request, response) => {
      assert.equal(request.url, "/pypi/left-pad/1.0/json");
      assert.equal(request.headers.authorization, "Basic eA==");
      sendJson(response, {
        vulnerabilities: [
          {
            id: "PYSEC-1",
            aliases: ["CVE-2025-1"],
            summary: "A hole",
            fixed_in: ["0.9", "1.2"],
            link: "https://advisories.example/1",
          },
          { id: "PYSEC-2", aliases: [], details: "Another", fixed_in: [], withdrawn: null },
        ],
      });
    },
    ids: ["PYSEC-1", "PYSEC-2"],
    first: ["left-pad", [{ introduced: "1.0" }, { fixed: "0.9" }, { fixed: "1.2" }]],
    wrong: [[], 7, {}, { vulnerabilities: {} }],
  },
];

interface Made {
  readonly source: AdvisorySource;
  readonly offline: AdvisorySource;
}

async function make(context: TestContext, one: Case, answering: Answering): Promise<Made> {
  const base = await serve(context, answering);
  const folder = await fs.mkdtemp(path.join(os.tmpdir(), "redress-source-"));
  context.after(() => fs.rm(folder, { recursive: true, force: true }));
  const common = {
    endpoints: { ...defaultEndpoints, ...one.endpoints(base) },
    cache: new AnswerCache(folder),
    clock: () => new Date("2025-06-01T00:00:00Z"),
    timeoutMs: 700,
    retries: 1,
  };
  return {
    source: onlineSources[one.id]({ ...common, offline: false }),
    offline: onlineSources[one.id]({ ...common, offline: true }),
  };
}

const failsWith =
  (code: string) =>
  (error: unknown): boolean =>
    error instanceof Failure && error.code === code && error.message !== "";

function check(one: Case, records: readonly Advisory[]): void {
  assert.deepEqual(
    records.map((record) => record.id),
    one.ids,
  );
  const [first] = records;
  assert.equal(first?.source, one.id);
  assert.deepEqual([first.affected[0]?.name, first.affected[0]?.ranges[0]?.events], one.first);
}

test("every online source has a case", () => {
  assert.deepEqual(cases.map((one) => one.id).sort(), Object.keys(onlineSources).sort());
});

for (const one of cases) {
  test(`${one.id}: answers, and offline again from what it has kept`, async (context) => {
    const { source, offline } = await make(context, one, one.good);
    assert.equal(source.id, one.id);
    await assert.rejects(offline.advisories(one.packages), failsWith("unavailable"));
    const answer = await source.advisories(one.packages);
    check(one, answer.records);
    assert.deepEqual(answer.unread, []);
    assert.equal(answer.fetchedAt, "2025-06-01T00:00:00.000Z");
    assert.deepEqual(await offline.advisories(one.packages), answer);
  });

  test(`${one.id}: offline it names the packages that it has no answer for`, async (context) => {
    const { source, offline } = await make(context, one, one.good);
    await source.advisories(one.packages);
    const ecosystem = source.ecosystems[0] ?? "npm";
    const { unread, records } = await offline.advisories([
      ...one.packages,
      { ecosystem, name: "never-asked", version: "1.0.0" },
    ]);
    check(one, records);
    assert.match(
      unread.map(({ reason }) => reason).join(),
      /no cached answer for 1 packages \(never-asked 1\.0\.0\)/,
    );
  });

  test(`${one.id}: 429 with Retry-After and a passing 500 are waited out`, async (context) => {
    let asked = 0;
    const { source } = await make(context, one, (request, response, body) => {
      asked++;
      if (asked > 1) {
        one.good(request, response, body);
        return;
      }
      response.statusCode = one.id === "osv" ? 500 : 429;
      response.setHeader("retry-after", "1");
      response.end("later");
    });
    check(one, (await source.advisories(one.packages)).records);
    assert.ok(asked > 1);
  });

  const misbehaviours: [string, Answering][] = [
    ["500", (_, response) => void response.writeHead(500).end("down")],
    ["403", (_, response) => void response.writeHead(403).end("no")],
    ["405", (_, response) => void response.writeHead(405).end("GET only")],
    [
      "a cut body",
      (_, response) => {
        response.writeHead(200, { "content-length": "1000" });
        response.write('{"results":');
        setTimeout(() => response.destroy(), 20);
      },
    ],
    [
      "a slow drip",
      (_, response) => {
        response.writeHead(200);
        const timer = setInterval(() => response.write(" "), 50);
        response.on("close", () => {
          clearInterval(timer);
        });
      },
    ],
    ["no JSON", (_, response) => void response.end("<html>")],
    [
      "a redirect loop",
      (request, response) => void response.writeHead(307, { location: request.url ?? "/" }).end(),
    ],
    [
      "a redirect to a file",
      (_, response) => void response.writeHead(302, { location: "file:///etc/hosts" }).end(),
    ],
    [
      "more than anyone needs",
      (_, response) => {
        const piece = Buffer.alloc(1024 * 1024, 32);
        const more = (): void => {
          while (!response.destroyed && response.write(piece));
          if (!response.destroyed) response.once("drain", more);
        };
        more();
      },
    ],
    ...one.wrong.map((value): [string, Answering] => [
      `wrong JSON ${JSON.stringify(value)}`,
      (_, response) => {
        sendJson(response, value);
      },
    ]),
  ];
  for (const [name, answering] of misbehaviours)
    test(`${one.id}: ${name} is a failure, and nothing of it is kept`, async (context) => {
      const { source, offline } = await make(context, one, answering);
      await assert.rejects(source.advisories(one.packages), failsWith("unavailable"));
      await assert.rejects(offline.advisories(one.packages), failsWith("unavailable"));
    });

  test(`${one.id}: a signal ends the asking`, async (context) => {
    const { source } = await make(context, one, () => undefined);
    const stop = new AbortController();
    setTimeout(() => {
      stop.abort();
    }, 50);
    await assert.rejects(source.advisories(one.packages, stop.signal), failsWith("cancelled"));
  });
}

test("osv: a record is fetched once for each change, and another's record is not taken for it", async (context) => {
  const [one] = cases;
  assert.ok(one !== undefined);
  let fetched = 0;
  let modified = "2025-01-01T00:00:00Z";
  const { source } = await make(context, one, (request, response) => {
    if (request.url === "/v1/querybatch")
      sendJson(response, { results: [{ vulns: [{ id: "A-1", modified }] }] });
    else {
      fetched++;
      sendJson(response, osvRecord(fetched === 3 ? "A-2" : "A-1", "left"));
    }
  });
  const packages = one.packages.slice(0, 1);
  await source.advisories(packages);
  await source.advisories(packages);
  assert.equal(fetched, 1);
  modified = "2025-02-01T00:00:00Z";
  await source.advisories(packages);
  assert.equal(fetched, 2);
  modified = "2025-03-01T00:00:00Z";
  await assert.rejects(source.advisories(packages), /another record/);
});

test("npm and pypi without a configured index say so", async (context) => {
  for (const id of ["npm", "pypi"] as const) {
    const one = cases.find((other) => other.id === id);
    assert.ok(one !== undefined);
    const { source } = await make(context, { ...one, endpoints: () => ({}) }, one.good);
    await assert.rejects(source.advisories(one.packages), /no (npm registry|Python index) is configured/);
  }
});

import assert from "node:assert/strict";
import * as fs from "node:fs/promises";
import os from "node:os";
import path from "node:path";
import { test, type TestContext } from "node:test";
import { sendJson, serve } from "../../test/support/loopback.ts";
import type { AdvisoryBase } from "./advisory-base.ts";
import type { PackageVersion } from "./advisory-source.ts";
import { openAdvisories } from "./open-advisories.ts";

const npm = (name: string, version = "1.0.0"): PackageVersion => ({ ecosystem: "npm", name, version });

async function scratch(context: TestContext): Promise<string> {
  const folder = await fs.mkdtemp(path.join(os.tmpdir(), "redress-extend-"));
  context.after(() => fs.rm(folder, { recursive: true, force: true }));
  return folder;
}

/** OSV, which knows one advisory on every package, and what it was asked. */
async function osv(context: TestContext): Promise<{ osvApi: string; asked: string[] }> {
  const asked: string[] = [];
  const modified = "2025-01-01T00:00:00Z";
  const osvApi = await serve(context, (request, response, body) => {
    if (request.url === "/v1/querybatch") {
      const { queries } = JSON.parse(body) as { queries: { package: { name: string } }[] };
      asked.push(...queries.map((one) => one.package.name));
      sendJson(response, {
        results: queries.map((one) => ({ vulns: [{ id: `A-${one.package.name}`, modified }] })),
      });
      return;
    }
    const id = request.url?.split("/").at(-1) ?? "";
    sendJson(response, { id, modified, affected: [{ package: { ecosystem: "npm", name: id.slice(2) } }] });
  });
  return { osvApi, asked };
}

const idsOf = (base: AdvisoryBase, name: string): string[] => base.lookup("npm", name).map((one) => one.id);

test("osv is asked for packages it was not asked for, once each, and the snapshot follows", async (context) => {
  const { osvApi, asked } = await osv(context);
  const base = await openAdvisories({
    sources: ["osv"],
    packages: [npm("left")],
    endpoints: { osvApi },
    cacheFolder: await scratch(context),
  });
  context.after(() => {
    base.close();
  });
  const before = base.snapshot.digest;
  assert.deepEqual([idsOf(base, "left"), idsOf(base, "right")], [["A-left"], []]);
  assert.deepEqual(
    await base.extend([npm("left", "2.0.0")]),
    [],
    "all versions of a package are known at once",
  );
  assert.equal(base.snapshot.digest, before);
  assert.deepEqual(await base.extend([npm("left"), npm("right")]), [npm("right")]);
  assert.deepEqual([idsOf(base, "left"), idsOf(base, "right")], [["A-left"], ["A-right"]]);
  assert.notEqual(base.snapshot.digest, before);
  assert.deepEqual(await base.extend([npm("right", "3.0.0")]), []);
  assert.deepEqual(asked, ["left", "right"]);
});

test("a snapshot does not depend on the order of the questions", async (context) => {
  const { osvApi } = await osv(context);
  const cacheFolder = await scratch(context);
  const digestAfter = async (...steps: PackageVersion[][]): Promise<string> => {
    const base = await openAdvisories({
      sources: ["osv"],
      packages: [npm("m")],
      endpoints: { osvApi },
      cacheFolder,
    });
    for (const step of steps) await base.extend(step);
    base.close();
    return base.snapshot.digest;
  };
  assert.equal(await digestAfter([npm("a")], [npm("z")]), await digestAfter([npm("z"), npm("a")]));
});

test("npm's audit speaks of versions: another version of a package is asked for", async (context) => {
  const url = await serve(context, (_, response, body) => {
    const asked = JSON.parse(body) as Record<string, string[]>;
    const advisory = { id: 1, severity: "high", vulnerable_versions: "2.0.0" };
    sendJson(response, asked["left"]?.includes("2.0.0") === true ? { left: [advisory] } : {});
  });
  const base = await openAdvisories({
    sources: ["npm"],
    packages: [npm("left")],
    endpoints: { npm: { url } },
    cacheFolder: await scratch(context),
  });
  assert.deepEqual(idsOf(base, "left"), []);
  assert.deepEqual(await base.extend([npm("left", "2.0.0")]), [npm("left", "2.0.0")]);
  assert.deepEqual(idsOf(base, "left"), ["NPM-1"]);
  base.close();
});

test("an index knows everything it will ever know", async (context) => {
  const folder = await scratch(context);
  await fs.writeFile(path.join(folder, "a.jsonl"), `${JSON.stringify({ id: "A-1", affected: [] })}\n`);
  const base = await openAdvisories({ sources: [path.join(folder, "a.jsonl")], cacheFolder: folder });
  const { digest } = base.snapshot;
  assert.deepEqual(await base.extend([npm("left")]), []);
  assert.equal(base.snapshot.digest, digest);
  base.close();
});

test("offline, a newcomer that nobody asked about is unread, not a failure", async (context) => {
  const { osvApi } = await osv(context);
  const request = {
    sources: ["osv"],
    packages: [npm("left")],
    endpoints: { osvApi },
    cacheFolder: await scratch(context),
  };
  (await openAdvisories(request)).close();
  const base = await openAdvisories({ ...request, offline: true });
  await base.extend([npm("right")]);
  assert.match(
    base.unread.map((one) => one.reason).join(),
    /offline, and no cached answer for right 1\.0\.0/,
  );
  assert.deepEqual(idsOf(base, "left"), ["A-left"]);
  base.close();
});

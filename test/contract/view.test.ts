import assert from "node:assert/strict";
import * as fs from "node:fs/promises";
import * as os from "node:os";
import path from "node:path";
import { test, type TestContext } from "node:test";
import { openView, type View, type ViewRequest } from "../../src/releases/index.ts";
import { openLoopbackIndex } from "./loopback-index.ts";
import { openLoopbackNpm, type LoopbackNpm } from "./loopback-npm.ts";

type Part = Partial<ViewRequest> & Pick<ViewRequest, "allowed">;

async function scratch(t: TestContext): Promise<string> {
  const folder = await fs.mkdtemp(path.join(os.tmpdir(), "redress-view-"));
  t.after(async () => {
    await fs.rm(folder, { recursive: true, force: true });
  });
  return folder;
}

async function npmView(t: TestContext, part: Part): Promise<{ view: View; registry: LoopbackNpm }> {
  const folder = await scratch(t);
  const registry = await openLoopbackNpm({ authorization: "Bearer t0ken" });
  const { host } = new URL(registry.url);
  await fs.writeFile(
    path.join(folder, ".npmrc"),
    `registry=${registry.url}\n//${host}/npm/:_authToken=t0ken\n`,
  );
  const view = await openView({ ecosystem: "npm", root: folder, others: "none", environment: {}, ...part });
  t.after(async () => {
    await view.close();
    await registry.close();
  });
  return { view, registry };
}

interface Document {
  versions: Record<string, { dist: { tarball: string }; bundleDependencies?: unknown }>;
  "dist-tags": Record<string, string>;
  time?: Record<string, string>;
}

const document = async (url: string, accept = "application/json"): Promise<Document> =>
  (await (await fetch(url, { headers: { accept } })).json()) as Document;

const abbreviated = "application/vnd.npm.install-v1+json; q=1.0, application/json; q=0.8, */*";

test("npm: only the allowed versions are shown, with the user's credentials, in the form asked for", async (t) => {
  const { view, registry } = await npmView(t, {
    allowed: new Map([
      ["plain", ["1.0.0", "1.1.0"]],
      ["@scope/dep", ["1.0.0"]],
      ["carrier", ["1.0.0"]],
    ]),
  });
  const plain = await document(`${view.url}plain`, abbreviated);
  assert.deepEqual(Object.keys(plain.versions), ["1.0.0", "1.1.0"]);
  assert.deepEqual(plain["dist-tags"], { latest: "1.1.0" });
  assert.equal(plain.time, undefined);
  assert.equal(plain.versions["1.1.0"]?.dist.tarball, `${registry.url}plain/-/plain-1.1.0.tgz`);
  const full = await document(`${view.url}plain`);
  assert.deepEqual(Object.keys(full.time ?? {}), ["1.0.0", "1.1.0"]);
  assert.ok((await document(`${view.url}@scope%2fdep`)).versions["1.0.0"]);
  assert.ok((await document(`${view.url}@scope/dep`)).versions["1.0.0"]);
  const carrier = await document(`${view.url}carrier`);
  assert.deepEqual(carrier.versions["1.0.0"]?.bundleDependencies, ["plain"]);
  assert.deepEqual(view.asked, ["plain", "@scope/dep", "carrier"]);
  assert.deepEqual(view.refused, []);
});

test("npm: of others nothing, everything, or what is said", async (t) => {
  const allowed = new Map([["plain", ["1.0.0"]]]);
  const statusOf = async (view: View, name: string): Promise<number> => (await fetch(view.url + name)).status;
  const none = await npmView(t, { allowed });
  assert.equal(await statusOf(none.view, "carrier"), 404);
  assert.equal(await statusOf(none.view, "absent"), 404);
  assert.deepEqual(none.view.refused, [
    "carrier: no version of it is allowed",
    "absent: no version of it is allowed",
  ]);
  const all = await npmView(t, { allowed, others: "all" });
  assert.deepEqual(Object.keys((await document(`${all.view.url}carrier`)).versions), ["1.0.0", "2.0.0"]);
  assert.deepEqual(Object.keys((await document(`${all.view.url}plain`)).versions), ["1.0.0"]);
  assert.equal(await statusOf(all.view, "absent"), 404);
  assert.equal(await statusOf(all.view, "garbled"), 502);
  const some = await npmView(t, { allowed, others: (name) => (name === "carrier" ? ["2.0.0"] : ["9.9.9"]) });
  assert.deepEqual(Object.keys((await document(`${some.view.url}carrier`)).versions), ["2.0.0"]);
  assert.equal(await statusOf(some.view, "native"), 404);
});

test("npm: archives of shown versions are passed on, under the view's address where wanted", async (t) => {
  const { view } = await npmView(t, {
    allowed: new Map([
      ["@scope/dep", ["1.0.0"]],
      ["plain", ["1.0.0"]],
    ]),
    archives: "view",
  });
  const scoped = (await document(`${view.url}@scope%2fdep`)).versions["1.0.0"]?.dist.tarball ?? "";
  assert.equal(scoped, `${view.url}@scope/dep/-/dep-1.0.0.tgz`);
  assert.equal(await (await fetch(scoped)).text(), "archive dep-1.0.0.tgz");
  assert.equal(await (await fetch(`${view.url}plain/-/plain-1.0.0.tgz`)).text(), "archive plain-1.0.0.tgz");
  assert.equal((await fetch(`${view.url}plain/-/plain-1.1.0.tgz`)).status, 404);
});

test("a view answers only to its secret, only to questions, and is gone once closed", async (t) => {
  const { view } = await npmView(t, { allowed: new Map([["plain", ["1.0.0"]]]) });
  const { origin } = new URL(view.url);
  assert.ok(new URL(view.url).pathname.length > 30);
  for (const url of [
    `${origin}/plain`,
    `${origin}/x/plain`,
    view.url,
    `${view.url}plain/1.0.0`,
    `${view.url}-/whoami`,
    `${view.url}%ff`,
    `${view.url}..%2f..%2fplain`,
  ])
    assert.equal((await fetch(url)).status, 404, url);
  assert.equal((await fetch(`${view.url}plain`, { method: "PUT", body: "{}" })).status, 404);
  await view.close();
  await view.close();
  await assert.rejects(fetch(`${view.url}plain`));
});

test("a view ends with the signal", async (t) => {
  const controller = new AbortController();
  const { view } = await npmView(t, { allowed: new Map(), others: "all", signal: controller.signal });
  assert.equal((await fetch(`${view.url}plain`)).status, 200);
  controller.abort();
  await assert.rejects(fetch(`${view.url}plain`));
});

for (const form of ["json", "html"] as const)
  test(`PyPI, ${form} index: only the files of the allowed versions, in either form`, async (t) => {
    const folder = await scratch(t);
    const index = await openLoopbackIndex({ form, ranges: true, beside: true });
    const view = await openView({
      ecosystem: "PyPI",
      root: folder,
      allowed: new Map([
        ["Plain", ["2.0.0"]],
        ["pulled", ["1.0"]],
      ]),
      others: "none",
      environment: { HOME: folder, PIP_INDEX_URL: index.url, PIP_CONFIG_FILE: "/dev/null" },
    });
    t.after(async () => {
      await view.close();
      await index.close();
    });
    const accept = "application/vnd.pypi.simple.v1+json";
    const page = (await (await fetch(`${view.url}plain/`, { headers: { accept } })).json()) as {
      meta: { "api-version": string };
      files: { filename: string; url: string; hashes: { sha256: string }; "core-metadata": unknown }[];
    };
    assert.deepEqual(
      page.files.map((file) => file.filename),
      ["plain-2.0-py3-none-any.whl", "plain-2.0.tar.gz"],
    );
    assert.equal(page.meta["api-version"], form === "json" ? "1.1" : "1.0");
    assert.match(page.files[0]?.hashes.sha256 ?? "", /^[0-9a-f]{64}$/);
    assert.ok(page.files[0]?.["core-metadata"]);
    assert.ok(page.files[0].url.startsWith(new URL(index.url).origin));
    const html = await (await fetch(`${view.url}pulled/`, { headers: { accept: "text/html" } })).text();
    assert.match(
      html,
      /pulled-1\.0-py3-none-any\.whl#sha256=[0-9a-f]{64}" data-yanked="breaks &#60;things&#62;"/,
    );
    assert.doesNotMatch(html, /pulled-1\.1/);
    assert.equal((await fetch(`${view.url}large/`)).status, 404);
    assert.deepEqual(view.refused, ["large: no version of it is allowed"]);
  });

test("PyPI: for clients that build, what has no wheel is hidden unless named", async (t) => {
  const folder = await scratch(t);
  const index = await openLoopbackIndex({ form: "json", ranges: true, beside: true });
  t.after(() => index.close());
  const statuses = async (sourcesOnly: readonly string[] | undefined): Promise<number[]> => {
    const view = await openView({
      ecosystem: "PyPI",
      root: folder,
      allowed: new Map(),
      others: "all",
      environment: { HOME: folder, PIP_INDEX_URL: index.url, PIP_CONFIG_FILE: "/dev/null" },
      ...(sourcesOnly === undefined ? {} : { sourcesOnly }),
    });
    const answers = await Promise.all(["plain", "source"].map((name) => fetch(`${view.url}${name}/`)));
    await view.close();
    return answers.map((answer) => answer.status);
  };
  assert.deepEqual(await statuses(undefined), [200, 200]);
  assert.deepEqual(await statuses([]), [200, 404]);
  assert.deepEqual(await statuses(["Source"]), [200, 200]);
});

test("PyPI: files that need credentials are passed on under the view's address, whole or in part", async (t) => {
  const folder = await scratch(t);
  const index = await openLoopbackIndex({
    form: "json",
    ranges: true,
    beside: true,
    credentials: "who:pass-w0rd",
  });
  const view = await openView({
    ecosystem: "PyPI",
    root: folder,
    allowed: new Map([["plain", ["2.0"]]]),
    others: "none",
    environment: {
      HOME: folder,
      PIP_INDEX_URL: index.url.replace("//", "//who:pass-w0rd@"),
      PIP_CONFIG_FILE: "/dev/null",
    },
  });
  t.after(async () => {
    await view.close();
    await index.close();
  });
  const text = await (await fetch(`${view.url}plain/`)).text();
  const wheel = /href="([^"#]+\.whl)#/.exec(text)?.[1] ?? "";
  assert.ok(wheel.startsWith(view.url), wheel);
  assert.doesNotMatch(text, /pass-w0rd/);
  const whole = Buffer.from(await (await fetch(wheel)).arrayBuffer());
  assert.equal(whole.subarray(0, 2).toString(), "PK");
  const part = await fetch(wheel, { headers: { range: "bytes=0-1" } });
  assert.deepEqual([part.status, await part.text()], [206, "PK"]);
  assert.match(await (await fetch(`${wheel}.metadata`)).text(), /^Metadata-Version/);
  assert.equal((await fetch(`${view.url}-/plain/0/x.whl`)).status, 404);
});

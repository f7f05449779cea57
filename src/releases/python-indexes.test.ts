import assert from "node:assert/strict";
import * as fs from "node:fs/promises";
import * as os from "node:os";
import path from "node:path";
import { test, type TestContext } from "node:test";
import { Failure } from "../model/index.ts";
import { authorisedUrl, authorizationFor, readPythonIndexes } from "./python-indexes.ts";

async function scratch(t: TestContext): Promise<string> {
  const folder = await fs.mkdtemp(path.join(os.tmpdir(), "redress-indexes-"));
  t.after(async () => {
    await fs.rm(folder, { recursive: true, force: true });
  });
  return folder;
}

test("which indexes, in which order, by whose rule", async (t) => {
  const root = await scratch(t);
  const a = "https://a.example/simple/";
  const b = "https://b.example/simple/";
  const c = "https://c.example/simple/";
  const bare = "https://a.example/simple";
  for (const [environment, urls, strategy, handedOn] of [
    [{ PIP_INDEX_URL: bare }, [a], "first", [bare]],
    [{ PIP_INDEX_URL: a, PIP_EXTRA_INDEX_URL: `${b} ${a}` }, [a, b], "all", [a, b]],
    [{ UV_DEFAULT_INDEX: bare, UV_INDEX: `x=${b}` }, [b, a], "first", [b, bare]],
    [{ PIP_INDEX_URL: a, UV_DEFAULT_INDEX: c }, [a], "first", [a]],
  ] as const) {
    const indexes = await readPythonIndexes({
      root,
      environment: { HOME: root, PIP_CONFIG_FILE: "/dev/null", UV_NO_CONFIG: "1", ...environment },
    });
    assert.deepEqual(
      indexes.indexes.map((one) => one.url),
      urls,
    );
    assert.equal(indexes.strategy, strategy);
    assert.deepEqual(indexes.indexes.map(authorisedUrl), handedOn, "tools get them as they are configured");
  }
});

test("credentials come from the address or .netrc, for that origin or host only", async (t) => {
  const root = await scratch(t);
  await fs.writeFile(path.join(root, ".netrc"), "machine b.example login n password m");
  const indexes = await readPythonIndexes({
    root,
    environment: {
      HOME: root,
      PIP_CONFIG_FILE: "/dev/null",
      PIP_INDEX_URL: "https://us%40er:p%25w@a.example/s",
    },
  });
  const [index] = indexes.indexes;
  assert.ok(index);
  assert.equal(index.url, "https://a.example/s/");
  assert.equal(authorisedUrl(index), "https://us%40er:p%25w@a.example/s");
  const basic = (pair: string): object => ({
    authorization: `Basic ${Buffer.from(pair).toString("base64")}`,
  });
  assert.deepEqual(authorizationFor("https://a.example/files/x.whl", indexes), basic("us@er:p%w"));
  assert.deepEqual(authorizationFor("http://a.example/files/x.whl", indexes), {});
  assert.deepEqual(authorizationFor("https://b.example/x.whl", indexes), basic("n:m"));
  assert.deepEqual(authorizationFor("https://c.example/x.whl", indexes), {});
});

test("settings that leave no index say so, without secrets", async (t) => {
  const root = await scratch(t);
  const quiet = { HOME: root, PIP_CONFIG_FILE: "/dev/null", UV_NO_CONFIG: "1" };
  for (const [environment, code] of [
    [{ ...quiet, PIP_NO_INDEX: "1" }, "config"],
    [{ ...quiet, PIP_INDEX_URL: "file:///srv/s3cret:s3cret@x/simple" }, "config"],
    [{ ...quiet, PATH: root }, "tool"],
  ] as const)
    await assert.rejects(readPythonIndexes({ root, cacheFolder: root, environment }), (error) => {
      assert.ok(error instanceof Failure);
      assert.equal(error.code, code);
      return !error.message.includes("s3cret:");
    });
});

import assert from "node:assert/strict";
import * as fs from "node:fs/promises";
import os from "node:os";
import path from "node:path";
import { test, type TestContext } from "node:test";
import { registryEndpoints } from "./registry-endpoints.ts";

async function home(context: TestContext): Promise<{ root: string; environment: NodeJS.ProcessEnv }> {
  const root = await fs.mkdtemp(path.join(os.tmpdir(), "redress-endpoints-"));
  context.after(() => fs.rm(root, { recursive: true, force: true }));
  return { root, environment: { HOME: root, PATH: "", XDG_CONFIG_DIRS: root } };
}

test("npm's registry with the credentials of the user's .npmrc", async (context) => {
  const { root, environment } = await home(context);
  await fs.writeFile(
    path.join(root, ".npmrc"),
    "registry=https://registry.example/npm\n//registry.example/npm/:_authToken=t0ken\n",
  );
  assert.deepEqual(await registryEndpoints(root, ["npm", "osv"], { environment }), {
    npm: { url: "https://registry.example/npm/", headers: { authorization: "Bearer t0ken" } },
  });
});

test("the JSON beside a Python index' simple pages, with the index' credentials", async (context) => {
  const { root, environment } = await home(context);
  const given = { ...environment, PIP_INDEX_URL: "https://me:secret@registry.example/py/simple" };
  assert.deepEqual(await registryEndpoints(root, ["pypi"], { environment: given }), {
    pypi: {
      url: "https://registry.example/py/pypi/",
      headers: { authorization: `Basic ${Buffer.from("me:secret").toString("base64")}` },
    },
  });
});

test("an index that is laid out otherwise is said to have no such place", async (context) => {
  const { root, environment } = await home(context);
  const given = { ...environment, PIP_INDEX_URL: "https://registry.example/root/pypi/+simple/" };
  await assert.rejects(registryEndpoints(root, ["pypi"], { environment: given }), { code: "unavailable" });
});

test("nothing is looked up that is not asked for", async () => {
  assert.deepEqual(await registryEndpoints("/nonexistent", ["osv", "file.jsonl"], { environment: {} }), {});
});

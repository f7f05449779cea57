import assert from "node:assert/strict";
import * as fs from "node:fs/promises";
import * as os from "node:os";
import path from "node:path";
import { test } from "node:test";
import { Failure } from "../model/index.ts";
import { ensureUv } from "./ensure-uv.ts";

test("uv that is there is used; without Python there is no way to get it", async () => {
  assert.deepEqual(await ensureUv({ uv: "/x/uv" }), { uv: "/x/uv" });
  await assert.rejects(ensureUv({}), (error) => error instanceof Failure && error.code === "tool");
});

test("a Python that cannot make an environment is a failure that says so", async (t) => {
  const folder = await fs.mkdtemp(path.join(os.tmpdir(), "redress-uv-"));
  t.after(async () => {
    await fs.rm(folder, { recursive: true, force: true });
  });
  const python = path.join(folder, "python3");
  await fs.writeFile(python, "#!/bin/sh\necho 'no venv here' >&2\nexit 1\n", { mode: 0o755 });
  await assert.rejects(
    ensureUv({ python }, { XDG_CACHE_HOME: folder, PATH: "" }),
    (error) => error instanceof Failure && error.code === "tool" && error.message.includes("no venv here"),
  );
});

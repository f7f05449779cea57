import assert from "node:assert/strict";
import * as fs from "node:fs";
import os from "node:os";
import path from "node:path";
import { it } from "node:test";
import { component } from "../../test/support/findings.ts";
import { redactionsFor, valueFitToLeave } from "./redactions.ts";
import type { Setting } from "./setting.ts";

it("hides where packages come from, but no package that is called like a host in the lockfile", async (t) => {
  const root = fs.mkdtempSync(path.join(os.tmpdir(), "redress-redactions-"));
  t.after(() => {
    fs.rmSync(root, { recursive: true });
  });
  fs.writeFileSync(
    path.join(root, "package-lock.json"),
    JSON.stringify({
      packages: {
        "node_modules/socket.io": {
          version: "4.8.0",
          resolved: "https://index.registry.example/socket.io/-/socket.io-4.8.0.tgz",
          funding: { url: "https://socket.io/sponsors" },
        },
      },
    }),
  );
  const { redact } = await redactionsFor(
    { root },
    {
      inventory: {
        before: {
          projects: [
            {
              path: ".",
              ecosystem: "npm",
              manager: "npm",
              files: ["package-lock.json"],
              target: { platform: "linux-x64" },
            },
          ],
          components: [component({ ecosystem: "npm", name: "socket.io", version: "4.8.0" })],
          dependencies: [],
          unread: [],
          notes: [],
        },
      },
    },
  );
  assert.equal(
    redact("socket.io 4.8.0: index.registry.example did not answer"),
    "socket.io 4.8.0: *** did not answer",
  );
});

it("takes the machine's folders out of any value, and leaves a person's own addresses", async (t) => {
  const root = fs.mkdtempSync(path.join(os.tmpdir(), "redress-redactions-"));
  t.after(() => {
    fs.rmSync(root, { recursive: true });
  });
  const value = {
    open: [{ detail: `found in ${root}/app` }],
    nearWaivers: [{ reason: `agreed at https://wiki.example/risk, copy in ${root}/notes` }],
  };
  assert.deepEqual(await valueFitToLeave({ root } as Setting, value), {
    open: [{ detail: "found in <project>/app" }],
    nearWaivers: [{ reason: "agreed at https://wiki.example/risk, copy in <project>/notes" }],
  });
});

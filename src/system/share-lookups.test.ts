import assert from "node:assert/strict";
import { test } from "node:test";
import { shareLookups, type Lookup } from "./share-lookups.ts";

test("one name is looked up once at a time, again after a minute and after a failure", async () => {
  const asked: string[] = [];
  let time = 0;
  const lookup: Lookup = (host, _, callback) => {
    asked.push(host);
    setImmediate(callback, host === "gone" ? new Error("ENOTFOUND") : null, [
      { address: "127.0.0.1", family: 4 },
    ]);
  };
  const shared = shareLookups(lookup, () => time);
  const look = async (host: string, options = { all: true }): Promise<readonly unknown[]> =>
    new Promise((resolve) => {
      shared(host, options, (...answer) => {
        resolve(answer);
      });
    });
  const answers = await Promise.all([look("a"), look("a"), look("b"), look("a", { all: false })]);
  assert.deepEqual(answers[1], [null, [{ address: "127.0.0.1", family: 4 }]]);
  assert.deepEqual(asked.splice(0), ["a", "b", "a"]);
  await look("a");
  assert.deepEqual(asked.splice(0), []);
  time = 61_000;
  await look("a");
  const [error] = await look("gone");
  assert.ok(error instanceof Error);
  await look("gone");
  assert.deepEqual(asked, ["a", "gone", "gone"]);
});

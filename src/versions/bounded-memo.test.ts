import assert from "node:assert/strict";
import { test } from "node:test";
import { boundedMemo } from "./bounded-memo.ts";

test("computes once, also when the answer is undefined, and keeps what is asked often", () => {
  const computed: string[] = [];
  const memo = boundedMemo((text) => {
    computed.push(text);
    return text === "none" ? undefined : text.length;
  }, 3);
  assert.equal(memo("none"), undefined);
  assert.equal(memo("none"), undefined);
  assert.deepEqual(computed, ["none"]);
  for (let round = 0; round < 20; round++) {
    assert.equal(memo("often"), 5);
    memo(`rare ${round}`);
  }
  assert.equal(computed.filter((text) => text === "often").length, 1);
});

test("forgets what was not asked for long", () => {
  let calls = 0;
  const memo = boundedMemo(() => ++calls, 2);
  memo("first");
  for (let index = 0; index < 5; index++) memo(String(index));
  memo("first");
  assert.equal(calls, 7);
});

import assert from "node:assert/strict";
import { test } from "node:test";
import { lastLines, maskSecrets } from "./mask.ts";

const environment = { INDEX_TOKEN: "correct horse", GIT_AUTHOR_NAME: "somebody", SHORT_SECRET: "abc" };

for (const [text, masked] of [
  ["get https://user:pass@index.example/simple", "get https://***@index.example/simple"],
  ["Authorization: Bearer abcdefghijkl", "Authorization: Bearer ***"],
  ["ghp_0123456789abcdef", "ghp_***"],
  ["AKIA0123456789ABCDEF", "***"],
  ["//registry.example/:_authToken=abc.def", "//registry.example/:_authToken=***"],
  ['{"password": "two words"}', '{"password": ***}'],
  ["it said correct horse", "it said ***"],
  ["by somebody, abc", "by somebody, abc"],
] as const)
  test(`masks ${text}`, () => {
    assert.equal(maskSecrets(text, environment), masked);
  });

test("keeps the end of long output, bounded", () => {
  const text = Array.from({ length: 50 }, (_, index) => `line ${index} ${"x".repeat(500)}`).join("\n");
  const kept = lastLines(text);
  assert.equal(kept.split("\n").length, 10);
  assert.ok(kept.startsWith("line 40") && kept.length <= 10 * 301);
});

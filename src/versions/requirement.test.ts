import assert from "node:assert/strict";
import { test } from "node:test";
import { parseRequirement } from "./requirement.ts";

const base = { extras: [] as string[], specifier: "" };
for (const [text, expected] of [
  ["requests", { ...base, name: "requests" }],
  ["  Foo.Bar_baz  ", { ...base, name: "Foo.Bar_baz" }],
  ["a>=1.0,<2", { ...base, name: "a", specifier: ">=1.0,<2" }],
  ["a >= 1.0 , < 2,", { ...base, name: "a", specifier: ">=1.0,<2" }],
  ["a (>=1.0,<2)", { ...base, name: "a", specifier: ">=1.0,<2" }],
  ["a()", { ...base, name: "a" }],
  ["a[b,C_d] ~= 1.4", { name: "a", extras: ["b", "C_d"], specifier: "~=1.4" }],
  ["a [ ] ==1.*", { name: "a", extras: [], specifier: "==1.*" }],
  ["a===1.0-odd", { ...base, name: "a", specifier: "===1.0-odd" }],
  [
    'a==1; python_version < "3.8" or extra == "x;y"',
    { ...base, name: "a", specifier: "==1", marker: 'python_version < "3.8" or extra == "x;y"' },
  ],
  ["a;os_name=='nt'", { ...base, name: "a", marker: "os_name=='nt'" }],
  [
    "a[x] @ https://example.org/a-1.0.zip#sha256=0;1 ; python_version > '3'",
    {
      name: "a",
      extras: ["x"],
      specifier: "",
      url: "https://example.org/a-1.0.zip#sha256=0;1",
      marker: "python_version > '3'",
    },
  ],
  ["a@file:///b", { ...base, name: "a", url: "file:///b" }],
] as const)
  test(`reads ${text}`, () => {
    assert.deepEqual(parseRequirement(text), expected);
  });

for (const text of [
  "",
  "-e .",
  "_a",
  "a-",
  "./local",
  "a 1.0",
  "a=1.0",
  "a[b",
  "a[b;c]",
  "a[b,]",
  "a (>=1",
  "a @",
  "a @ https://example.org/a b",
  "a;",
  "a==1 --hash=sha256:00",
  "a==1 # comment",
  "https://example.org/a.whl",
  "a".repeat(20_000),
])
  test(`refuses ${text.slice(0, 40)}`, () => {
    const parsed = parseRequirement(text);
    assert.ok("error" in parsed && parsed.error.length > 0 && parsed.error.length < 120);
  });

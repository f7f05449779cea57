import assert from "node:assert/strict";
import { test } from "node:test";
import { readNpmError, refusalFrom, type NpmError } from "./npm-refusals.ts";

const printed = (...lines: string[]): Parameters<typeof readNpmError>[0] => ({
  stdout: "",
  stderr: [
    "npm warn something else",
    ...lines.map((line) => `npm error ${line}`),
    "npm error A complete log of this run can be found in: /tmp/x.log",
  ].join("\n"),
  timedOut: false,
});

const cases: readonly (readonly [title: string, lines: string[], expected: Omit<NpmError, "text">])[] = [
  [
    "a peer that another package holds",
    [
      "code ERESOLVE",
      "ERESOLVE could not resolve",
      "",
      "While resolving: react-dom@17.0.2",
      "Found: react@18.2.0",
      "node_modules/react",
      '  react@"18.2.0" from the root project',
      "",
      "Could not resolve dependency:",
      'peer react@"17.0.2" from react-dom@17.0.2',
      "node_modules/react-dom",
      '  react-dom@"17.0.2" from the root project',
    ],
    { code: "ERESOLVE", unmet: { from: "react-dom@17.0.2", name: "react", range: "17.0.2" } },
  ],
  [
    "a scoped peer of the project itself",
    [
      "code ERESOLVE",
      "ERESOLVE unable to resolve dependency tree",
      "Could not resolve dependency:",
      'dev @s/a@"^2 || ^3" from the root project',
    ],
    { code: "ERESOLVE", unmet: { from: null, name: "@s/a", range: "^2 || ^3" } },
  ],
  [
    "a version that is not shown",
    ["code ETARGET", "notarget No matching version found for @s/a@^1.15.6."],
    { code: "ETARGET", missing: { name: "@s/a", range: "^1.15.6" } },
  ],
  [
    "a version that is too young for npm's own setting",
    [
      "code ETARGET",
      "notarget No matching version found for a@>=1 <3 with a date before 1/1/2024, 1:00:00 AM.",
    ],
    { code: "ETARGET", missing: { name: "a", range: ">=1 <3" } },
  ],
  [
    "a package that is not there",
    [
      "code E404",
      "404 Not Found - GET http://127.0.0.1:1/x/a - Not found",
      "404",
      "404  'a@^1' is not in this registry.",
    ],
    { code: "E404", missing: { name: "a", range: "^1" } },
  ],
  [
    "a package that the view does not show",
    [
      "code E404",
      "404 Not Found - GET http://127.0.0.1:1/x/@s/a - Not found",
      "404",
      "404  The requested resource '@s/a@^1.0.6' could not be found or you do not have permission to access it.",
    ],
    { code: "E404", missing: { name: "@s/a", range: "^1.0.6" } },
  ],
  [
    "an override of a direct dependency",
    ["code EOVERRIDE", "Override for a@^1.0.0 conflicts with direct dependency"],
    { code: "EOVERRIDE", about: { name: "a" } },
  ],
  [
    "engines held strictly",
    [
      "code EBADENGINE",
      "engine Unsupported engine",
      "engine Not compatible with your version of node/npm: a@2.0.0",
      "notsup Unsupported engine for a@2.0.0: wanted: {}",
    ],
    { code: "EBADENGINE", about: { name: "a", version: "2.0.0" } },
  ],
  ["something unknown", ["code EWHATEVER", "no words for it"], { code: "EWHATEVER" }],
];

for (const [title, lines, expected] of cases)
  test(`npm's words: ${title}`, () => {
    const { text, ...rest } = readNpmError(printed(...lines));
    assert.deepEqual(rest, expected);
    assert.ok(text !== "" && !text.includes("complete log"), text);
  });

test("credentials in npm's words are not repeated", () => {
  const { text } = readNpmError(printed("code E401", "GET https://who:s3cret@registry.example/a refused"));
  assert.doesNotMatch(text, /s3cret/);
});

test("a time-out is said", () => {
  assert.match(readNpmError({ stdout: "", stderr: "", timedOut: true }).text, /in time/);
});

test("a refusal names the requirement, else the planned version, else only the words", () => {
  const planned = new Map([["a", "2.0.0"]]);
  const error = { code: "ERESOLVE", text: "words" };
  assert.deepEqual(
    refusalFrom({ ...error, unmet: { from: "b@1.0.0", name: "a", range: "^1" } }, ".", planned),
    { project: ".", requirement: { from: "b@1.0.0", name: "a", range: "^1" }, reason: "words" },
  );
  assert.deepEqual(refusalFrom({ ...error, unmet: { from: null, name: "a", range: "^1" } }, ".", planned), {
    project: ".",
    package: "a",
    version: "2.0.0",
    reason: "words",
  });
  assert.deepEqual(refusalFrom({ ...error, missing: { name: "c", range: "^1" } }, ".", planned), {
    project: ".",
    package: "c",
    reason: "words",
  });
  assert.deepEqual(refusalFrom(error, ".", planned), { project: ".", reason: "words" });
});

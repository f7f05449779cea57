import assert from "node:assert/strict";
import { test } from "node:test";
import type { Release } from "../../model/index.ts";
import type { Catalogue } from "./catalogue.ts";
import { noteDifferences } from "./version-notes.ts";

const base = { usable: "tarball" as const, hashes: [] };

const catalogueOf = (
  releases: Readonly<Record<string, Partial<Release>>>,
  cooldown: ReturnType<Catalogue["cooldown"]> = "judged",
): Catalogue =>
  ({
    release: (_: string, version: string) =>
      releases[version] === undefined ? undefined : { version, ...base, ...releases[version] },
    cooldown: () => cooldown,
  }) as unknown as Catalogue;

const cases: readonly (readonly [
  title: string,
  releases: Readonly<Record<string, Partial<Release>>>,
  expected: string[],
])[] = [
  ["nothing to say of equals", { "1.0.0": {}, "1.0.1": {} }, []],
  [
    "days between",
    { "1.0.0": { publishedAt: "2024-01-01T00:00:00Z" }, "1.0.1": { publishedAt: "2024-01-02T01:00:00Z" } },
    ["The registry dates 1.0.1 1 day after 1.0.0."],
  ],
  [
    "dates that run backwards are not told",
    { "1.0.0": { publishedAt: "2024-01-03T00:00:00Z" }, "1.0.1": { publishedAt: "2024-01-02T00:00:00Z" } },
    [],
  ],
  [
    "engines",
    { "1.0.0": { requiresRuntime: ">=10" }, "1.0.1": { requiresRuntime: ">=18" } },
    ["1.0.1 asks for node >=18; 1.0.0 asked for >=10."],
  ],
  [
    "a new script and a new publisher",
    { "1.0.0": { publisher: "ann" }, "1.0.1": { publisher: "bob", installScript: true } },
    [
      "a@1.0.1 wants to run a script when it is installed; 1.0.0 did not.",
      "1.0.1 was published by bob; 1.0.0 by ann.",
    ],
  ],
  [
    "today's is deprecated, in foreign words on one line",
    { "1.0.0": { deprecated: "use\n\u001b[31m b instead" }, "1.0.1": {} },
    ["a@1.0.0 is deprecated: use [31m b instead."],
  ],
];

for (const [title, releases, expected] of cases)
  test(`what differs: ${title}`, () => {
    assert.deepEqual(noteDifferences(catalogueOf(releases), "a", "1.0.0", "1.0.1"), expected);
  });

test("a newcomer's script is told; impossible dates are said once", () => {
  const catalogue = catalogueOf({ "2.0.0": { installScript: true } }, "impossible dates");
  assert.deepEqual(noteDifferences(catalogue, "a", null, "2.0.0"), [
    "The registry's release dates of a cannot be true: the cooldown was not applied.",
    "a@2.0.0 wants to run a script when it is installed.",
  ]);
});

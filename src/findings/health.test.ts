import assert from "node:assert/strict";
import { test } from "node:test";
import { component } from "../../test/support/findings.ts";
import type { Release, ReleaseList } from "../model/index.ts";
import { judgeHealth } from "./health.ts";

const now = Date.parse("2025-06-01T00:00:00Z");
const release = (version: string, given: Partial<Release> = {}): Release => ({
  version,
  usable: "wheel",
  hashes: [],
  publishedAt: "2025-01-01T00:00:00Z",
  ...given,
});
const undated = ({ publishedAt: _, ...rest }: Release): Release => rest;
const of = (...releases: Release[]): ReleaseList => ({ state: "known", name: "a", releases });

const cases: readonly (readonly [string, string, ReleaseList, readonly string[], string | null])[] = [
  ["up to date", "2.0", of(release("1.0"), release("2.0")), [], "2.0"],
  ["outdated", "1.0", of(release("1.0"), release("2.0")), ["outdated: major behind 2.0"], "2.0"],
  ["a pre-release is not newer", "1.0", of(release("1.0"), release("2.0rc1")), [], "1.0"],
  [
    "what the runtime cannot use is not newer",
    "1.0",
    of(release("1.0"), release("2.0", { usable: "no" })),
    [],
    "1.0",
  ],
  [
    "what was yanked is not newer",
    "1.0",
    of(release("1.0"), release("2.0", { yanked: "broken" })),
    [],
    "1.0",
  ],
  ["yanked", "1.0", of(release("1.0", { yanked: "broken" })), ["yanked: yanked: broken"], null],
  ["yanked without a word", "1.0", of(release("1.0", { yanked: "" })), ["yanked: yanked"], null],
  [
    "deprecated as a whole",
    "1.0",
    of(release("1.0", { deprecated: "use b" })),
    ["deprecated: deprecated: use b"],
    "1.0",
  ],
  ["not listed", "1.1", of(release("1.0")), ["unlisted: the index does not list this version"], "1.0"],
  ["written otherwise", "1.0.0", of(release("1.0")), [], "1.0"],
  [
    "quiet",
    "1.0",
    of(release("1.0", { publishedAt: "2021-05-01T00:00:00Z" })),
    ["quiet: no release for 4 years"],
    "1.0",
  ],
  ["not quiet for two years", "1.0", of(release("1.0", { publishedAt: "2023-06-15T00:00:00Z" })), [], "1.0"],
];
for (const [name, version, list, states, latest] of cases)
  test(name, () => {
    const found = judgeHealth(component({ name: "a", version }), list, now);
    assert.deepEqual(
      found.states.map(({ kind, text }) => `${kind}: ${text}`),
      states,
    );
    assert.equal(found.latest, latest);
    assert.deepEqual(found.unknown, []);
  });

test("what the index does not say is said, and nothing is concluded from it", () => {
  const found = judgeHealth(component({ name: "a", version: "1.0" }), of(undated(release("1.0"))), now);
  assert.deepEqual([found.states, found.lastRelease], [[], null]);
  assert.match(found.unknown.join(), /does not say when/);
  const nothing = judgeHealth(
    component({ name: "a", version: "1.0" }),
    { state: "unknown", name: "a", reason: "the package index knows no a" },
    now,
  );
  assert.deepEqual([nothing.states, nothing.unknown], [[], ["the package index knows no a"]]);
});

import assert from "node:assert/strict";
import { describe, it, test } from "node:test";
import fc from "fast-check";
import { record } from "../../test/support/findings.ts";
import type { Ecosystem, RangeEvent } from "../model/index.ts";
import { orderOf } from "../versions/index.ts";
import { judgeVersion, prepareRecord } from "./record-verdict.ts";

interface Case {
  readonly says: string;
  readonly ecosystem?: Ecosystem;
  readonly ranges?: readonly (readonly RangeEvent[])[];
  readonly versions?: readonly string[];
  /** Version to whether it is affected; a list names the fixes too. */
  readonly verdicts: Readonly<Record<string, boolean | "silent" | readonly string[]>>;
}

const cases: readonly Case[] = [
  {
    says: "introduced 0 is below every version, pre-releases of 0 too",
    ranges: [[{ introduced: "0" }, { fixed: "1.0.0" }]],
    verdicts: { "0.0.0-alpha": ["1.0.0"], "0.9.9": ["1.0.0"], "1.0.0-rc.1": ["1.0.0"], "1.0.0": false },
  },
  {
    says: "events come in any order",
    ranges: [[{ fixed: "3.0.0" }, { introduced: "2.0.0" }, { fixed: "1.5.0" }, { introduced: "1.0.0" }]],
    verdicts: { "0.9.0": false, "1.2.0": ["1.5.0"], "1.5.0": false, "2.1.0": ["3.0.0"], "3.0.0": false },
  },
  {
    says: "last_affected is inclusive and names no fix",
    ranges: [[{ introduced: "1.0.0" }, { last_affected: "1.4.0" }]],
    verdicts: { "1.4.0": [], "1.4.1": false, "1.4.0-rc.1": [] },
  },
  { says: "no end is open", ranges: [[{ introduced: "2.0.0" }]], verdicts: { "1.9.0": false, "99.0.0": [] } },
  {
    says: "a limit cuts the range off, and the star does not",
    ranges: [
      [{ introduced: "0" }, { limit: "2.0.0" }],
      [{ introduced: "5.0.0" }, { limit: "*" }],
    ],
    verdicts: { "1.0.0": [], "2.0.0": false, "4.0.0": false, "6.0.0": [] },
  },
  {
    says: "several ranges count beside each other, each with its own fix",
    ranges: [
      [{ introduced: "0" }, { fixed: "0.30.3" }],
      [{ introduced: "1.0.0" }, { fixed: "1.13.5" }],
    ],
    verdicts: { "0.19.0": ["0.30.3"], "0.30.3": false, "1.2.0": ["1.13.5"] },
  },
  {
    says: "what ends and begins at one version goes on",
    ranges: [[{ introduced: "2.0.0" }, { fixed: "2.0.0" }, { introduced: "1.0.0" }, { fixed: "3.0.0" }]],
    verdicts: { "1.5.0": ["2.0.0"], "2.0.0": ["3.0.0"], "2.5.0": ["3.0.0"] },
  },
  {
    says: "what begins and ends at one version is empty, or that version",
    ranges: [
      [{ introduced: "2.0.0" }, { fixed: "2.0.0" }],
      [{ introduced: "3.0.0" }, { last_affected: "3.0.0" }],
    ],
    verdicts: { "2.0.0": false, "2.1.0": false, "3.0.0": [], "3.0.1": false },
  },
  {
    says: "fixed before introduced leaves an open range (kept as OSV evaluates it)",
    ranges: [[{ introduced: "2.0.0" }, { fixed: "1.0.0" }]],
    verdicts: { "1.5.0": false, "2.5.0": [] },
  },
  {
    says: "listed versions count beside ranges, whatever their spelling",
    ecosystem: "PyPI",
    ranges: [[{ introduced: "1.0" }, { fixed: "1.1" }]],
    versions: ["0.5", "0.7rc1", "odd-one"],
    verdicts: {
      "0.5.0": [],
      "0.7-rc.1": [],
      "odd-one": [],
      "0.6": false,
      "1.0.5": ["1.1"],
      "odd-two": false,
    },
  },
  {
    says: "PyPI orders by PEP 440",
    ecosystem: "PyPI",
    ranges: [[{ introduced: "1.0a1" }, { fixed: "1.0.post1" }]],
    verdicts: {
      "1.0.dev1": false,
      "1.0rc1": ["1.0.post1"],
      "1.0": ["1.0.post1"],
      "1!0.1": false,
      "1.0+cpu": ["1.0.post1"],
    },
  },
  {
    says: "an endpoint with a plain meaning is read",
    ecosystem: "PyPI",
    ranges: [[{ introduced: "0" }, { last_affected: "2.6.0-cu124" }]],
    verdicts: { "2.6.0": [], "2.6.0+cu124": [], "2.6.1": false },
  },
  {
    says: "an endpoint without one makes its range unreadable, neither unaffected nor open",
    ecosystem: "PyPI",
    ranges: [[{ introduced: "0" }, { last_affected: "2024-09-25" }]],
    verdicts: { "1.0": "silent" },
  },
  { says: "no range and no version say nothing", verdicts: { "1.0.0": "silent" } },
  {
    says: "a version that the grammar refuses is affected only where all versions are",
    ranges: [[{ introduced: "0" }, { fixed: "1.0.0" }]],
    verdicts: { "not-a-version": false },
  },
  { says: "all versions", ranges: [[{ introduced: "0" }]], verdicts: { "not-a-version": [], "1.0.0": [] } },
];

for (const { says, ecosystem = "npm", ranges = [], versions = [], verdicts } of cases)
  describe(says, () => {
    const given = record({
      affected: [
        { ecosystem, name: "a", ranges: ranges.map((events) => ({ type: "ECOSYSTEM", events })), versions },
      ],
    });
    const prepared = prepareRecord(given, ecosystem, "a");
    for (const [version, expected] of Object.entries(verdicts))
      it(version, () => {
        const found = judgeVersion(prepared, ecosystem, version);
        assert.equal(
          found.says,
          expected === "silent" ? "silent" : expected === false ? "unaffected" : "affected",
        );
        if (Array.isArray(expected)) assert.deepEqual(found.fixedIn, expected);
      });
  });

test("names unreadable ranges and leaves entries on other packages out", () => {
  const given = record({
    affected: [
      {
        ecosystem: "PyPI",
        name: "a",
        ranges: [{ type: "ECOSYSTEM", events: [{ introduced: "0" }, { fixed: "x.y" }] }],
        versions: [],
      },
      {
        ecosystem: "PyPI",
        name: "b",
        ranges: [{ type: "ECOSYSTEM", events: [{ introduced: "0" }] }],
        versions: [],
      },
      {
        ecosystem: "npm",
        name: "a",
        ranges: [{ type: "SEMVER", events: [{ introduced: "0" }] }],
        versions: [],
      },
    ],
  });
  const prepared = prepareRecord(given, "PyPI", "a");
  assert.deepEqual(prepared.unreadable, ["introduced 0, fixed x.y"]);
  assert.equal(prepared.ranges.length, 0);
});

const small = fc.integer({ min: 0, max: 6 }).map((minor) => `1.${minor}.0`);
const events = fc.array(
  fc.oneof<fc.Arbitrary<RangeEvent>[]>(
    small.map((introduced) => ({ introduced })),
    small.map((fixed) => ({ fixed })),
    small.map((last_affected) => ({ last_affected })),
  ),
  { minLength: 1, maxLength: 6 },
);

test("the verdict does not depend on the order of events", () => {
  fc.assert(
    fc.property(events, fc.array(fc.nat(), { minLength: 6, maxLength: 6 }), small, (given, keys, version) => {
      const shuffled = given
        .map((event, index) => ({ event, key: keys[index] ?? 0 }))
        .sort((a, b) => a.key - b.key);
      const says = (list: readonly RangeEvent[]): string =>
        judgeVersion(
          prepareRecord(
            record({
              affected: [
                { ecosystem: "npm", name: "a", ranges: [{ type: "SEMVER", events: list }], versions: [] },
              ],
            }),
            "npm",
            "a",
          ),
          "npm",
          version,
        ).says;
      assert.equal(says(shuffled.map((one) => one.event)), says(given));
    }),
  );
});

test("agrees with OSV's own loop where events at one version do not meet", () => {
  const order = orderOf("npm");
  fc.assert(
    fc.property(events, small, (given, version) => {
      const at = (event: RangeEvent): string => event.introduced ?? event.fixed ?? event.last_affected ?? "";
      fc.pre(new Set(given.map(at)).size === given.length);
      let vulnerable = false;
      for (const event of [...given].sort((a, b) => order.compare(at(a), at(b)))) {
        if (event.introduced !== undefined && order.compare(version, event.introduced) >= 0)
          vulnerable = true;
        if (event.fixed !== undefined && order.compare(version, event.fixed) >= 0) vulnerable = false;
        if (event.last_affected !== undefined && order.compare(version, event.last_affected) > 0)
          vulnerable = false;
      }
      const prepared = prepareRecord(
        record({
          affected: [
            { ecosystem: "npm", name: "a", ranges: [{ type: "SEMVER", events: given }], versions: [] },
          ],
        }),
        "npm",
        "a",
      );
      assert.equal(judgeVersion(prepared, "npm", version).says === "affected", vulnerable);
    }),
  );
});

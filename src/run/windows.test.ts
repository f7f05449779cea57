import assert from "node:assert/strict";
import { test } from "node:test";
import type { MaintenanceWindow } from "../model/index.ts";
import { isAllowed, nextOpening } from "./windows.ts";

const window = (days: number[], from: number, to: number, zone = "Europe/Berlin"): MaintenanceWindow => ({
  days,
  from,
  to,
  zone,
  text: "",
});
const saturday = window([6], 120, 360);
const overnight = window([5], 22 * 60, 4 * 60);
const sundayNight = window([0], 120, 180);

for (const [what, given, at, expected] of [
  ["no window is always open", undefined, "2025-09-02T10:00:00Z", true],
  ["before it, in summer", saturday, "2025-09-05T23:59:00Z", false],
  ["its first minute, in summer", saturday, "2025-09-06T00:00:00Z", true],
  ["its first minute, in winter", saturday, "2025-12-06T01:00:00Z", true],
  ["the minute before, in winter", saturday, "2025-12-06T00:59:00Z", false],
  ["its end is exclusive", saturday, "2025-09-06T04:00:00Z", false],
  ["overnight, before midnight", overnight, "2025-09-05T21:00:00Z", true],
  ["overnight, after midnight", overnight, "2025-09-06T01:59:00Z", true],
  ["overnight, not on the evening after", overnight, "2025-09-06T21:00:00Z", false],
  ["overnight, not before the first evening", overnight, "2025-09-05T01:00:00Z", false],
  ["the hour that is repeated, first time", sundayNight, "2025-10-26T00:30:00Z", true],
  ["the hour that is repeated, second time", sundayNight, "2025-10-26T01:30:00Z", true],
  ["the hour that is skipped", sundayNight, "2025-03-30T01:00:00Z", false],
] as const)
  test(`window: ${what}`, () => {
    assert.equal(isAllowed(given === undefined ? [] : [given], new Date(at)), expected);
  });

for (const [what, windows, after, expected] of [
  ["the next Saturday", [saturday], "2025-09-02T10:00:00Z", "2025-09-06T00:00:00.000Z"],
  ["now, when one is open", [saturday], "2025-09-06T01:00:00Z", "2025-09-06T01:00:00.000Z"],
  ["the earlier of two", [saturday, overnight], "2025-09-02T10:00:00Z", "2025-09-05T20:00:00.000Z"],
  [
    "a week later where the clocks skip it",
    [sundayNight],
    "2025-03-29T10:00:00Z",
    "2025-04-06T00:00:00.000Z",
  ],
] as const)
  test(`next opening: ${what}`, () => {
    assert.equal(nextOpening(windows, new Date(after)), expected);
  });

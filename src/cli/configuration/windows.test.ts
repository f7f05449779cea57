import assert from "node:assert/strict";
import { test } from "node:test";
import { parseWindow } from "./windows.ts";

for (const [text, days, from, to] of [
  ["Sat 02:00-06:00 Europe/Berlin", [6], 120, 360],
  ["Mon-Fri 22:00-04:00 UTC", [1, 2, 3, 4, 5], 1320, 240],
  ["fri-mon 00:00-24:00 Asia/Tokyo", [0, 1, 5, 6], 0, 1440],
  ["daily 01:30-02:00 America/New_York", [0, 1, 2, 3, 4, 5, 6], 90, 120],
  ["Sat,Sun 03:00-04:00 UTC", [0, 6], 180, 240],
] as const)
  test(`window ${text}`, () => {
    const { days: readDays, from: readFrom, to: readTo } = parseWindow(text) ?? {};
    assert.deepEqual([readDays, readFrom, readTo], [days, from, to]);
  });

for (const text of [
  "Sat 02:00-06:00",
  "Sat 02:00-06:00 Mars/Olympus",
  "Sam 02:00-06:00 UTC",
  "Sat 25:00-26:00 UTC",
  "Sat 02:60-06:00 UTC",
  "Sat 24:00-06:00 UTC",
  "",
])
  test(`no window: ${JSON.stringify(text)}`, () => {
    assert.equal(parseWindow(text), undefined);
  });

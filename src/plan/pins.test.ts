import assert from "node:assert/strict";
import { test } from "node:test";
import { orderOf } from "../versions/index.ts";
import { refusedByPin } from "./pins.ts";

const pinned = [
  { package: "numpy", below: "2", reason: "ABI" },
  { package: "six", reason: "vendored" },
  { package: "web", only: "4.2.24", reason: "named" },
];

for (const [name, version, alone, isThere, refusal] of [
  ["numpy", "1.26.4", undefined, true, undefined],
  ["numpy", "2.0", undefined, true, /pins numpy below 2: ABI/],
  ["six", "1.17", undefined, true, /pins six: vendored/],
  ["web", "4.2.24", undefined, true, undefined],
  ["web", "4.2.25", undefined, true, /web 4\.2\.24 was asked for/],
  ["web", "4.2.24", ["web"], true, undefined],
  ["other", "1.0", ["web"], true, /only web may move/],
  ["newcomer", "1.0", ["web"], false, undefined],
] as const)
  test(`${name} ${version}, ${alone === undefined ? "everything may move" : `only ${alone.join()} may`}`, () => {
    const found = refusedByPin(
      { pinned, ...(alone === undefined ? {} : { alone }) },
      { name, version, isThere },
      orderOf("PyPI"),
    );
    if (refusal === undefined) assert.equal(found, undefined);
    else assert.match(found ?? "", refusal);
  });

import assert from "node:assert/strict";
import { test } from "node:test";
import { finding } from "../../test/support/findings.ts";
import type { Finding, Waiver } from "../model/index.ts";
import { coveredBy, expiredWaivers } from "./waivers.ts";

const waiver = (given: Partial<Waiver> = {}): Waiver => ({
  finding: "GHSA-aaaa-aaaa-aaaa",
  reason: "behind the gateway",
  justification: "protected_at_perimeter",
  by: "J. Doe",
  expires: "2025-06-01",
  madeAt: "2025-01-01T00:00:00Z",
  ...given,
});
const one = finding({ id: "RF-1111111111", aliases: ["CVE-2025-1"] });

for (const [name, given, findings, now, expected] of [
  ["one that holds is no note", waiver(), [one], "2025-06-01T20:00:00Z", []],
  [
    "one that expired names what is open again",
    waiver(),
    [one],
    "2025-06-02T00:00:00Z",
    [
      "The waiver of GHSA-aaaa-aaaa-aaaa by J. Doe expired on 2025-06-01; open again: a 1.0 (GHSA-aaaa-aaaa-aaaa).",
    ],
  ],
  [
    "one whose finding is gone is said as well",
    waiver(),
    [],
    "2025-06-02T00:00:00Z",
    ["The waiver of GHSA-aaaa-aaaa-aaaa by J. Doe expired on 2025-06-01; nothing here is found for it."],
  ],
  [
    "one that another has replaced",
    waiver({ finding: "RF-1111111111" }),
    [{ ...one, waiver: waiver({ expires: "2026-01-01" }) }],
    "2025-06-02T00:00:00Z",
    ["The waiver of RF-1111111111 by J. Doe expired on 2025-06-01; another waiver covers it."],
  ],
] as const satisfies readonly (readonly [string, Waiver, readonly Finding[], string, readonly string[]])[])
  test(name, () => {
    assert.deepEqual(
      expiredWaivers([given], findings, now).map((note) => note.text),
      expected,
    );
  });

for (const [target, expected] of [
  ["RF-1111111111", 1],
  ["GHSA-aaaa-aaaa-aaaa", 1],
  ["CVE-2025-1", 1],
  ["CVE-2025-1:a", 1],
  ["CVE-2025-1:A", 1],
  ["CVE-2025-1:b", 0],
  ["CVE-2025-2", 0],
] as const)
  test(`${target} covers ${expected}`, () => {
    assert.equal(coveredBy(target, [one]).length, expected);
  });

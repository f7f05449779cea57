import assert from "node:assert/strict";
import { test } from "node:test";
import type { Project, Settled, Upgrade } from "../model/index.ts";
import { withHeldNewcomers, withoutUnwritten } from "./consequences.ts";
import type { PhaseDraft } from "./request.ts";

const project: Project = {
  path: ".",
  ecosystem: "PyPI",
  manager: "pip",
  files: ["requirements.txt"],
  target: { platform: "linux-x64" },
};

const upgrade = (name: string, from: string | null, to: string, because: string[] = []): Upgrade => ({
  project: ".",
  ecosystem: "PyPI",
  package: name,
  from,
  to,
  via: from === null ? "lockfile" : "manifest",
  level: "other",
  direct: from !== null,
  fixes: [],
  introduces: [],
  because,
});

const phase = (...upgrades: Upgrade[]): PhaseDraft => ({
  tier: "1-week",
  due: "2026-01-01T00:00:00Z",
  upgrades,
});

const settled = (observed: Record<string, string>, text = ""): Extract<Settled, { state: "accepted" }> => ({
  state: "accepted",
  by: "uv",
  detail: "",
  phases: [
    {
      files: new Map([["requirements.txt", text]]),
      observed: Object.entries(observed).map(([name, version]) => ({ package: name, version })),
    },
  ],
});

/** `name version` → advisories. */
const known: Record<string, readonly string[]> = {
  "blinker 1.9": ["A-1"],
  "old 1": ["A-2"],
  "both 1": ["A-3", "A-4"],
  "both 2": ["A-4"],
};

for (const { name, observed, unpinned, chosen, expected } of [
  {
    name: "a newcomer whose newest release has a finding",
    observed: { flask: "2.3", blinker: "1.9" },
    unpinned: { blinker: "1.7" },
    chosen: {},
    expected: ["flask 2.3 manifest", "blinker 1.7 manifest"],
  },
  {
    name: "what is there already and gets a finding that it did not have",
    observed: { old: "1" },
    unpinned: { blinker: "1.7", old: "2" },
    chosen: { old: "3" },
    expected: ["flask 2.3 manifest", "blinker 1.7 lockfile", "old 2 manifest"],
  },
  {
    name: "what has the finding today",
    observed: { old: "1" },
    unpinned: { old: "2" },
    chosen: { old: "1" },
    expected: undefined,
  },
  {
    name: "what the plan's own version has findings of",
    observed: { both: "1" },
    unpinned: { both: "2" },
    chosen: {},
    expected: undefined,
  },
  {
    name: "what has none",
    observed: { blinker: "1.8" },
    unpinned: { blinker: "1.7" },
    chosen: {},
    expected: undefined,
  },
] as const)
  test(`lines for what no line pins: ${name}`, () => {
    const phases = [phase(upgrade("flask", "2.2", "2.3"), upgrade("blinker", null, "1.7"))];
    const held = withHeldNewcomers(
      { phases, unpinned: new Map(Object.entries(unpinned)) },
      settled(observed),
      {
        project,
        chosen: new Map(Object.entries(chosen)),
        advisories: (one, version) => known[`${one} ${version}`] ?? [],
      },
    );
    const words = held?.flatMap(({ upgrades }) =>
      upgrades.map((one) => `${one.package} ${one.to ?? ""} ${one.via}`),
    );
    assert.deepEqual(words, expected);
  });

test("what no line pins is told of by what brings it, and is no upgrade of its own", () => {
  const told = withoutUnwritten(
    [
      phase(
        upgrade("flask", "2.2", "2.3", ["It clears X."]),
        upgrade("blinker", null, "1.9"),
        upgrade("Held", null, "1"),
      ),
      phase(upgrade("alone", null, "3")),
    ],
    settled({}, "flask==2.3\nheld [x] ==1\nblinker-extra==1\n"),
  );
  assert.deepEqual(
    told.map(({ upgrades }) => upgrades.map((one) => [one.package, one.because])),
    [
      [
        [
          "flask",
          [
            "It clears X.",
            "No line pins what the installer adds or moves along with this phase, today: blinker 1.9.",
          ],
        ],
        ["Held", []],
      ],
    ],
  );
});

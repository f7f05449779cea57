import assert from "node:assert/strict";
import { test } from "node:test";
import type { Component, Dependency, Inventory, Project, ReleaseSource } from "../model/index.ts";
import { fillRanges } from "./fill-ranges.ts";

const component = (name: string, version: string): Component => ({
  project: ".",
  ecosystem: "npm",
  name,
  version,
  purl: `pkg:npm/${name}@${version}`,
  scope: "production",
  direct: false,
  places: [],
  requirementsKnown: false,
});
const edge = (from: string, name: string, to: string, requirement = ""): Dependency => ({
  project: ".",
  from: `.|npm|${from}`,
  name,
  requirement,
  kind: "production",
  to: `.|npm|${to}`,
  satisfied: true,
});

test("ranges come from the registry where they admit what is there", async () => {
  const asked: string[] = [];
  const source: ReleaseSource = {
    ecosystem: "npm",
    releases: (name) => Promise.resolve({ state: "unknown", name, reason: "" }),
    requirements: (name, version) => {
      asked.push(`${name}@${version}`);
      const range = (one: string): { name: string; range: string; kind: "production" } => ({
        name: "leaf",
        range: one,
        kind: "production",
      });
      return Promise.resolve(
        name === "gone"
          ? { state: "unknown", reason: "not there" }
          : { state: "known", requires: [range(name === "parent" ? "^1.0.0" : "2.0.0")], from: "" },
      );
    },
  };
  const project: Project = {
    path: ".",
    ecosystem: "npm",
    manager: "pnpm",
    files: [],
    target: { platform: "" },
  };
  const components = [
    ["parent", "1.0.0"],
    ["held", "1.0.0"],
    ["gone", "1.0.0"],
    ["leaf", "1.2.0"],
  ] as const;
  const inventory: Inventory = {
    projects: [project],
    components: components.map(([name, version]) => component(name, version)),
    dependencies: ["parent", "held", "gone"].map((one) => edge(`${one}@1.0.0`, "leaf", "leaf@1.2.0")),
    unread: [],
    notes: [],
  };
  const filled = await fillRanges(inventory, { project, source });
  assert.deepEqual(
    filled.dependencies.map((one) => one.requirement),
    ["^1.0.0", "", ""],
  );
  assert.deepEqual(asked.sort(), ["gone@1.0.0", "held@1.0.0", "parent@1.0.0"], "leaves ask for nothing");
});

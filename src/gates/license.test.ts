import assert from "node:assert/strict";
import * as fs from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { test } from "node:test";
import type { Component, Inventory, LicenseGate, Upgrade } from "../model/index.ts";
import { toSpdx } from "./license-names.ts";
import { judgeLicense } from "./license-policy.ts";
import { licenseKey, readLicenses } from "./license-reading.ts";
import { licenseGate } from "./license.ts";

for (const [written, expected] of [
  ["MIT", "MIT"],
  ["MIT License", "MIT"],
  ["Apache Software License", undefined],
  ["Apache License, Version 2.0", "Apache-2.0"],
  ["Apache 2.0", "Apache-2.0"],
  ["BSD", undefined],
  ["3-Clause BSD License", "BSD-3-Clause"],
  ["BSD-3-Clause AND (MIT OR Apache-2.0)", "BSD-3-Clause AND (MIT OR Apache-2.0)"],
  ["GNU General Public License v3 or later (GPLv3+)", "GPL-3.0-or-later"],
  ["SEE LICENSE IN LICENSE.txt", undefined],
  ["UNLICENSED", undefined],
  ["", undefined],
  ["(".repeat(5000), undefined],
] as const)
  test(`“${written.slice(0, 50)}” as SPDX`, () => {
    assert.equal(toSpdx(written), expected);
  });

const policy = (parts: Partial<LicenseGate>): LicenseGate => ({ mode: "enforce", deny: [], ...parts });
const permissive = policy({ allow: ["MIT", "Apache-2.0", "BSD-3-Clause"] });
const noCopyleft = policy({ deny: ["GPL-2.0-or-later", "AGPL-3.0-or-later"] });

for (const [expression, given, verdict] of [
  ["MIT", permissive, "allowed"],
  ["ISC", permissive, "denied"],
  ["MIT OR GPL-3.0-only", permissive, "allowed"],
  ["MIT AND GPL-3.0-only", permissive, "denied"],
  ["(MIT OR GPL-3.0-only) AND (Apache-2.0 OR ISC)", permissive, "allowed"],
  ["GPL-3.0-only", noCopyleft, "denied"],
  ["GPL-2.0-only", noCopyleft, "denied"],
  ["LGPL-3.0-only", noCopyleft, "allowed"],
  ["GPL-3.0-only OR MIT", noCopyleft, "allowed"],
  ["AGPL-3.0-only AND MIT", noCopyleft, "denied"],
  ["LicenseRef-ours", permissive, "denied"],
  ["LicenseRef-ours", noCopyleft, "unknown"],
  ["LicenseRef-ours OR MIT", noCopyleft, "allowed"],
  ["LicenseRef-ours AND AGPL-3.0-only", noCopyleft, "denied"],
  [undefined, noCopyleft, "unknown"],
  ["not a license", noCopyleft, "unknown"],
] as const)
  test(`${expression ?? "nothing"} by ${given === permissive ? "a list of allowed ones" : "a list of denied ones"}`, () => {
    assert.equal(judgeLicense(expression, given), verdict);
  });

test("alternatives without end take no time without end", () => {
  const began = performance.now();
  judgeLicense(Array.from({ length: 20 }, () => "(MIT OR ISC)").join(" AND "), permissive);
  assert.ok(performance.now() - began < 500);
});

const upgrade = (
  ecosystem: "npm" | "PyPI",
  name: string,
  from: string | null,
  to: string | null,
): Upgrade => ({
  project: ".",
  ecosystem,
  package: name,
  from,
  to,
  via: "lockfile",
  level: "minor",
  direct: true,
  fixes: [],
  introduces: [],
  because: [],
});

test("licenses are read from what is installed, else from the lockfile", async (t) => {
  const root = fs.mkdtempSync(path.join(tmpdir(), "redress-license-"));
  t.after(() => {
    fs.rmSync(root, { recursive: true });
  });
  const write = (file: string, text: string): void => {
    fs.mkdirSync(path.dirname(path.join(root, file)), { recursive: true });
    fs.writeFileSync(path.join(root, file), text);
  };
  const site = ".venv/lib/python3.11/site-packages";
  write(
    `${site}/Two_Words-1.0.dist-info/METADATA`,
    "Name: Two.Words\nLicense-Expression: MIT\nLicense: GPL\n\nLicense: no\n",
  );
  write(
    `${site}/b-1.0.dist-info/METADATA`,
    "Name: b\nClassifier: License :: OSI Approved :: MIT License\n\n",
  );
  write(`${site}/c-2.0.dist-info/METADATA`, "Name: c\nLicense: GNU GPL, see file\n\n");
  write("node_modules/d/package.json", '{"license": {"type": "AGPL-3.0-only"}}');
  write(
    "package-lock.json",
    JSON.stringify({ packages: { "node_modules/e": { version: "1.0.0", license: "ISC" } } }),
  );
  const component = (name: string, at: string): Component => ({
    project: ".",
    ecosystem: "npm",
    name,
    version: "1.0.0",
    purl: "",
    scope: "production",
    direct: true,
    places: [{ path: "package-lock.json", source: "lockfile", at }],
    requirementsKnown: true,
  });
  const inventory: Inventory = {
    projects: [
      {
        path: ".",
        ecosystem: "npm",
        manager: "npm",
        files: ["package-lock.json"],
        target: { platform: "linux-x64" },
      },
    ],
    components: [
      component("d", "node_modules/d"),
      component("e", "node_modules/e"),
      component("x", "../../etc"),
    ],
    dependencies: [],
    unread: [],
    notes: [],
  };
  const environment = path.join(root, ".venv");
  const bench = {
    root,
    homes: [
      { project: ".", ecosystem: "PyPI" as const, folder: root, environment, programs: `${environment}/bin` },
    ],
    variables: {},
  };
  const upgrades = [
    upgrade("PyPI", "two-words", "0.9", "1.0"),
    upgrade("PyPI", "b", "0.9", "1.0"),
    upgrade("PyPI", "c", "1.0", "2.0"),
    upgrade("npm", "d", null, "1.0.0"),
    upgrade("npm", "e", "0.9.0", "1.0.0"),
    upgrade("npm", "x", null, "1.0.0"),
    upgrade("npm", "gone", "1.0.0", null),
  ];
  const read = await readLicenses(
    upgrades.map((one) => ({ ...one, version: one.to })),
    { bench, inventory },
  );
  assert.deepEqual([...read.values()], ["MIT", "MIT", undefined, "AGPL-3.0-only", "ISC", undefined]);
  const known = new Map<string, string | undefined>([
    [licenseKey({ project: ".", ecosystem: "npm", package: "e", version: "0.9.0" }), "MIT"],
  ]);
  const result = await licenseGate(policy({ deny: ["AGPL-3.0-or-later"] }), {
    upgrades,
    inventory,
    bench,
    known,
  });
  assert.equal(result.verdict, "fail");
  assert.equal(
    result.detail,
    "3 of 6 allowed; not allowed: d 1.0.0 is AGPL-3.0-only; not known: c 2.0; x 1.0.0; changed: e 1.0.0 from MIT to ISC",
  );
  const lenient = await licenseGate(policy({}), { upgrades, inventory, bench, known });
  assert.equal(lenient.verdict, "warn");
});

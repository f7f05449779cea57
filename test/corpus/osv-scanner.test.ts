/**
 * Findings over the corpus beside those of osv-scanner offline with the same records. On what both read they must be
 * the same; every package that only one of the two reads must have one of the known reasons. Prints what differs.
 */
import assert from "node:assert/strict";
import * as fs from "node:fs";
import os from "node:os";
import path from "node:path";
import { after, test } from "node:test";
import type { Component, Finding, Inventory } from "../../src/model/index.ts";
import { withoutShared } from "../support/redress.ts";
import { findOsvScanner, runOsvScanner, writeDatabases, type TheirScan } from "./osv-scanner.ts";
import { advisoryFiles, openCorpus, type ScannedCorpus } from "./scanned-corpus.ts";

/** The scan of one project from both sides. */
interface Sides {
  readonly folder: string;
  readonly inventory: Inventory;
  readonly theirs: TheirScan;
}

/** Why a package is only theirs. */
const onlyTheirs: readonly [why: string, applies: (on: string, sides: Sides) => boolean][] = [
  ["a requirement without any version is listed as a package of none", (on) => on.endsWith("@")],
  ["yarn 1 quotes around an alias are taken for part of the name", (on) => on.includes('"')],
  [
    "the lower bound of a range is taken for the version in use",
    (on, { inventory }) =>
      requirementsOn(on, inventory).some(
        ({ requirement, version }) => requirement.includes(version) && !/^===?[^*]*$/.test(requirement),
      ),
  ],
  [
    "a marker that does not hold for this target is not judged",
    (on, { inventory }) =>
      requirementsOn(on, inventory).some(({ marker, to }) => marker !== undefined && to === null),
  ],
];

/** Why a package is only ours. */
const onlyOurs: readonly [why: string, applies: (one: Component, sides: Sides) => boolean][] = [
  [
    "its reader stops at a v1 lockfile that says `resolved: false`",
    (_, { theirs }) => /cannot unmarshal bool.*resolved/.test(theirs.failure ?? ""),
  ],
  [
    "a checkout or address that names its version is passed over",
    (one) => one.immovable?.includes("://") === true,
  ],
  [
    "a pnpm 6 key with its peers in parentheses is passed over",
    (one, { folder }) => one.places.every((place) => lineOf(folder, place).includes("(")),
  ],
  [
    "yarn 1 quotes around an alias are taken for part of the name",
    (one, { theirs }) => theirs.packages.has(`${one.name}"@${one.version}`),
  ],
  [
    "a requirements file under a name that it does not know is not read",
    (one, { theirs }) => one.places.every(({ path: file }) => !theirs.files.has(file)),
  ],
];

function requirementsOn(
  on: string,
  { dependencies }: Inventory,
): { requirement: string; version: string; marker: string | undefined; to: string | null }[] {
  const at = on.lastIndexOf("@");
  return dependencies
    .filter((one) => one.from === null && one.name === on.slice(0, at))
    .map(({ requirement, marker, to }) => ({ requirement, marker, to, version: on.slice(at + 1) }));
}

const lineOf = (folder: string, { path: file, line }: Component["places"][number]): string =>
  line === undefined ? "" : (fs.readFileSync(path.join(folder, file), "utf8").split("\n")[line - 1] ?? "");

const nameOf = (one: Pick<Component, "name" | "version">): string => `${one.name}@${one.version}`;

/** One line for each reason with what it covers; what has no reason is `undefined`'s. */
class Reasons {
  private readonly counts = new Map<string, { packages: number; findings: number }>();
  readonly unexplained: string[] = [];

  add(side: string, { why, on, findings }: { why: string | undefined; on: string; findings: number }): void {
    if (why === undefined) this.unexplained.push(`only ${side}: ${on}`);
    const key = `only ${side}: ${why ?? "unexplained"}`;
    const known = this.counts.get(key) ?? { packages: 0, findings: 0 };
    this.counts.set(key, { packages: known.packages + 1, findings: known.findings + findings });
  }

  lines(): string[] {
    return [...this.counts].map(
      ([why, { packages, findings }]) => `${why}: ${packages} packages, ${findings} findings`,
    );
  }
}

/** Findings of ours on packages that both know, which they do not have; and theirs that we do not have. */
function disagreements(findings: readonly Finding[], { inventory, theirs }: Sides): string[] {
  const ours = new Set(inventory.components.map(nameOf));
  const lists = (ids: readonly string[], others: readonly string[]): boolean =>
    ids.some((id) => others.includes(id));
  const own = findings.map((one) => ({
    on: `${one.package}@${one.version}`,
    ids: [one.advisory, ...one.aliases],
  }));
  const missing = (from: typeof own, among: TheirScan["findings"], both: ReadonlySet<string>): string[] =>
    from
      .filter(({ on }) => both.has(on))
      .filter(({ on, ids }) => !among.some((other) => other.on === on && lists(ids, other.ids)))
      .map(({ on, ids }) => `${on} ${ids[0] ?? ""}`);
  return [
    ...missing(own, theirs.findings, theirs.packages).map((one) => `only ours: ${one}`),
    ...missing([...theirs.findings] as typeof own, own, ours).map((one) => `only theirs: ${one}`),
  ];
}

function explainPackages(findings: readonly Finding[], sides: Sides): Reasons {
  const { inventory, theirs } = sides;
  const reasons = new Reasons();
  const ours = new Map(inventory.components.map((one) => [nameOf(one), one]));
  for (const [on, one] of ours) {
    if (theirs.packages.has(on)) continue;
    const why = onlyOurs.find(([, applies]) => applies(one, sides))?.[0];
    const own = new Set(
      findings.filter((each) => `${each.package}@${each.version}` === on).map((each) => each.advisory),
    );
    reasons.add("ours", { why, on, findings: own.size });
  }
  for (const on of theirs.packages) {
    if (ours.has(on)) continue;
    const why = onlyTheirs.find(([, applies]) => applies(on, sides))?.[0];
    reasons.add("theirs", { why, on, findings: theirs.findings.filter((each) => each.on === on).length });
  }
  return reasons;
}

function compareProject(
  corpus: ScannedCorpus,
  { program, scratch }: { program: string; scratch: string },
): (project: string) => Promise<string[]> {
  return async (project) => {
    const folder = corpus.folderOf(project);
    const { inventory, findings } = await corpus.scan(project);
    const theirs = runOsvScanner(program, {
      folder,
      databases: scratch,
      out: path.join(scratch, "report.json"),
    });
    const sides = { folder, inventory, theirs };
    assert.deepEqual(disagreements(findings, sides), []);
    const reasons = explainPackages(findings, sides);
    assert.deepEqual(reasons.unexplained, []);
    return reasons.lines();
  };
}

const program = findOsvScanner();
if (program === undefined || withoutShared !== false) {
  const skip =
    withoutShared === false
      ? "osv-scanner is neither on the PATH nor named by REDRESS_OSV_SCANNER"
      : withoutShared;
  test("osv-scanner", { skip }, () => undefined);
} else {
  const corpus = await openCorpus();
  const scratch = fs.mkdtempSync(path.join(os.tmpdir(), "redress-osv-scanner-"));
  after(() => {
    corpus.close();
    fs.rmSync(scratch, { recursive: true });
  });
  writeDatabases(advisoryFiles, scratch);
  const compare = compareProject(corpus, { program, scratch });
  for (const project of corpus.projects)
    test(`${project}: findings are osv-scanner's, but for what is explained`, async (context) => {
      for (const line of await compare(project)) context.diagnostic(line);
    });
}

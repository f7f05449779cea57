import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { finding, runEvidence, scanOf, summaryOf } from "../../test/support/evidence.ts";
import { severities, tierNames, tiers, type Evidence } from "../model/index.ts";
import { renderers } from "./index.ts";

const renderer = (format: string): (typeof renderers)[number] =>
  renderers.find((one) => one.format === format) ?? assert.fail(`no format ${format}`);
const render = async (format: string, evidence: Evidence): Promise<string> =>
  Buffer.from((await renderer(format).render(evidence)) ?? assert.fail(`no ${format}`)).toString("utf8");

const state = (findings: Evidence["before"]["findings"]): Evidence => {
  const { plan: _plan, run: _run, after: _after, ...rest } = runEvidence();
  return { ...rest, kind: "state", before: scanOf(findings) };
};

const plan = (): Evidence => {
  const { run: _run, after: _after, ...rest } = runEvidence();
  return { ...rest, kind: "plan" };
};

/** A run that was killed after a phase stood: its journal says so, and nobody looked again. */
const killed = (): Evidence => {
  const { after: _after, run, ...rest } = runEvidence();
  const { endedAt: _ended, ...begun } = run ?? assert.fail();
  return { ...rest, run: { ...begun, state: "running" } };
};

/** Rows of every table of a Markdown document, without marks, by the section they stand in. */
function tablesOf(markdown: string): { section: string; title: string; head: string[]; rows: string[][] }[] {
  const tables: ReturnType<typeof tablesOf> = [];
  let [section, title] = ["", ""];
  const cells = (line: string): string[] =>
    line
      .slice(1, -1)
      .split(/(?<!\\)\|/)
      .map((cell) => cell.replace(/\*\*|\\(?=.)/g, "").trim());
  for (const [index, line] of markdown.split("\n").entries()) {
    const next = markdown.split("\n")[index + 1] ?? "";
    if (line.startsWith("## ")) [section, title] = [line.slice(3), ""];
    else if (line.startsWith("### ")) title = line.slice(4);
    else if (line.startsWith("|") && /^\|( --- \|)+$/.test(next))
      tables.push({ section, title, head: cells(line), rows: [] });
    else if (line.startsWith("|") && !/^\|( --- \|)+$/.test(line)) tables.at(-1)?.rows.push(cells(line));
  }
  return tables;
}

describe("documents", () => {
  for (const { format } of renderers)
    it(`${format}: the same evidence gives the same bytes`, async () => {
      assert.equal(await render(format, runEvidence()), await render(format, structuredClone(runEvidence())));
    });

  const kinds: [name: string, evidence: () => Evidence][] = [
    ["run", runEvidence],
    ["plan never applied", plan],
    ["run killed half-way", killed],
    ["state", () => state([finding(), finding({ id: "RF-2", severity: "low", tier: "1-week" })])],
    ["empty scan", () => state([])],
  ];
  for (const [name, made] of kinds) {
    it(`${name}: every number is that of the data`, async () => {
      const evidence = made();
      const tables = tablesOf(await render("md", evidence));
      const left =
        evidence.kind === "state"
          ? evidence.before.findings
          : evidence.before.findings.filter((one) => one.id !== "RF-0000000001");
      const [before, after] = [summaryOf(evidence.before.findings), summaryOf(left)];
      const summary = tables.filter((one) => one.section === "Executive summary").flatMap((one) => one.rows);
      const row = (title: string, from: number, to: number): string[] =>
        evidence.kind === "state"
          ? [title, String(from)]
          : [title, String(from), String(to), to < from ? `−${from - to}` : "0"];
      const expected = [
        row("Findings", before.findings, after.findings),
        ...severities.map((one) => row(`– ${one}`, before.bySeverity[one], after.bySeverity[one])),
        row("Packages with findings", before.packages, after.packages),
        ...tiers.map((one) => row(tierNames[one], before.byTier[one], after.byTier[one])),
      ];
      assert.deepEqual(summary, expected);
      const number = (section: string, column: string): number =>
        tables
          .filter((one) => one.section === section)
          .flatMap((one) => one.rows.map((cells) => Number(cells[one.head.indexOf(column)])))
          .reduce((sum, one) => sum + one, 0);
      assert.equal(number("Risk assessment", "No."), before.findings, "risks add up");
      const remaining = tables
        .filter((one) => one.section === "Remaining findings")
        .flatMap((one) => one.rows);
      assert.equal(remaining.length, after.findings, "what remains adds up");
      if (evidence.plan !== undefined)
        assert.equal(
          number("Remediation strategy", "No."),
          before.findings - after.findings,
          "phases add up",
        );
      const metrics = tables.find((one) => one.section === "Success metrics")?.rows[0];
      if (evidence.kind !== "state") assert.equal(metrics?.[1], `${before.findings} → ${after.findings}`);
    });
  }

  it("says missing tests are missing, and what remains", async () => {
    const text = await render("md", runEvidence());
    assert.match(text, /\*\*No tests are configured:\*\* what/);
    assert.match(text, /\| tests \| enforce \| \*\*missing\*\* \|/);
    assert.match(
      text,
      /1 finding was fixed: 2 before, 1 after\. 1 finding in 1 package \(1 high\) remains\./,
    );
    assert.match(text, /- \[x\] \*\*gunicorn\*\* 21\.2\.0 → 22\.0\.0/);
    assert.match(text, /- \[ \] tests: missing/);
    assert.match(text, /no release is free of it/);
    assert.match(text, /\| All tests pass as they did before \| not evaluated \|/);
  });

  it("fails the criterion that what is left breaks", async () => {
    assert.match(await render("md", runEvidence()), /\| At most 0 high \| fail \| 1 observed \|/);
  });

  it("says that something was undone only where something had been put in place", async () => {
    for (const [state, words] of [
      ["failed", /What failed was never put in place\./],
      ["rolled-back", /What failed was undone\./],
    ] as const) {
      const { run, ...rest } = runEvidence();
      const { phases } = run ?? assert.fail();
      const ended = { ...(run ?? assert.fail()), state: "rolled-back" as const, reason: "tests fail" };
      const evidence = { ...rest, run: { ...ended, phases: phases.map((phase) => ({ ...phase, state })) } };
      assert.match(await render("md", evidence), words);
    }
  });

  it("ticks nothing of a plan that nobody carried out", async () => {
    const text = await render("md", plan());
    assert.match(text, /Nothing has been changed yet/);
    assert.doesNotMatch(text, /- \[x\] \*\*/);
    assert.match(text, /\| Carried out \| not carried out \|/);
  });

  it("says of a run that was cut short that it has not ended", async () => {
    assert.match(await render("md", killed()), /The run has not ended/);
  });

  it("never says secure, and says what it did not read", async () => {
    const empty = state([]);
    const unread = {
      ...empty,
      before: { ...empty.before, unread: [{ path: "a.txt", reason: "not text", line: 4 }] },
    };
    const text = await render("md", unread);
    assert.match(text, /a\.txt:4: not text/);
    assert.match(text, /No open findings\. 1 file could not be read\./);
    assert.doesNotMatch(text, /\bsecure\b/i);
  });

  const hostile = "<script>alert(1)</script>|`x`**y**[z](javascript:1)\n# h =cmd|'/c calc'!A1 \u0000]]>";
  it("lets no text from outside form markup", async () => {
    const evidence = state([
      finding({ package: hostile, advisory: hostile, version: hostile, summary: hostile }),
    ]);
    const markdown = await render("md", evidence);
    for (const text of [markdown, await render("github", evidence)]) {
      assert.doesNotMatch(text, /<script|^# h/m);
      assert.doesNotMatch(text, /(?<!\\)\[z/);
      assert.doesNotMatch(text, /(?<!\\)\]\(javascript/);
    }
    const cells = (line: string): number => line.split(/(?<!\\)\|/).length;
    let columns = 0;
    let checked = 0;
    for (const line of markdown.split("\n")) {
      if (/^\| --- /.test(line)) columns = cells(line);
      else if (line.startsWith("|") && line.includes("alert")) {
        assert.equal(cells(line), columns, "the row has the columns of its head");
        checked++;
      }
    }
    assert.ok(checked >= 2);
    assert.doesNotMatch(await render("html", evidence), /<script>alert|href="javascript/);
    const xml = await render("junit", evidence);
    assert.doesNotMatch(xml, /<script|\u0000|\]\]>/);
    for (const format of ["sarif", "cyclonedx", "openvex", "csaf", "spdx", "gitlab"])
      assert.ok(JSON.stringify(JSON.parse(await render(format, evidence))).includes("alert(1)"), format);
  });

  it("html needs no network and no script", async () => {
    const html = await render("html", runEvidence());
    assert.doesNotMatch(html, /<script|src=|@import|url\(|<link/);
    for (const [, target = ""] of html.matchAll(/href="([^"]*)"/g))
      assert.match(target, /^(#[a-z-]+|https:\/\/osv\.dev\/vulnerability\/[\w%-]+)$/);
    assert.match(html, /<svg /);
  });

  it("draws measurements, and leaves out what is none", async () => {
    const evidence = structuredClone(runEvidence());
    const [phase] = evidence.run?.phases ?? [];
    (phase?.gates as unknown[]).push({
      name: "performance: <startup>",
      mode: "warn",
      verdict: "pass",
      detail: "+1 %",
      samples: [{ measure: "startup" }, { batch: 1, old: [10, 12], new: [11, "x"] }, { old: [14] }],
    });
    const html = await render("html", evidence);
    assert.equal([...html.matchAll(/<circle /g)].length, 3, "three numbers of one series");
    assert.match(await render("md", evidence), /\| old \| 3 \| 10 \| 12 \| 14 \|/);
  });

  it("writes what measurements count, bytes as megabytes", async () => {
    const evidence = structuredClone(runEvidence());
    const [phase] = evidence.run?.phases ?? [];
    (phase?.gates as unknown[]).push({
      name: "performance: memory",
      mode: "warn",
      verdict: "pass",
      detail: "+1 %",
      samples: [
        { measure: "memory", unit: "bytes" },
        { batch: 1, old: [51_500_000, 52_500_000] },
      ],
    });
    assert.match(await render("md", evidence), /\| old \| 2 \| 51.5 \| 52 \| 52.5 \| MB \|/);
    assert.match(await render("html", evidence), />51.5 MB<.*>52.5 MB</);
  });

  it("sets an earlier document's counts beside what is found, and says why they differ", async () => {
    const via = (root: string, name: string, id: string): Evidence["before"]["findings"][number] =>
      finding({
        id,
        package: name,
        advisory: `GHSA-${id}`,
        direct: false,
        paths: [[`${root}@1.0`, `${name}@1`]],
      });
    const evidence: Evidence = {
      ...state([
        finding(),
        finding({ id: "RF-5", advisory: "GHSA-5", waiver: null }),
        via("sender", "carrier", "RF-6"),
        via("maker", "template", "RF-7"),
        finding({ id: "RF-8", project: "web", ecosystem: "npm", package: "@a/b", version: "1.0.0" }),
        finding({ id: "RF-9", project: "web", ecosystem: "npm", package: "@a/b", version: "2.0.0" }),
      ]),
      claims: {
        source: "the plan of May",
        findings: 9,
        counts: [
          { package: "Gunicorn", findings: 2 },
          { package: "sender", findings: 4 },
          { package: "idle", findings: 1, reason: "a typing error" },
          { project: "web", findings: 3 },
        ],
      },
    };
    const [claims] = tablesOf(await render("md", evidence)).filter(
      (one) => one.section === "Claimed and found",
    );
    assert.deepEqual(claims?.rows, [
      ["Gunicorn", "2", "2", ""],
      ["sender", "4", "0", "it has none itself; of what it brings in, carrier has 1"],
      ["idle", "1", "0", "it has none; a typing error"],
      ["all of web", "3", "1 (2 findings)", "not explained"],
      ["carrier", "–", "1", "not counted there; required by sender"],
      ["template", "–", "1", "not counted there; required by maker"],
      ["all, added up", "10", "4 (6 findings)", ""],
      ["all, as it says", "9", "4 (6 findings)", "its own counts add up to 10"],
    ]);
    assert.doesNotMatch(await render("md", state([finding()])), /Claimed and found/);
  });

  it("keeps names in any script, and writes in PDF what its font has no sign for", async () => {
    const evidence = state([finding({ package: "пакет-包-حزمة" })]);
    assert.match(await render("md", evidence), /пакет-包-حزمة/);
    assert.match(await render("html", evidence), /пакет-包-حزمة/);
    assert.match(await render("pdf", evidence), /^%PDF-1\./);
  });
});

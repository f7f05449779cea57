import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { finding, runEvidence, scanOf } from "../../test/support/evidence.ts";
import { severities, type Evidence } from "../model/index.ts";
import { renderers } from "./index.ts";

const render = (format: string, evidence: Evidence): string =>
  renderers.find((one) => one.format === format)?.render(evidence) ?? assert.fail(`no format ${format}`);

const state = (findings: Evidence["before"]["findings"]): Evidence => {
  const { plan: _plan, run: _run, after: _after, ...rest } = runEvidence();
  return { ...rest, kind: "state", before: scanOf(findings) };
};

describe("documents", () => {
  for (const { format } of renderers) {
    it(`${format}: the same evidence gives the same bytes`, () => {
      assert.equal(render(format, runEvidence()), render(format, structuredClone(runEvidence())));
    });
  }

  it("shows counts by severity that are those of the findings", () => {
    const evidence = runEvidence();
    const text = render("md", evidence);
    for (const severity of severities) {
      const before = evidence.before.findings.filter((one) => one.severity === severity).length;
      const after = evidence.after?.findings.filter((one) => one.severity === severity).length ?? NaN;
      assert.match(text, new RegExp(`\\| – ${severity} \\| ${before} \\| ${after} \\|`));
    }
  });

  it("says missing tests are missing, and what remains", () => {
    const text = render("md", runEvidence());
    assert.match(text, /\*\*No tests are configured: \*\*/);
    assert.match(text, /\| tests \| enforce \| \*\*missing\*\* \|/);
    assert.match(text, /1 finding was fixed: 2 before, 1 after\. 1 finding in 1 package \(1 high\) remain\./);
    assert.match(text, /- \[x\] \*\*gunicorn\*\* 21\.2\.0 → 22\.0\.0/);
    assert.match(text, /- \[ \] tests: missing/);
    assert.match(text, /no release is free of it/);
  });

  it("fails the criterion that what is left breaks", () => {
    assert.match(render("md", runEvidence()), /\| At most 0 high \| fail \| 1 observed \|/);
  });

  it("says no findings only of a scan that read everything it names", () => {
    const evidence = state([]);
    const unread = {
      ...evidence,
      before: { ...evidence.before, unread: [{ path: "a.txt", reason: "not text", line: 4 }] },
    };
    assert.match(render("md", unread), /a\.txt:4: not text/);
  });

  const hostile = "<script>alert(1)</script>|`x`**y**[z](javascript:1)\n# h";
  it("lets no text from outside form markup", () => {
    const evidence = state([finding({ package: hostile, advisory: hostile, version: hostile })]);
    const markdown = render("md", evidence);
    assert.doesNotMatch(markdown, /<script|^# h/m);
    assert.doesNotMatch(markdown, /(?<!\\)\[z/);
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
    assert.doesNotMatch(render("html", evidence), /<script>alert/);
  });

  it("html needs no network and no script", () => {
    const html = render("html", runEvidence());
    assert.doesNotMatch(html, /<script|src=|href=|@import|url\(/);
    assert.match(html, /<svg /);
  });
});

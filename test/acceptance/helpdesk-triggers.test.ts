/**
 * The four rollback triggers, each on the helpdesk: its own packages from the index that is in use, its database in a
 * PostgreSQL of its own, and packages of the tests' own with a fault in the version that is fixed.
 */
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import path from "node:path";
import { after, suite, test, type TestContext } from "node:test";
import { setTimeout as wait } from "node:timers/promises";
import { freePort } from "../../src/system/index.ts";
import { advisoryOn, asLines, deskAdvisories, deskPackages } from "../support/desk-packages.ts";
import {
  language,
  longReport,
  onceAgain,
  twice,
  uniqueTitles,
  wall,
  withPhrases,
} from "../support/desk-variations.ts";
import { assertAsBefore, assertSame, gateOf, makeDesk, without, type Desk } from "../support/desk.ts";
import { must, repository } from "../support/redress.ts";

const noTests = without("tests", "performance", "command", "health", "migrations");
const otherTests = ["uploads", "classification", "messages", "sign-in", "pages"].map(
  (name) => `tests: ${name}`,
);

const made = await makeDesk(deskPackages);
const skip = "reason" in made ? made.reason : false;
after(() => ("reason" in made ? undefined : made.stop()));

suite("helpdesk: rollback triggers", { skip, timeout: 900_000 }, () => {
  if ("reason" in made) return;
  const desk = made;

  /** One package by what was known on the day of the plan, and on the test's own packages. */
  const fix = (name: string, ...more: string[]): ReturnType<Desk["ask"]> =>
    desk.ask("fix", "--as-of", "2025-10-13", "--yes", "--package", name, ...more);

  /** The helpdesk for one test. */
  const prepare = (t: TestContext): void => {
    t.after(() => {
      desk.restore();
    });
    desk.vary({ "desk-advisories.jsonl": asLines(deskAdvisories) });
    desk.configure((written) => {
      written["advisories"] = ["advisories.jsonl", "desk-advisories.jsonl"];
      // Wishes would be planned beside the package that a test is about.
      delete written["requests"];
    });
  };

  test("a critical function that an upgrade breaks: its tests say so, nothing is touched", async (t) => {
    prepare(t);
    desk.vary({ "backend/tickets/views.py": withPhrases });
    const state = desk.state();
    const left = ["tickets", "uploads", "classification", "sign-in", "pages"].map((name) => `tests: ${name}`);
    const result = await fix(
      "desk-phrases",
      ...without("performance", "command", "migrations", "health", ...left),
    );
    assertAsBefore(desk, state, {
      result,
      why: /phase 1 did not hold in rehearsal: tests: messages fail/,
      touched: false,
    });
    assert.match(
      gateOf(result.run, "tests: messages")?.detail ?? "",
      /newly failing: test_opening_a_ticket_with_a_number_sends_a_message/,
    );
  });

  test("a function that breaks in use, after the deployment: everything is taken back", async (t) => {
    prepare(t);
    const port = await freePort();
    const production = spawn(
      desk.python,
      ["-m", "gunicorn", "--bind", `127.0.0.1:${port}`, "--workers", "1", "helpdesk.wsgi"],
      {
        cwd: path.join(desk.root, "backend"),
        env: { ...process.env, ...desk.variables, HELPDESK_MIDDLEWARE: "desk_slots.Slots" },
        stdio: "ignore",
      },
    );
    const ended = once(production, "close");
    t.after(async () => {
      production.kill();
      await ended;
    });
    const url = `http://127.0.0.1:${port}/health`;
    await untilWell(url);
    // How gunicorn is deployed to: new workers take over, which import what is installed now.
    const reload = [desk.python, "-c", `import os; os.kill(${production.pid ?? 0}, 1)`];
    desk.configure((written) => {
      const gates = written["gates"] as { health: unknown[]; processes: { web: object } };
      gates.processes.web = {
        ...gates.processes.web,
        variables: { HELPDESK_MIDDLEWARE: "desk_slots.Slots" },
      };
      gates.health.push({ name: "production", url, at: ["watch"], count: 5, interval: "100ms" });
      written["stages"] = [
        { name: "checkout" },
        { name: "production", command: reload, undo: reload, soak: "30s" },
      ];
    });
    const state = desk.state();
    const result = await fix("desk-slots", ...without("tests", "performance", "command"));
    assertAsBefore(desk, state, {
      result,
      why: /production did not hold while it was watched: health: production fail: .*status 503/,
      touched: true,
    });
    assert.equal(gateOf(result.run, "health: web")?.verdict, "pass");
    assert.deepEqual(
      result.run.stages?.map(({ name, state }) => [name, state]),
      [["production", "rolled-back"]],
    );
    // The old version gives back what it takes: it answers more often than the new one ever could.
    await untilWell(url);
    for (let request = 0; request < 30; request++) assert.equal((await fetch(url)).status, 200);
  });

  test("a ticket list slower by more than a quarter: measured side by side, it does not go in", async (t) => {
    prepare(t);
    desk.vary({
      "backend/tickets/wall.py": wall,
      "backend/helpdesk/urls.py": (text) =>
        `${text}\nfrom tickets.wall import wall\n\nurlpatterns.append(path("wall", wall))\n`,
    });
    desk.configure((written) => {
      const gates = written["gates"] as { performance: object; processes: { web: object } };
      gates.processes.web = {
        ...gates.processes.web,
        variables: { HELPDESK_MIDDLEWARE: "desk_guard.Guard" },
      };
      gates.performance = {
        budgets: { web: { budget: 10, rollback: 20 } },
        measures: [{ name: "ticket list", http: "web", path: "/wall" }],
      };
    });
    const state = desk.state();
    const result = await fix("desk-guard", ...without("tests", "command", "migrations", "health"));
    const gate = gateOf(result.run, "performance: ticket list");
    t.diagnostic(`${gate?.verdict ?? "not asked"}: ${gate?.detail ?? ""}`);
    if (gate?.verdict === "inconclusive") {
      // A machine too busy to tell: nothing goes in, and a person is asked.
      assert.deepEqual([result.code, result.run.state], [5, "needs-person"]);
      assert.match(result.report, /The project was not touched\./);
      assertSame(desk.state(), state);
      return;
    }
    assertAsBefore(desk, state, {
      result,
      why: /did not hold in rehearsal: performance: ticket list fail \(\+\d\d/,
      touched: false,
    });
    assert.match(gate?.detail ?? "", /budget 10 %, rollback past 20 %.*a second batch agrees/);
  });

  test("a package that brings a vulnerable one along: the scan of what is installed sees it", async (t) => {
    prepare(t);
    const brought = advisoryOn("desk-parser", { id: "DESK-2025-0100" });
    desk.vary({ "desk-advisories.jsonl": asLines([...deskAdvisories, brought]) });
    const state = desk.state();
    const unasked = await fix("desk-mail", ...noTests);
    assertAsBefore(desk, state, {
      result: unasked,
      why: /did not hold in rehearsal: versions fail .*desk-parser/,
      touched: false,
    });
    // Where a team only wants to be told of what it did not ask for, it is the finding that stops it.
    desk.configure((written) => {
      (written["gates"] as Record<string, unknown>)["versions"] = "warn";
    });
    const lenient = desk.state();
    assertAsBefore(desk, lenient, {
      result: await fix("desk-mail", ...noTests),
      why: /did not hold in rehearsal: security fail \(.*introduced: desk-parser 0\.9 DESK-2025-0100/,
      touched: false,
    });
  });

  test("a security scan that fails once the project was changed: everything is taken back", async (t) => {
    prepare(t);
    // What the team's scanner knows by the time of the deployment, and the plan did not.
    const late = advisoryOn("desk-slots", { id: "DESK-2025-0200", introduced: "1.1" });
    desk.vary({ "late.jsonl": asLines([late]) });
    const main = path.join(repository, "src", "cli", "main.ts");
    const scan = [process.execPath, main, "scan", ".", "--advisories", "late.jsonl", "--fail-on", "high"];
    desk.configure((written) => {
      written["stages"] = [{ name: "checkout" }, { name: "security scan", command: scan, undo: scan }];
    });
    const state = desk.state();
    const result = await fix("desk-slots", ...noTests);
    assertAsBefore(desk, state, {
      result,
      why: /stage security scan did not hold: .*exit code 1/,
      touched: true,
    });
  });

  test("a migration that fails on a copy of the data: nothing is touched", async (t) => {
    prepare(t);
    desk.vary({ "backend/tickets/migrations/0003_titles.py": uniqueTitles });
    manage(desk, twice);
    t.after(() => {
      manage(desk, onceAgain);
    });
    const state = desk.state();
    const result = await fix("sqlparse", ...without("performance", "command", "health", ...otherTests));
    assertAsBefore(desk, state, {
      result,
      why: /did not hold in rehearsal: migrations: helpdesk fail \(.*title_once/s,
      touched: false,
    });
    // The tests' database is empty, so that only the copy could show it.
    assert.equal(gateOf(result.run, "tests: tickets")?.verdict, "pass");
  });

  test("a migration that fails on the real database alone: it goes back with the environment", async (t) => {
    prepare(t);
    desk.vary({ "backend/tickets/migrations/0003_language.py": language });
    const state = desk.state();
    const endReport = await readForLong(desk);
    t.after(endReport);
    const result = await fix("sqlparse", ...without("performance", "command", "health", "tests"));
    assertAsBefore(desk, state, {
      result,
      why: /did not hold in promotion: .*lock timeout/s,
      touched: true,
    });
    assert.equal(gateOf(result.run, "migrations: helpdesk")?.verdict, "pass");
  });
});

/** Has the application's own Python do something with its tickets. */
function manage(desk: Desk, script: string): void {
  must([desk.python, "manage.py", "shell", "-c", script], path.join(desk.root, "backend"), {
    ...desk.variables,
  });
}

/** Somebody's report, which reads the tickets in one long transaction; gives the means to end it. */
async function readForLong(desk: Desk): Promise<() => Promise<void>> {
  const report = spawn(desk.python, ["manage.py", "shell", "-c", longReport], {
    cwd: path.join(desk.root, "backend"),
    env: { ...process.env, ...desk.variables },
    stdio: ["pipe", "pipe", "ignore"],
  });
  const ended = once(report, "close");
  await once(report.stdout, "data");
  return async () => {
    report.stdin.end();
    await ended;
  };
}

async function untilWell(url: string): Promise<void> {
  for (let tries = 0; tries < 150; tries++) {
    const answer = await fetch(url).catch(() => undefined);
    if (answer?.status === 200) return;
    await wait(200);
  }
  throw new Error(`${url} does not answer`);
}

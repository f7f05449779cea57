/** Upgrades of the helpdesk that look right by every version number, and that the rehearsal refuses. */
import assert from "node:assert/strict";
import * as fs from "node:fs";
import path from "node:path";
import { after, suite, test, type TestContext } from "node:test";
import { stringify } from "yaml";
import type { Plan } from "../../src/model/index.ts";
import { findPrograms } from "../../src/system/index.ts";
import { advisoryOn, asLines } from "../support/desk-packages.ts";
import { assertAsBefore, gateOf, makeDesk, without, type Desk } from "../support/desk.ts";
import { redress, repository, scratch } from "../support/redress.ts";

const made = await makeDesk();
const skip = "reason" in made ? made.reason : false;
after(() => ("reason" in made ? undefined : made.stop()));

suite("helpdesk: refusals", { skip, timeout: 900_000 }, () => {
  if ("reason" in made) return;
  const desk = made;

  const fix = (name: string, ...more: string[]): ReturnType<Desk["ask"]> =>
    desk.ask("fix", "--as-of", "2025-10-13", "--yes", "--package", name, ...more);
  const prepare = (t: TestContext): void => {
    t.after(() => {
      desk.restore();
    });
  };

  test("an import that a release does not declare: nobody can sign in any more", async (t) => {
    prepare(t);
    const name = "djangorestframework-simplejwt";
    // From 4.7 to 5.3.0 it imports pkg_resources, which an environment has by luck: no release says that it needs it.
    t.after(() => desk.install(`${name}==5.3.1`));
    await desk.install(`${name}==4.6.0`);
    desk.vary({
      "backend/requirements.txt": (text) => text.replace(`${name}==5.3.1`, `${name}==4.6.0`),
      "desk-advisories.jsonl": asLines([advisoryOn(name, { id: "DESK-2025-0300", fixed: "5.3.0" })]),
    });
    desk.configure((written) => {
      written["advisories"] = ["advisories.jsonl", "desk-advisories.jsonl"];
      written["pinned"] = [{ package: name, below: "5.3.1", reason: "not yet reviewed" }];
    });
    const state = desk.state();
    const left = ["tickets", "uploads", "classification", "messages", "pages"].map((one) => `tests: ${one}`);
    const result = await fix(name, ...without("performance", "command", "health", "migrations", ...left));
    assert.equal(result.run.plan.phases[0]?.upgrades.find((one) => one.package === name)?.to, "5.3.0");
    assertAsBefore(desk, state, {
      result,
      why: /did not hold in rehearsal: tests: sign-in fail/,
      touched: false,
    });
    assert.match(gateOf(result.run, "tests: sign-in")?.detail ?? "", /No module named 'pkg_resources'/);
  });

  test("a development server that does not start, though build and tests pass", async (t) => {
    prepare(t);
    desk.vary({ "redress.waivers.json": "[]\n" });
    const state = desk.state();
    const others = ["tickets", "uploads", "classification", "messages", "sign-in"].map(
      (name) => `tests: ${name}`,
    );
    const result = await fix(
      "webpack-dev-server",
      ...without("performance", "command: browser", "health", "migrations", ...others),
    );
    assertAsBefore(desk, state, {
      result,
      why: /did not hold in rehearsal: command: development server fail/,
      touched: false,
    });
    for (const name of ["tests: pages", "command: build"])
      assert.equal(gateOf(result.run, name)?.verdict, "pass", name);
    assert.match(gateOf(result.run, "command: development server")?.detail ?? "", /onAfterSetupMiddleware/);
  });
});

/** Where the hand-written plan of 2025-10-13 wanted to go, each with the first version beyond it. */
const targets = [
  "django@4.2.24",
  "transformers@4.52.1",
  "torch@2.8.0",
  "pillow@10.3.0",
  "gunicorn@23.0.0",
  "requests@2.32.4",
];

/** Plans the whole backend, classifier and all, by its files alone. */
async function planFor(t: TestContext, ...more: string[]): Promise<{ code: number | null; plan: Plan }> {
  const root = scratch(t);
  const example = path.join(repository, "examples", "helpdesk");
  const requirements = fs.readFileSync(path.join(example, "profiles", "full.txt"), "utf8");
  fs.mkdirSync(path.join(root, "backend"));
  fs.writeFileSync(path.join(root, "backend", "requirements.txt"), requirements);
  const configuration = {
    projects: [{ path: "backend", exposure: "public", python: "3.11" }],
    policy: { profile: "severity-only", cooldownDays: 0 },
    advisories: [path.join(example, "advisories.jsonl")],
  };
  fs.writeFileSync(path.join(root, "redress.yaml"), stringify(configuration));
  const ran = await redress(["plan", "--json", "--as-of", "2025-10-13", ...more], { cwd: root });
  assert.equal(ran.stdout.startsWith("{"), true, ran.stderr);
  return { code: ran.code, plan: JSON.parse(ran.stdout) as Plan };
}

const outcomes = ({ requests = [] }: Plan): string[] =>
  requests.map((one) => [one.package, one.to, one.state, one.detail, ...one.conflicts].join(" | "));

const withoutUv = (await findPrograms()).uv === undefined && "uv is missing";

test(
  "the hand-written targets leave findings, each with the version that has none",
  { skip: withoutUv },
  async (t) => {
    const { code, plan } = await planFor(t, "--package", ...targets);
    assert.equal(code, 1);
    assert.deepEqual(outcomes(plan), [
      "django | 4.2.24 | planned | clears 19 of 21 findings, leaves 2",
      "transformers | 4.52.1 | planned | clears 13 of 17 findings, leaves 4",
      "torch | 2.8.0 | planned | clears 5 of 5 findings, leaves 0",
      "pillow | 10.3.0 | planned | clears 2 of 2 findings, leaves 0",
      "gunicorn | 23.0.0 | planned | clears 2 of 2 findings, leaves 0",
      "requests | 2.32.4 | planned | clears 2 of 2 findings, leaves 0",
    ]);
    const said = plan.unfixed
      .map(({ detail }) => detail)
      .filter((detail) => detail.includes("is free of it"));
    assert.deepEqual(said.map((detail) => detail.split(",")[0]).sort(), [
      ...Array<string>(2).fill("django 4.2.25 is free of it"),
      ...Array<string>(4).fill("transformers 4.53.0 is free of it"),
    ]);
  },
);

test(
  "with everything else left as it is, there is no way to some of them",
  { skip: withoutUv },
  async (t) => {
    const { code, plan } = await planFor(t, "--alone", "--package", ...targets);
    assert.equal(code, 1);
    const impossible = outcomes(plan).filter((one) => one.includes("impossible"));
    assert.deepEqual(
      impossible.map((one) => one.split(" | ").at(-1)),
      [
        "transformers 4.52.1 requires safetensors>=0.4.3, and safetensors stays at 0.4.0",
        "torch 2.8.0 requires triton==3.4.0, and triton stays at 2.1.0",
      ],
    );
  },
);

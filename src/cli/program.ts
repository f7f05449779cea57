import { Command, CommanderError, Option } from "commander";
import { Failure } from "../model/index.ts";
import { endAll } from "../system/index.ts";
import type { CommonOptions, LookOptions } from "./setting.ts";
import { toolVersion } from "./version.ts";

/** What a command gives back: the process' exit code (`docs/interface.md`). */
export type Exit = 0 | 1 | 2 | 3 | 4 | 5;

/** A command's module: loaded only when it is called. */
interface Run<O> {
  run(positionals: readonly string[], options: O, signal: AbortSignal): Promise<Exit>;
}

const collect = (value: string, before: readonly string[] | undefined): string[] => [
  ...(before ?? []),
  value,
];
const numbers = (value: string, before: readonly number[] | undefined): number[] => {
  const number = Number(value);
  if (!Number.isInteger(number) || number < 1)
    throw new Failure("usage", `--phase ${value} is not the number of a phase`);
  return [...(before ?? []), number];
};

/** The flags that every command takes. */
function common(command: Command): Command {
  return command
    .option("--json", "print the result as JSON and nothing else")
    .option("-q, --quiet", "print the result only, no progress")
    .option("--no-color", "no colours (also with NO_COLOR, and when not on a terminal)")
    .option("--config <file>", "configuration, instead of redress.yaml at the root");
}

/** The flags of commands that look at a tree. */
function looking(command: Command): Command {
  return common(command)
    .option(
      "--advisories <source>",
      "where advisories come from: a file or folder of OSV records, an OSV export zip, osv, npm or pypi (repeatable)",
      collect,
    )
    .option("--kev <place>", "CISA's catalogue of exploited vulnerabilities: a file or an address")
    .option("--epss <place>", "FIRST's exploitation probabilities: a file or an address")
    .option("--as-of <date>", "judge by what was published by then")
    .option("--production", "leave out dependencies for development only")
    .option("--offline", "ask no network: caches and files only");
}

const failOn = (command: Command): Command =>
  command.option(
    "--fail-on <expr>",
    'exit with 1 on this instead of the criteria: none, any, high, "high<2,medium<5"',
  );

function examples(command: Command, lines: readonly string[]): Command {
  return command.addHelpText(
    "after",
    `\nExamples:\n${lines.map((line) => `  $ redress ${line}`).join("\n")}\n`,
  );
}

/** Builds the command line; `invoke` is called with the module of the command that was chosen. */
export function buildProgram(
  invoke: <O>(load: () => Promise<Run<O>>, positionals: readonly string[], options: O) => Promise<void>,
): Command {
  const program = new Command("redress")
    .description(
      "Finds, plans, rehearses, applies and proves security upgrades of Python and Node dependencies.",
    )
    .version(toolVersion(), "-V, --version")
    .showHelpAfterError("(see redress --help)")
    .exitOverride();
  const action =
    <O>(load: () => Promise<Run<O>>) =>
    async (...args: unknown[]): Promise<void> => {
      const options = args.at(-2) as O;
      const positionals = args
        .slice(0, -2)
        .flat()
        .filter((value) => typeof value === "string");
      await invoke(load, positionals, options);
    };

  examples(
    common(
      program
        .command("init")
        .argument("[path]")
        .description("look at the project and write a commented redress.yaml"),
    ),
    ["init", "init services/api"],
  ).action(action<CommonOptions>(() => import("./commands/init.ts")));

  examples(
    failOn(looking(program.command("scan").argument("[path...]")))
      .description("list findings with tiers and deadlines")
      .addOption(new Option("--by <form>", "how to list").choices(["package", "finding"]).default("package")),
    [
      "scan",
      "scan requirements.txt --advisories osv.jsonl",
      "scan . --as-of 2025-09-02 --json",
      "scan --fail-on high",
    ],
  ).action(action<LookOptions & { by: "package" | "finding" }>(() => import("./commands/scan.ts")));

  const planning = (command: Command): Command =>
    looking(command)
      .addOption(
        new Option(
          "--profile <name>",
          "safe: no major moves of direct runtime dependencies; full: as policy allows",
        ).choices(["safe", "full"]),
      )
      .option(
        "--package <name...>",
        "only these packages, and what they force; NAME@VERSION: to no other version",
      )
      .option("--alone", "with --package: nothing else that is there may move");
  examples(
    planning(program.command("plan").argument("[path]"))
      .description("work out the best set of upgrades and have the package manager accept it")
      .option("--out <file>", "where the plan is written (default: .redress/plans/ID.json)"),
    ["plan", "plan --profile safe --out plan.json", "plan --package lxml requests@2.32.4 --alone"],
  ).action(action<LookOptions>(() => import("./commands/plan.ts")));

  const sealing = (command: Command): Command =>
    command.option("--signing-key <file>", "private key to seal the evidence with, instead of your own");
  const applying = (command: Command): Command =>
    sealing(command)
      .option("--phase <n>", "only up to this phase (repeatable: the highest counts)", numbers)
      .option("--dry-run", "stop after the rehearsal")
      .option("--files-only", "change manifests and lockfiles alone")
      .option("-y, --yes", "do not ask before the project is touched")
      .option("--outside-window <reason>", "go on outside the maintenance windows; the reason is recorded")
      .option("--no-commands", "execute nothing that redress.yaml names: tests, gates, stages, migrations")
      .option(
        "--without <gate...>",
        'do not ask a gate, e.g. performance or "command: build"; the record says so',
      );
  examples(
    applying(
      looking(
        program.command("apply").argument("[plan]", "plan file (default: the newest in .redress/plans)"),
      ),
    ).description("rehearse a plan, promote it under backup, and check the result"),
    ["apply --dry-run", "apply plan.json --phase 1 --yes"],
  ).action(action<LookOptions>(() => import("./commands/apply.ts")));

  examples(
    applying(planning(failOn(program.command("fix").argument("[path]")))).description(
      "scan, plan, apply and report in one, unattended",
    ),
    ["fix --advisories osv.jsonl", "fix --profile safe --files-only"],
  ).action(action<LookOptions>(() => import("./commands/fix.ts")));

  examples(
    sealing(common(program.command("rollback").argument("[run]", "default: the newest run")))
      .description("put the project back to before a run or phase, checked byte for byte")
      .option("--phase <n>", "back to before this phase", numbers)
      .option("--force", "also where files were edited since; a copy of them is kept")
      .option("--restore-databases", "put the backups of databases that cannot be migrated back in place"),
    ["rollback", "rollback run-20250902-161000 --phase 2"],
  ).action(action<CommonOptions>(() => import("./commands/rollback.ts")));

  examples(
    sealing(looking(program.command("resume").argument("[run]")))
      .description("after a crash: finish or undo what was going on, and say which; after an approval: go on")
      .option("--outside-window <reason>", "go on outside the maintenance windows; the reason is recorded")
      .option("--restore-databases", "put the backups of databases that cannot be migrated back in place"),
    ["resume"],
  ).action(action<LookOptions>(() => import("./commands/resume.ts")));

  examples(
    sealing(common(program.command("approve").argument("[run]", "default: the newest run that waits")))
      .description("say yes to what a run waits for; redress resume then goes on")
      .requiredOption("--by <name>", "who says so")
      .option("--reason <text>", "why"),
    ['approve run-20250902-161000 --by "J. Doe" --reason "seen in staging"'],
  ).action(action<CommonOptions>(() => import("./commands/approve.ts")));

  examples(
    failOn(looking(program.command("status").argument("[path]"))).description(
      "runs, open findings, deadlines near and passed",
    ),
    ["status", "status --json"],
  ).action(action<LookOptions>(() => import("./commands/status.ts")));

  examples(
    looking(
      program
        .command("report")
        .argument("[what]", "run id, plan file or path (default: the newest run, else the project)"),
    )
      .description("write documents: the plan, the update summary, the state of things")
      .option(
        "--format <names>",
        "md, html, pdf, json, sarif, cyclonedx, openvex, csaf, spdx, junit, github, gitlab (comma-separated)",
        "md,html,json",
      )
      .option("--history", "what all scans and runs kept here add up to (md, html, pdf, json)")
      .option("--compare <runs...>", "two runs side by side (md, html, pdf, json)")
      .option("--out <folder>", "where they are written"),
    [
      "report",
      "report . --format sarif,cyclonedx --out reports",
      "report .redress/plans/plan-0123456789.json --format pdf",
      "report --history --format html",
    ],
  ).action(action<LookOptions>(() => import("./commands/report.ts")));

  examples(
    common(program.command("verify").argument("[run]", "run, or a folder with a copy of one's evidence"))
      .description("check a run's evidence offline: signature, digests, journal; names the first thing wrong")
      .option(
        "--key <file>",
        "believe this public key only (repeatable; default: your own and those you trust)",
        collect,
      ),
    ["verify", "verify run-20250902-161000", "verify /mnt/audit/run-20250902-161000 --key public-key.pem"],
  ).action(action<CommonOptions>(() => import("./commands/verify.ts")));

  examples(
    common(
      program
        .command("bundle")
        .argument("[run]", "default: the newest run")
        .description("one archive of a run for an auditor, with how to check it without Redress"),
    )
      .option("--format <names>", "documents to put in (comma-separated)", "md,html,pdf,json")
      .option("--out <file>", "where it is written (default: .redress/reports/RUN.tar.gz)"),
    ["bundle", "bundle run-20250902-161000 --out audit.tar.gz"],
  ).action(action<CommonOptions & { format: string }>(() => import("./commands/bundle.ts")));

  examples(
    common(
      program
        .command("keys")
        .argument("[action]", "show, make, export, trust or rotate", "show")
        .argument("[file]", "export: where to; trust: whose public key"),
    ).description("the key that evidence is signed with, and those that are believed"),
    ["keys", "keys make", "keys export redress-public-key.pem", "keys trust colleague.pem"],
  ).action(action<CommonOptions>(() => import("./commands/keys.ts")));

  examples(
    common(program.command("prune").argument("[path]"))
      .description("list the records of runs that the rule of retention lets go; nothing goes by itself")
      .option("-y, --yes", "remove them, each written down in .redress/pruned.jsonl"),
    ["prune", "prune --yes"],
  ).action(action<CommonOptions>(() => import("./commands/prune.ts")));

  examples(
    looking(
      program
        .command("explain")
        .argument("<subject>", "finding id, advisory id or package")
        .argument("[path]"),
    )
      .description("why it is here, why this tier and date, why this target")
      .option("--run <run>", "what the record of a run says of it, for auditors"),
    ["explain urllib3", "explain GHSA-34jh-p97f-mpxf", "explain RF-1a2b3c4d5e --run run-20250902-161000"],
  ).action(action<LookOptions>(() => import("./commands/explain.ts")));

  examples(
    looking(
      program
        .command("waive")
        .argument("<finding>", "finding id, ADVISORY or ADVISORY:PACKAGE")
        .argument("[path]"),
    )
      .description("record a decision not to fix a finding by its deadline")
      .requiredOption("--reason <text>")
      .requiredOption("--justification <vex>", "e.g. code_not_reachable, requires_configuration")
      .requiredOption("--by <person>")
      .requiredOption("--expires <date>"),
    [
      'waive RF-1a2b3c4d5e --reason "not exposed" --justification code_not_reachable --by "J. Doe" --expires 2026-12-31',
    ],
  ).action(action<LookOptions>(() => import("./commands/waive.ts")));

  examples(
    common(program.command("health").argument("[path]"))
      .description("outdated, deprecated, yanked and unmaintained dependencies, as their index tells")
      .option("--all", "transitive dependencies as well")
      .option("--production", "leave out dependencies for development only")
      .option("--offline", "ask no network: what is cached only"),
    ["health", "health services/api --all --json"],
  ).action(action<LookOptions>(() => import("./commands/health.ts")));

  const advisories = program.command("advisories").description("the advisory index");
  examples(looking(advisories.command("info")).description("what is in the index, and how old"), [
    "advisories info",
  ]).action(action<LookOptions>(() => import("./commands/advisories-info.ts")));
  examples(looking(advisories.command("update")).description("fetch the advisory exports"), [
    "advisories update",
  ]).action(action<LookOptions>(() => import("./commands/advisories-update.ts")));
  return program;
}

/** The exit code that a failure stands for. */
export function exitOf(failure: Failure): Exit {
  switch (failure.code) {
    case "usage":
    case "config":
      return 2;
    case "unreadable":
    case "unavailable":
      return 3;
    default:
      return 5;
  }
}

/** Runs the command line; gives the exit code and never throws. */
export async function main(argv: readonly string[]): Promise<number> {
  const controller = new AbortController();
  const stop = (): void => {
    if (controller.signal.aborted) {
      endAll();
      process.exit(130);
    }
    controller.abort(new Failure("cancelled", "stopped by the user"));
  };
  process.on("SIGINT", stop).on("SIGTERM", stop);
  // A reader like `head` that has seen enough is no error.
  process.stdout.on("error", (error: NodeJS.ErrnoException) => {
    if (error.code === "EPIPE") process.exit(0);
    throw error;
  });
  let exit: number = 0;
  const program = buildProgram(async (load, positionals, options) => {
    exit = await (await load()).run(positionals, options, controller.signal);
  });
  try {
    await program.parseAsync(argv, { from: "user" });
    return exit;
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : 2;
    return printFailure(error, argv.includes("--json"));
  }
}

function printFailure(error: unknown, asJson: boolean): number {
  const failure =
    error instanceof Failure
      ? error
      : new Failure(
          "internal",
          error instanceof Error ? (error.stack ?? error.message) : String(error),
          "This is a defect of Redress: please report it.",
        );
  const exit = exitOf(failure);
  if (asJson)
    process.stdout.write(
      `${JSON.stringify({ schemaVersion: 1, error: { code: failure.code, message: failure.message, hint: failure.hint }, exit }, null, 2)}\n`,
    );
  process.stderr.write(`redress: ${failure.message}\n${failure.hint === "" ? "" : `${failure.hint}\n`}`);
  return exit;
}

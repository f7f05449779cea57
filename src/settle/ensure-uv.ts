import path from "node:path";
import { Failure } from "../model/index.ts";
import { execute, findPrograms, toolsFolder, type Programs } from "../system/index.ts";
import { shorten } from "./uv-refusals.ts";

const hint = "Install uv by hand, or go on without it: pip is used then, which confirms less.";

/**
 * The same programs with uv: where the machine has none, it is installed by pip, from the user's own package index
 * and as a wheel, into Redress' tools environment.
 * @throws {Failure} `tool` when there is no Python, or the environment or uv cannot be installed.
 */
export async function ensureUv(
  programs: Programs,
  environment: NodeJS.ProcessEnv = process.env,
  signal?: AbortSignal,
): Promise<Programs & { readonly uv: string }> {
  if (programs.uv !== undefined) return { ...programs, uv: programs.uv };
  const { python } = programs;
  if (python === undefined)
    throw new Failure("tool", "uv is not installed, and there is no Python to get it with", hint);
  const folder = toolsFolder(environment);
  const options = {
    cwd: path.parse(folder).root,
    timeoutMs: 300_000,
    env: { PIP_REQUIRE_VIRTUALENV: "false", PIP_DISABLE_PIP_VERSION_CHECK: "1" },
    ...(signal === undefined ? {} : { signal }),
  };
  const steps = [
    [python, "-I", "-m", "venv", folder],
    [
      path.join(folder, "bin", "python"),
      "-I",
      "-m",
      "pip",
      "install",
      "--quiet",
      "--only-binary",
      ":all:",
      "uv",
    ],
  ];
  for (const argv of steps) {
    const run = await execute(argv, options);
    if (run.code !== 0)
      throw new Failure(
        "tool",
        `cannot install uv into ${folder}: ${shorten(run.stderr || run.stdout)}`,
        hint,
      );
  }
  const { uv } = await findPrograms(environment);
  if (uv === undefined) throw new Failure("tool", `uv was installed into ${folder} but is not there`, hint);
  return { ...programs, uv };
}

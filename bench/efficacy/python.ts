import type { Half, Subject } from "./harness.ts";
import type { Counts } from "./peers.ts";

/** Project, with its file where it is another than requirements.txt, and the Python that it is judged by. */
const projects = [
  ["vampi", "3.10"],
  ["healthchecks", "3.10"],
  ["pygoat", "3.10"],
  ["netbox", "3.10"],
  ["taiga-back", "3.10"],
  ["defectdojo", "3.10"],
  ["saleor", "3.10"],
  ["cla-backend:requirements/base.txt", "3.8"],
] as const;

function subjectOf([project, python]: readonly [string, string]): Subject {
  const name = project.replace(/:.*$/, "");
  return {
    name,
    recorded: project,
    key: name,
    folder: "python",
    timeoutSeconds: 600,
    options: ["--projects", `${project}=${python}`],
    // Release dates of mirrors cannot be trusted, and the other tools wait for nothing either.
    configuration: `projects: [{ path: ., python: "${python}" }]\npolicy: { cooldownDays: 0 }\n`,
    paths: ["requirements.txt"],
  };
}

interface Accept {
  readonly uv: boolean | null;
  readonly unsatisfiable?: boolean;
  readonly resolved?: Counts;
}

/** The Python projects; uv is to resolve what is left, and what it would install is judged as well. */
export const python: Half<Accept> = {
  kind: "python",
  subjects: projects.map(subjectOf),
  advisories: ["pypi.jsonl", "pypi-ghsa.jsonl"],
  changedTitle: "changed + added",
  acceptedTitle: "uv accepts, findings of what it would install",
  tellChanged: ({ changed, added }) => `${changed - added}+${added}`,
  tellAccepted: ({ uv, unsatisfiable, resolved }) => {
    const taken = uv === true ? "yes" : unsatisfiable === true ? "**no**" : "no verdict (build)";
    return `${taken}, ${resolved?.pairs ?? "–"}`;
  },
};

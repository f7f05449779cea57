import type { Half, Subject } from "./harness.ts";

/** Projects of the corpus; some go in only where npm lets conflicts of peers be. */
const projects = [
  "node-express-realworld",
  "full-stack-fastapi-2024/frontend",
  "saleor",
  "nodegoat",
  "nodejs-goof",
  "paperless-ngx-2022/src-ui",
  "central-ledger",
  "uptime-kuma",
  "uptime-kuma (legacy-peer-deps)",
];

function subjectOf(name: string): Subject {
  const isLegacy = name.endsWith(" (legacy-peer-deps)");
  const project = name.replace(/ \(.*$/, "");
  return {
    name,
    recorded: name,
    key: project.replaceAll("/", "__"),
    folder: isLegacy ? "npm-legacy" : "npm",
    timeoutSeconds: 1200,
    options: ["--projects", project, ...(isLegacy ? ["--legacy-peer-deps"] : [])],
    // Release dates of mirrors cannot be trusted, and the other tools wait for nothing either.
    configuration: "policy: { cooldownDays: 0 }\n",
    paths: [],
  };
}

interface Accept {
  readonly ci: boolean | null;
  readonly ci_optional_only?: boolean;
  readonly relock_moves?: number;
  readonly ls_problems?: number | null;
}

/** The npm projects; npm is to install what is left, to move nothing more and to find no problem in it. */
export const npm: Half<Accept> = {
  kind: "npm",
  subjects: projects.map(subjectOf),
  advisories: ["npm.jsonl"],
  changedTitle: "names changed",
  acceptedTitle: "npm ci, relock moves, ls problems",
  tellChanged: ({ changed }) => String(changed),
  tellAccepted: (accept) => {
    const ci =
      accept.ci === true ? "yes" : accept.ci_optional_only === true ? "yes, optional missing" : "**no**";
    return `${ci}, ${accept.relock_moves ?? "–"}, ${accept.ls_problems ?? "–"}`;
  },
};

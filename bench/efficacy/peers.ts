/** Findings by severity as the shared judge counts them. */
export interface Counts {
  readonly pairs: number;
  readonly CRITICAL: number;
  readonly HIGH: number;
  readonly MODERATE: number;
  readonly LOW: number;
  readonly UNKNOWN: number;
}

/** One tool's result on one project, of the recorded tables. */
export interface Peer {
  readonly project: string;
  readonly tool: string;
  readonly left: number;
  readonly weight: number;
  readonly breaking: number;
  readonly accepted: boolean;
}

/** The weights of `../shared/peers`: 10, 5, 2, 1, and 2 for unknown. */
export function weigh(counts: Counts): number {
  return counts.CRITICAL * 10 + counts.HIGH * 5 + counts.MODERATE * 2 + counts.LOW + counts.UNKNOWN * 2;
}

/** Reads the rows of the "All figures" tables; a heading with `legacy-peer-deps` marks that variant. */
export function readPeers(markdown: string, kind: "npm" | "Python" = "npm"): Peer[] {
  const rows: Peer[] = [];
  let suffix = "";
  const start = markdown.indexOf(`### ${kind}`, markdown.indexOf("## All figures"));
  const end = markdown.indexOf("### ", start + 1);
  for (const line of markdown.slice(start, end < 0 ? undefined : end).split("\n")) {
    if (!line.startsWith("|")) {
      if (/legacy-peer-deps/.test(line)) suffix = " (legacy-peer-deps)";
      else if (line.trim() !== "") suffix = "";
      continue;
    }
    const cells = line.split("|").map((cell) => cell.trim());
    const [, project = "", tool = "", left = "", , weight = "", , , moved = "", taken = ""] = cells;
    const breaking = /^\d+: (\d+), /.exec(moved)?.[1];
    if (breaking === undefined || !/^\d/.test(left)) continue;
    rows.push({
      project: project + suffix,
      tool: tool.replace(/ \(.*$/, ""),
      left: Number.parseInt(left, 10),
      weight: Number(weight),
      breaking: Number(breaking),
      accepted: taken.startsWith("yes"),
    });
  }
  return rows;
}

/** Of each project the accepted result that leaves the least weight, doing nothing aside. */
export function bestPeers(peers: readonly Peer[]): ReadonlyMap<string, Peer> {
  const best = new Map<string, Peer>();
  for (const one of peers) {
    if (!one.accepted || one.tool === "none") continue;
    const known = best.get(one.project);
    if (known === undefined || one.weight < known.weight) best.set(one.project, one);
  }
  return best;
}

/** Most lines that may differ before two texts are shown as one whole block replaced: bounds time and memory. */
const mostEdits = 1000;
/** Lines of context around a change, as in unified diffs everywhere. */
const context = 3;

type Edit = { readonly kind: " " | "-" | "+"; readonly line: string };

/**
 * A unified diff of two texts; `null` where there is no file. Empty for equal texts. Names stand in the headers as
 * `a/NAME` and `b/NAME`, so that `patch -p1` takes it.
 */
export function unifiedDiff(name: string, before: string | null, after: string | null): string {
  if (before === after) return "";
  const [old, now] = [linesOf(before), linesOf(after)];
  const hunks = hunksOf(editsBetween(old, now));
  return [
    `--- ${before === null ? "/dev/null" : `a/${name}`}`,
    `+++ ${after === null ? "/dev/null" : `b/${name}`}`,
    ...hunks,
    "",
  ].join("\n");
}

/** A text's lines; the mark of a last one without its end goes with it. */
function linesOf(text: string | null): string[] {
  if (text === null || text === "") return [];
  const lines = text.split("\n");
  const last = lines.pop() ?? "";
  if (last !== "") lines.push(`${last}\n\\ No newline at end of file`);
  return lines;
}

function editsBetween(old: readonly string[], now: readonly string[]): Edit[] {
  let start = 0;
  while (start < old.length && start < now.length && old[start] === now[start]) start++;
  let end = 0;
  while (
    end < old.length - start &&
    end < now.length - start &&
    old[old.length - 1 - end] === now[now.length - 1 - end]
  )
    end++;
  const same = (lines: readonly string[]): Edit[] => lines.map((line) => ({ kind: " ", line }));
  return [
    ...same(old.slice(0, start)),
    ...shortestEdits(old.slice(start, old.length - end), now.slice(start, now.length - end)),
    ...same(old.slice(old.length - end)),
  ];
}

/** Myers' greedy algorithm (An O(ND) Difference Algorithm, 1986), bounded. */
function shortestEdits(old: readonly string[], now: readonly string[]): Edit[] {
  const most = Math.min(old.length + now.length, mostEdits);
  const furthest = new Int32Array(2 * most + 3);
  const trace: Int32Array[] = [];
  for (let edits = 0; edits <= most; edits++) {
    trace.push(furthest.slice());
    for (let diagonal = -edits; diagonal <= edits; diagonal += 2) {
      let x = startOf(furthest, { diagonal, edits, most });
      while (x < old.length && x - diagonal < now.length && old[x] === now[x - diagonal]) x++;
      furthest[diagonal + most + 1] = x;
      if (x >= old.length && x - diagonal >= now.length) return walkBack(trace, old, now, most);
    }
  }
  return [
    ...old.map((line): Edit => ({ kind: "-", line })),
    ...now.map((line): Edit => ({ kind: "+", line })),
  ];
}

/** Where a path on a diagonal begins its next edit: by a line put in (from above) or taken out (from the left). */
function startOf(
  furthest: Int32Array,
  { diagonal, edits, most }: { diagonal: number; edits: number; most: number },
): number {
  const at = diagonal + most + 1;
  const [below, above] = [furthest[at - 1] ?? 0, furthest[at + 1] ?? 0];
  return diagonal === -edits || (diagonal !== edits && below < above) ? above : below + 1;
}

function walkBack(
  trace: readonly Int32Array[],
  old: readonly string[],
  now: readonly string[],
  most: number,
): Edit[] {
  const edits: Edit[] = [];
  let [x, y] = [old.length, now.length];
  for (let step = trace.length - 1; step >= 0; step--) {
    const furthest = trace[step] ?? new Int32Array();
    const diagonal = x - y;
    const at = diagonal + most + 1;
    const [below, above] = [furthest[at - 1] ?? 0, furthest[at + 1] ?? 0];
    const isInsert = diagonal === -step || (diagonal !== step && below < above);
    const fromX = step === 0 ? 0 : isInsert ? above : below;
    const fromY = step === 0 ? 0 : fromX - (isInsert ? diagonal + 1 : diagonal - 1);
    while (x > fromX && y > fromY && old[x - 1] === now[y - 1]) {
      edits.push({ kind: " ", line: old[--x] ?? "" });
      y--;
    }
    if (step === 0) break;
    if (isInsert) edits.push({ kind: "+", line: now[--y] ?? "" });
    else edits.push({ kind: "-", line: old[--x] ?? "" });
  }
  return edits.reverse();
}

function hunksOf(edits: readonly Edit[]): string[] {
  const lines: string[] = [];
  let [oldLine, newLine] = [1, 1];
  let at = 0;
  while (at < edits.length) {
    if (edits[at]?.kind === " ") {
      at++;
      oldLine++;
      newLine++;
      continue;
    }
    const begin = Math.max(0, at - context);
    let end = at;
    for (let next = at, quiet = 0; next < edits.length && quiet <= 2 * context; next++)
      if (edits[next]?.kind === " ") quiet++;
      else [quiet, end] = [0, next + 1];
    const hunk = edits.slice(begin, Math.min(edits.length, end + context));
    const [oldCount, newCount] = [
      hunk.filter((edit) => edit.kind !== "+").length,
      hunk.filter((edit) => edit.kind !== "-").length,
    ];
    const back = at - begin;
    const range = (line: number, count: number): string => `${count === 0 ? line - 1 : line},${count}`;
    lines.push(
      `@@ -${range(oldLine - back, oldCount)} +${range(newLine - back, newCount)} @@`,
      ...hunk.map(({ kind, line }) => `${kind}${line}`),
    );
    oldLine += oldCount - back;
    newLine += newCount - back;
    at = begin + hunk.length;
  }
  return lines;
}

import type { Row, Term } from "./programme.ts";

/** What a sum of terms comes to at a 0/1 point. */
export function valueOf(terms: readonly Term[], values: Uint8Array): number {
  let sum = 0;
  for (const [column, factor] of terms) sum += factor * (values[column] ?? 0);
  return sum;
}

/** Whether every row holds at a 0/1 point: the check that no answer of a solver is believed without. */
export function checkPoint(columns: number, rows: readonly Row[], values: Uint8Array): boolean {
  if (values.length !== columns || values.some((value) => value > 1)) return false;
  return rows.every(({ terms, min, max }) => {
    const value = valueOf(terms, values);
    return (min === undefined || value >= min) && (max === undefined || value <= max);
  });
}

/** `1 finding`, `2 findings`. */
export function count(number: number, one: string, many = `${one}s`): string {
  return `${number} ${number === 1 ? one : many}`;
}

/** The day of a time, in UTC: `2025-09-02`. */
export function day(time: string): string {
  return time.slice(0, 10);
}

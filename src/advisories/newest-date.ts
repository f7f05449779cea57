import type { Clock } from "../system/index.ts";

/** The newest of a source's dates that is not in the future, and how many are. */
export class NewestDate {
  private readonly nowMs: number;
  private newest: string | null = null;
  private newestMs = -Infinity;
  private ahead = 0;

  constructor(clock: Clock) {
    this.nowMs = clock().getTime();
  }

  /** Takes in a date in RFC 3339. */
  add(date: string | undefined): void {
    const ms = date === undefined ? NaN : Date.parse(date);
    if (ms > this.nowMs) this.ahead++;
    else if (date !== undefined && ms > this.newestMs) [this.newest, this.newestMs] = [date, ms];
  }

  result(): { readonly newest: string | null; readonly ahead: number } {
    return { newest: this.newest, ahead: this.ahead };
  }
}

/** Where a long act says how far it is. Implementations decide how, and whether, it is shown. */
export interface Progress {
  /** Starts a named step; the returned function ends it. */
  step(name: string): { update(detail: string): void; done(detail?: string): void };
  /** One line that stays. */
  line(text: string): void;
}

/** Says nothing. */
export const silent: Progress = {
  step: () => ({ update: () => undefined, done: () => undefined }),
  line: () => undefined,
};

/** Now, as RFC 3339 in UTC; the only clock of the product, passed where time matters. */
export type Clock = () => Date;

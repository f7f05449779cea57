/** A linear row over 0/1 columns: `min ≤ Σ factor · column ≤ max`; factors and limits are integers. */
export interface Row {
  /** Each column at most once. */
  readonly terms: readonly Term[];
  readonly min?: number;
  readonly max?: number;
}

export type Term = readonly [column: number, factor: number];

/** One part of a lexicographic objective, minimised; factors are integers. */
export interface Stage {
  readonly name: string;
  readonly terms: readonly Term[];
}

/** A lexicographic 0/1 programme: the stages are minimised in order, each then held at its value. */
export interface Programme {
  /** Number of 0/1 columns. */
  readonly columns: number;
  readonly rows: readonly Row[];
  readonly stages: readonly Stage[];
  /** A known feasible point: what is given back when the search does no better. */
  readonly start?: Uint8Array;
  /**
   * By stage, from the first on: values that are known not to be gone below while every stage before stands at its
   * own, e.g. the optimum of a relaxation. A known point that reaches one proves that stage.
   */
  readonly floors?: readonly number[];
}

export interface Solution {
  /**
   * `optimal`: every stage proven; `feasible`: a point that holds, some stage unproven; `infeasible`: proven that no
   * point exists; `unknown`: none found in time.
   */
  readonly state: "optimal" | "feasible" | "infeasible" | "unknown";
  /** 0 or 1 a column; empty when there is no point. */
  readonly values: Uint8Array;
  /** By stage, recomputed from `values`. */
  readonly stageValues: readonly number[];
  /** By stage: minimal given the values of the stages before it. */
  readonly proven: readonly boolean[];
  /** By stage: a value that nothing goes below, given the values of the stages before it. */
  readonly bounds: readonly number[];
}

export interface SolveOptions {
  readonly timeLimitMs: number;
  readonly signal?: AbortSignal;
}

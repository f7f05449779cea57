/**
 * Runs HiGHS beside the main thread: one message in is one mixed-integer programme with one objective, one message out
 * is what HiGHS says of it. Nothing here is believed by the main thread without its own check.
 */
import highsModule from "highs";
import { parentPort } from "node:worker_threads";

/** A 0/1 programme in compressed rows, as it crosses the threads. */
export interface Task {
  readonly columns: number;
  readonly cost: Float64Array;
  readonly rowMin: Float64Array;
  readonly rowMax: Float64Array;
  readonly starts: Int32Array;
  readonly indices: Int32Array;
  readonly factors: Float64Array;
  readonly timeLimitSeconds: number;
  readonly presolve: boolean;
}

/** What HiGHS says. */
export interface Answer {
  readonly status: "optimal" | "infeasible" | "stopped" | "failed";
  /** The point, as HiGHS gives it, where it has one. */
  readonly values?: Float64Array;
  /** No point is better than this. */
  readonly bound?: number;
}

// The package's types are those of its CommonJS form; what Node imports is its ES module, whose default is the loader.
const loadHighs = highsModule as unknown as typeof highsModule.default;
const highs = await loadHighs();

function answer(task: Task): Answer {
  const { columns, rowMin } = task;
  return highs.withModel((model): Answer => {
    model.options.set({
      output_flag: false,
      time_limit: task.timeLimitSeconds,
      mip_rel_gap: 0,
      mip_abs_gap: 0,
      presolve: task.presolve ? "on" : "off",
      // Starting over after the root takes longer on large programmes (`docs/benchmarks.md`, "Plan").
      mip_allow_restart: false,
      random_seed: 0,
    });
    model.passModel({
      numCols: columns,
      numRows: rowMin.length,
      colCost: task.cost,
      colLower: new Float64Array(columns),
      colUpper: new Float64Array(columns).fill(1),
      rowLower: task.rowMin,
      rowUpper: task.rowMax,
      integrality: new Int32Array(columns).fill(highs.constants.variableType.integer),
      matrix: {
        format: "csr",
        numRows: rowMin.length,
        numCols: columns,
        starts: task.starts,
        indices: task.indices,
        values: task.factors,
      },
    });
    model.run();
    const code = model.getModelStatus();
    const { modelStatus, solutionStatus } = highs.constants;
    if (code === modelStatus.infeasible || code === modelStatus.unboundedOrInfeasible)
      return { status: "infeasible" };
    const bound = Number(model.info.get("mip_dual_bound"));
    const hasPoint = Number(model.info.get("primal_solution_status")) === solutionStatus.feasible;
    return {
      status: code === modelStatus.optimal ? "optimal" : "stopped",
      ...(hasPoint ? { values: model.getSolution().colValue } : {}),
      ...(Number.isFinite(bound) ? { bound } : {}),
    };
  });
}

parentPort?.on("message", (task: Task) => {
  let said: Answer;
  try {
    said = answer(task);
  } catch {
    said = { status: "failed" };
  }
  parentPort?.postMessage(said);
});

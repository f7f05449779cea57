import type { Target } from "../../model/index.ts";
import { evaluateMarker, markerEnvironment, type MarkerEnvironment } from "../../versions/index.ts";

/** Markers (PEP 508) judged for one target; each distinct text is evaluated once. */
export class Markers {
  private readonly environment: MarkerEnvironment;
  private readonly known = new Map<string, boolean | undefined>();

  constructor(target: Target) {
    this.environment = markerEnvironment(target);
  }

  /** Whether a marker holds when these extras are asked for; `undefined` when it cannot be read. */
  holds(marker: string, extras: readonly string[] = []): boolean | undefined {
    if (extras.length > 0 && marker.includes("extra"))
      return evaluateMarker(marker, this.environment, extras);
    let holds = this.known.get(marker);
    if (holds === undefined && !this.known.has(marker)) {
      holds = evaluateMarker(marker, this.environment, []);
      this.known.set(marker, holds);
    }
    return holds;
  }
}

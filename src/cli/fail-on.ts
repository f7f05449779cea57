import { Failure, severities, type Criteria, type Severity } from "../model/index.ts";
import { readCriteria } from "./configuration/load-configuration.ts";

/**
 * `--fail-on`: `none`, `any`, a severity (it and worse), or limits like `critical<1,high<=2`.
 * @throws {Failure} `usage`
 */
export function readFailOn(expression: string): Criteria {
  const text = expression.trim();
  if (text === "none") return {};
  if (text === "any") return Object.fromEntries(severities.map((severity) => [severity, 0]));
  const place = severities.indexOf(text as Severity);
  if (place >= 0) return Object.fromEntries(severities.slice(0, place + 1).map((severity) => [severity, 0]));
  const limits: Record<string, string> = {};
  for (const part of text.split(",")) {
    const [, severity, limit] = /^\s*([a-z]+)\s*(<=?\s*\d+)\s*$/.exec(part) ?? [];
    if (severity === undefined || limit === undefined || !severities.includes(severity as Severity))
      throw new Failure(
        "usage",
        `--fail-on ${expression} is not understood`,
        'Write none, any, a severity, or limits like "high<1,medium<5".',
      );
    limits[severity] = limit;
  }
  return readCriteria(limits);
}

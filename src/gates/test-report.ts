import { mostNames, namesOf, type TestResults } from "./test-results.ts";
import { tagsOf } from "./xml.ts";

/** Reads what a test runner wrote for machines: JUnit XML, or JSON of jest, vitest, mocha and pytest-json-report. */
export function readTestReport(text: string): TestResults | undefined {
  const begin = text.trimStart();
  if (/^(?:<\?xml[^>]*>\s*)?<testsuites?[\s>/]/.test(begin)) return readJunit(begin);
  const json = begin.startsWith("{") ? parseJson(begin) : undefined;
  if (json !== undefined) return readJest(json) ?? readMocha(json) ?? readPytest(json);
  return undefined;
}

function readJunit(text: string): TestResults {
  const failed: string[] = [];
  let ran = 0;
  let open: { name: string; skipped: boolean; failed: boolean } | undefined;
  const close = (): void => {
    if (open !== undefined && !open.skipped) ran++;
    if (open?.failed === true) failed.push(open.name);
    open = undefined;
  };
  for (const { name, attributes, empty, kind } of tagsOf(text)) {
    if (name === "testcase") {
      close();
      if (kind === "end") continue;
      const parts = [attributes.get("classname"), attributes.get("name")].filter(Boolean);
      open = { name: parts.join("::"), skipped: false, failed: false };
      if (empty) close();
    } else if (open !== undefined && kind === "start") {
      if (name === "skipped") open.skipped = true;
      if (name === "failure" || name === "error") open.failed = true;
    }
  }
  return { ran, failed: namesOf(failed) };
}

type Json = Readonly<Record<string, unknown>>;

const isObject = (value: unknown): value is Json =>
  typeof value === "object" && value !== null && !Array.isArray(value);

function parseJson(text: string): Json | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return isObject(value) ? value : undefined;
  } catch {
    return undefined;
  }
}

const listOf = (value: unknown): Json[] =>
  Array.isArray(value) ? value.filter(isObject).slice(0, 100 * mostNames) : [];
const textOf = (value: unknown): string => (typeof value === "string" ? value : "");
const numberOf = (value: unknown): number => (typeof value === "number" ? value : 0);

/** `jest --json`, and vitest's reporter of the same form. */
function readJest(json: Json): TestResults | undefined {
  if (typeof json["numTotalTests"] !== "number" || !Array.isArray(json["testResults"])) return undefined;
  const suites = listOf(json["testResults"]);
  const failed = suites.flatMap((suite) => {
    const tests = listOf(suite["assertionResults"]);
    const named = tests
      .filter((one) => one["status"] === "failed")
      .map((one) => textOf(one["fullName"]) || textOf(one["title"]));
    // A file that cannot be loaded fails without a test of its own; its path differs from copy to copy.
    const broken = named.length === 0 && suite["status"] === "failed";
    return broken ? [textOf(suite["name"]).split(/[\\/]/).slice(-2).join("/")] : named;
  });
  const skipped = numberOf(json["numPendingTests"]) + numberOf(json["numTodoTests"]);
  return { ran: json["numTotalTests"] - skipped, failed: namesOf(failed) };
}

/** `mocha --reporter json`. */
function readMocha(json: Json): TestResults | undefined {
  const { stats } = json;
  if (!isObject(stats) || typeof stats["tests"] !== "number") return undefined;
  const failed = listOf(json["failures"]).map((one) => textOf(one["fullTitle"]));
  return { ran: stats["tests"] - numberOf(stats["pending"]), failed: namesOf(failed) };
}

/** pytest-json-report. */
function readPytest(json: Json): TestResults | undefined {
  const { summary } = json;
  if (!isObject(summary) || typeof summary["total"] !== "number") return undefined;
  const failed = listOf(json["tests"])
    .filter((one) => one["outcome"] === "failed" || one["outcome"] === "error")
    .map((one) => textOf(one["nodeid"]));
  return { ran: summary["total"] - numberOf(summary["skipped"]), failed: namesOf(failed) };
}

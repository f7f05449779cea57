import assert from "node:assert/strict";
import { test } from "node:test";
import { readTestReport } from "./test-report.ts";

for (const { name, text, expected } of [
  {
    name: "JUnit XML of pytest",
    text: `<?xml version="1.0" encoding="utf-8"?><testsuites><testsuite name="pytest" tests="4">
      <testcase classname="t.test_a" name="test_one" time="0.1"/>
      <testcase classname="t.test_a" name="test_&lt;two&gt;"><failure message="1 &gt; 0"><![CDATA[<testcase name="no"/>]]></failure></testcase>
      <testcase classname="t.test_a" name="test_three"><skipped/></testcase>
      <testcase classname="t.test_a" name="test_four"><error>boom</error></testcase>
    </testsuite></testsuites>`,
    expected: { ran: 3, failed: ["t.test_a::test_<two>", "t.test_a::test_four"] },
  },
  {
    name: "JUnit XML without a test",
    text: '<testsuites tests="0"></testsuites>',
    expected: { ran: 0, failed: [] },
  },
  {
    name: "jest and vitest",
    text: JSON.stringify({
      numTotalTests: 4,
      numPassedTests: 2,
      numPendingTests: 1,
      testResults: [
        {
          name: "/tmp/x/src/a.test.js",
          status: "failed",
          assertionResults: [
            { fullName: "sum adds", status: "failed" },
            { fullName: "sum subtracts", status: "passed" },
          ],
        },
        {
          name: "/tmp/x/src/b.test.js",
          status: "failed",
          message: "Cannot find module",
          assertionResults: [],
        },
      ],
    }),
    expected: { ran: 3, failed: ["src/b.test.js", "sum adds"] },
  },
  {
    name: "mocha",
    text: JSON.stringify({
      stats: { tests: 5, passes: 3, pending: 1, failures: 1 },
      failures: [{ fullTitle: "a b" }],
    }),
    expected: { ran: 4, failed: ["a b"] },
  },
  {
    name: "pytest-json-report",
    text: JSON.stringify({
      summary: { total: 3, passed: 1, failed: 1, skipped: 1 },
      tests: [
        { nodeid: "t.py::a", outcome: "failed" },
        { nodeid: "t.py::b", outcome: "passed" },
      ],
    }),
    expected: { ran: 2, failed: ["t.py::a"] },
  },
  { name: "another JSON", text: '{"a": 1}', expected: undefined },
  { name: "half a JSON", text: '{"numTotalTests": 3', expected: undefined },
  { name: "plain output", text: "2 passed in 0.1s", expected: undefined },
])
  test(name, () => {
    assert.deepEqual(readTestReport(text), expected);
  });

test("a report without end takes no time without end", () => {
  const began = performance.now();
  readTestReport(`<testsuites ${"a='".repeat(20_000)}`);
  readTestReport(`<testsuites>${'<testcase name="'.repeat(20_000)}`);
  assert.ok(performance.now() - began < 2000);
});

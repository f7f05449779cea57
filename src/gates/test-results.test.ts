import assert from "node:assert/strict";
import { test } from "node:test";
import { readTestResults } from "./test-results.ts";

for (const { name, output, ran, failed } of [
  {
    name: "pytest -q",
    output: "..F\nFAILED t/test_a.py::test_b[x] - AssertionError: no\n1 failed, 2 passed in 0.12s\n",
    ran: 3,
    failed: ["t/test_a.py::test_b[x]"],
  },
  {
    name: "pytest with a frame and an error",
    output: "ERROR t/test_c.py - ImportError\n===== 4 passed, 1 skipped, 1 error in 2.00s =====\n",
    ran: 5,
    failed: ["t/test_c.py"],
  },
  { name: "pytest that collects nothing", output: "no tests ran in 0.01s\n", ran: 0, failed: [] },
  {
    name: "unittest",
    output: "FAIL: test_x (app.Case)\nRan 3 tests in 0.1s\n\nFAILED (failures=1)\n",
    ran: 3,
    failed: ["test_x (app.Case)"],
  },
  {
    name: "node:test, spec",
    output: "✖ adds (1.2ms)\nℹ tests 4\nℹ skipped 1\n✖ failing tests:\n",
    ran: 3,
    failed: ["adds"],
  },
  {
    name: "node:test, TAP",
    output: "not ok 2 - adds\nnot ok 3 - later # TODO\n1..3\n# tests 3\n# skipped 0\n",
    ran: 3,
    failed: ["adds"],
  },
  {
    name: "jest",
    output: "  ● sum › adds\nTests:       1 failed, 5 passed, 6 total\n",
    ran: 6,
    failed: ["sum › adds"],
  },
  {
    name: "vitest in colours",
    output: "\u001b[31m FAIL  a.test.ts > adds\u001b[39m\n      Tests  1 failed | 2 passed (3)\n",
    ran: 3,
    failed: ["a.test.ts > adds"],
  },
  { name: "mocha", output: "  5 passing (10ms)\n  1 failing\n", ran: 6, failed: [] },
  { name: "npm's placeholder", output: "Error: no test specified\n", ran: 0, failed: [] },
  { name: "anything else", output: "all good\n", ran: null, failed: [] },
])
  test(name, () => {
    assert.deepEqual(readTestResults(output), { ran, failed });
  });

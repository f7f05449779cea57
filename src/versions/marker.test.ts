import assert from "node:assert/strict";
import { test } from "node:test";
import { evaluateMarker, markerEnvironment } from "./marker.ts";

const linux = markerEnvironment({ python: "3.11.7", platform: "linux-x64" });

for (const [marker, expected] of [
  ['python_version >= "3.8"', true],
  ['python_version < "3.9"', false],
  ['"3.8" <= python_version', true],
  ['python_full_version == "3.11.7"', true],
  ['python_version == "3.*"', true],
  ['python_version ~= "3.8"', true],
  ['python_version in "3.10 3.11"', true],
  ["python_version not in '3.10, 3.12'", true],
  ["sys_platform == 'win32' or os_name == 'posix'", true],
  ["sys_platform == 'win32' and os_name == 'posix' or python_version > '3'", true],
  ["sys_platform == 'win32' and (os_name == 'posix' or python_version > '3')", false],
  ["platform_machine == 'x86_64' and platform_system == 'Linux'", true],
  ["platform_python_implementation == 'CPython' and implementation_name == 'cpython'", true],
  ["python_implementation != 'PyPy' and sys.platform == 'linux'", true],
  // PEP 508: texts compare as Python compares them where either is no version.
  ["sys_platform >= 'aix'", true],
  ["platform_release >= '5.0'", false],
  ["platform_version == ''", true],
  ["extra == 'test'", false],
  ["extra != 'test'", true],
  // Unreadable
  ["", undefined],
  ["python_version", undefined],
  ["python_version >=", undefined],
  ["python_version >= 3.8", undefined],
  ["python_version => '3.8'", undefined],
  ["unknown == 'x'", undefined],
  ["'a' == 'a'", undefined],
  ["os_name ~= 'posix'", undefined],
  ["(os_name == 'posix'", undefined],
  ["os_name == 'posix')", undefined],
  ["os_name == 'posix' and", undefined],
  ["os_name not 'posix'", undefined],
  ["os_name == 'posix", undefined],
  [`${"(".repeat(5000)}os_name == 'nt'${")".repeat(5000)}`, undefined],
] as const)
  test(`${marker.slice(0, 60)} is ${String(expected)}`, () => {
    assert.equal(evaluateMarker(marker, linux), expected);
  });

test("holds for any of the extras, by their normalised names (PEP 685)", () => {
  const marker = "python_version > '3' and extra == 'Foo_Bar'";
  assert.equal(evaluateMarker(marker, linux, ["other", "foo.bar"]), true);
  assert.equal(evaluateMarker(marker, linux, ["other"]), false);
  assert.equal(evaluateMarker("os_name == 'posix'", linux, ["other"]), true);
});

test("knows the platforms by Python's names for them", () => {
  for (const [platform, expected] of [
    ["linux-arm64", ["posix", "linux", "aarch64", "Linux"]],
    ["linux-x64-musl", ["posix", "linux", "x86_64", "Linux"]],
    ["darwin-arm64", ["posix", "darwin", "arm64", "Darwin"]],
    ["win32-x64", ["nt", "win32", "AMD64", "Windows"]],
  ] as const) {
    const found = markerEnvironment({ python: "3.12.1", platform });
    assert.deepEqual(
      [found.os_name, found.sys_platform, found.platform_machine, found.platform_system],
      expected,
    );
  }
  assert.equal(linux.python_version, "3.11");
  assert.equal(linux.python_full_version, "3.11.7");
});

test("an environment's inherited properties are no variables", () => {
  assert.equal(evaluateMarker("os_name == 'posix'", {}), false);
  assert.equal(evaluateMarker("constructor == 'x'", linux), undefined);
});

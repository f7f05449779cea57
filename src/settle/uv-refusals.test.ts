import assert from "node:assert/strict";
import { test } from "node:test";
import { orderOf } from "../versions/index.ts";
import {
  isUnreachable,
  readDependents,
  readObstacles,
  readWheelless,
  shorten,
  type Chosen,
} from "./uv-refusals.ts";

const order = orderOf("PyPI");
const pins = new Map([
  ["pyasn1", "0.6.1"],
  ["pyasn1-modules", "0.2.8"],
  ["newspaper3k", "0.2.8"],
  ["tinysegmenter", "0.3"],
  ["applaunch", "0.3.0"],
  ["boto3", "1.34.100"],
  ["aiobotocore", "2.12.3"],
  ["botocore", "1.34.100"],
  ["numpy", "2.5.0"],
  ["urllib3", "99"],
]);
const chosen = (complete: boolean): Chosen => ({
  pin: (name) => pins.get(name),
  satisfies: (version, range) => order.satisfies(version, range, { prereleases: true }),
  complete,
});

// What uv 0.13.9 says, with package names changed where they do not matter.
const messages = {
  pinned:
    "error: No solution found when resolving dependencies\n  cause: Because pyasn1-modules==0.2.8 depends on pyasn1>=0.4.6,<0.5.0 and you require pyasn1-modules==0.2.8, we can conclude that you require pyasn1>=0.4.6,<0.5.0.\n         And because you require pyasn1==0.6.1, we can conclude that your requirements are unsatisfiable.",
  pair: "error: No solution found when resolving dependencies\n  cause: Because boto3==1.34.100 depends on botocore>=1.34.100,<1.35.0 and aiobotocore==2.12.3 depends on botocore>=1.34.41,<1.34.70, we can conclude that aiobotocore==2.12.3 and boto3==1.34.100 are incompatible.",
  noWheel:
    "error: No solution found when resolving dependencies\n  cause: Because tinysegmenter==0.3 has no usable wheels and newspaper3k>=0.2.8 depends on tinysegmenter==0.3, we can conclude that newspaper3k>=0.2.8 cannot be used.\n\nhint: Wheels are required for `tinysegmenter` because building from source is disabled for all packages (i.e., with `--no-build`)",
  tags: "  cause: Because numpy==2.5.0 has no wheels with a matching platform tag (e.g., `manylinux_2_36_x86_64`) and you require numpy==2.5.0, we can conclude that your requirements are unsatisfiable.",
  noVersion:
    "  cause: Because there is no version of urllib3==99 and you require urllib3==99, we can conclude that your requirements are unsatisfiable.",
  python:
    "  cause: Because the requested Python version (>=3.11.7) does not satisfy Python>=3.12 and numpy==2.5.0 depends on Python>=3.12, we can conclude that numpy==2.5.0 cannot be used.",
  absent:
    "  cause: Because all of:\n             coreservices>=5.0,<=7.3\n             coreservices>=9.1\n          have no usable wheels, we can conclude that all versions of coreservices cannot be used.\n         And because applaunch>=0.3.0 depends on coreservices and you require applaunch==0.3.0, we can conclude that your requirements are unsatisfiable.",
};

test("the obstacles that uv names", () => {
  const requirement = (from: string, fromVersion: string, name: string, range: string) => ({
    kind: "requirement",
    from,
    fromVersion,
    name,
    range,
  });
  for (const [message, complete, expected] of [
    ["pinned", false, [requirement("pyasn1-modules", "0.2.8", "pyasn1", ">=0.4.6,<0.5.0")]],
    ["pair", false, [requirement("aiobotocore", "2.12.3", "botocore", ">=1.34.41,<1.34.70")]],
    ["noWheel", false, [{ kind: "no-wheel", name: "tinysegmenter", version: "0.3" }]],
    ["tags", false, [{ kind: "no-wheel", name: "numpy", version: "2.5.0" }]],
    ["noVersion", false, [{ kind: "unavailable", name: "urllib3", version: "99" }]],
    ["python", false, [{ kind: "unavailable", name: "numpy", version: "2.5.0" }]],
    ["absent", true, [requirement("applaunch", "0.3.0", "coreservices", "")]],
    ["absent", false, []],
  ] as const)
    assert.deepEqual(readObstacles(messages[message], chosen(complete)), expected, message);
  assert.deepEqual(readDependents(messages.absent, chosen(false)), ["applaunch"]);
});

test("messages are short, on one line and without secrets", () => {
  assert.equal(
    shorten(messages.noVersion),
    "Because there is no version of urllib3==99 and you require urllib3==99, we can conclude that your requirements are unsatisfiable.",
  );
  assert.doesNotMatch(shorten(messages.noWheel), /hint|--no-build|\n/);
  assert.equal(
    shorten("error: Failed to fetch: https://me:secret@x.example/s/"),
    "Failed to fetch: https://x.example/s/",
  );
  assert.equal(shorten("x".repeat(5000)).length, 598);
});

test("an index that cannot be reached is told apart from a refusal", () => {
  const down =
    "error: Request failed after 3 retries in 6.5s\n  cause: Failed to fetch: http://127.0.0.1:9/simple/a/\n  cause: tcp connect error";
  assert.equal(isUnreachable(down), true);
  for (const message of Object.values(messages)) assert.equal(isUnreachable(message), false);
});

test("hostile messages take time in proportion to their length", () => {
  for (const unit of ["a", "a==", "a>=1,", "-._", "a-", " depends on ", "a==1 depends on "]) {
    const started = performance.now();
    readObstacles(unit.repeat(200_000 / unit.length), chosen(true));
    assert.ok(performance.now() - started < 1500, `${unit} took too long`);
  }
});

test("packages without usable wheels of which no version is fixed, in a project that is not complete", () => {
  const open =
    "cause: Because django-allauth>=65.13.0,<=65.19.7 depends on django>=4.2.16 and django-allauth<=65.12.1 has no usable wheels, we can conclude that it cannot be used. And because all versions of php-wsgi have no usable wheels and pyasn1==0.6.1 has no usable wheels.";
  assert.deepEqual(readWheelless(open, chosen(false)), ["django-allauth", "php-wsgi"]);
  assert.deepEqual(readWheelless(open, chosen(true)), []);
});

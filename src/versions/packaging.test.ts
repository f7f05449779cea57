import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import { askPackaging, markers, pythonVersions, specifierSets } from "../../test/support/packaging.ts";
import { evaluateMarker, markerEnvironment, orderOf, wheelFits } from "./index.ts";

const seed = 20250902;
const sample = <T>(arbitrary: fc.Arbitrary<T>, numRuns: number): T[] =>
  fc.sample(arbitrary, { seed, numRuns });

const environment = markerEnvironment({ python: "3.11.7", platform: "linux-x64" });
const platforms = ["manylinux_2_17_x86_64", "manylinux2014_x86_64", "linux_x86_64"];
const questions = {
  pairs: sample(fc.tuple(pythonVersions, pythonVersions), 2000),
  specifiers: sample(fc.tuple(pythonVersions, specifierSets), 6000),
  markers: sample(fc.tuple(markers, fc.constantFrom("", "test", "dev")), 2000).map(([marker, extra]) => ({
    marker,
    environment: { ...environment, extra },
  })),
  tags: [6, 7, 8, 9, 10, 11, 12, 13].map((minor) => ({
    minor,
    abi: `cp3${minor}${minor < 8 ? "m" : ""}`,
    platforms,
  })),
};
const answers = askPackaging(questions);
const skip = typeof answers === "string" ? answers : false;
const given = typeof answers === "string" ? undefined : answers;
const order = orderOf("PyPI");

/**
 * What older releases of `packaging` judge otherwise than its newest and PEP 440: prefixes longer than the version,
 * and which pre-, post and local releases of a version its strict bounds shut out.
 */
function isUnsettled(set: string): boolean {
  return (given?.version[0] ?? 0) < 26 && /\.\*|~=|[<>](?!=)/.test(set);
}

describe("agrees with Python's packaging", { skip }, () => {
  it("on the order of versions", () => {
    for (const [index, [a, b]] of questions.pairs.entries())
      assert.equal(Math.sign(order.compare(a, b)), given?.pairs[index], `${a} ? ${b}`);
  });

  it("on specifier sets, with and without pre-releases", () => {
    const wrong: string[] = [];
    let judged = 0;
    for (const [index, [version, set]] of questions.specifiers.entries()) {
      if (isUnsettled(set)) continue;
      judged++;
      const [withAll, byRule] = given?.specifiers[index] ?? [];
      const ownRule = (given?.version[0] ?? 0) >= 26;
      if (order.satisfies(version, set, { prereleases: true }) !== withAll)
        wrong.push(`${version} in ${set}`);
      if (ownRule && order.satisfies(version, set) !== byRule)
        wrong.push(`${version} in ${set}, by its own rule`);
    }
    assert.deepEqual(wrong, []);
    assert.ok(judged > 1000, `${judged} judged`);
  });

  it("on markers", () => {
    const wrong: string[] = [];
    for (const [index, { marker, environment: values }] of questions.markers.entries()) {
      const expected = given?.markers[index] ?? undefined;
      const found = evaluateMarker(marker, environment, values.extra === "" ? [] : [values.extra]);
      if (found !== expected)
        wrong.push(`${marker} with ${values.extra}: ${String(found)}, not ${String(expected)}`);
    }
    assert.deepEqual(wrong, []);
  });

  it("on the tags of wheels", () => {
    for (const [index, { minor }] of questions.tags.entries()) {
      const fitting = new Set(given?.tags[index]);
      for (const python of [
        "py2",
        "py3",
        "py36",
        "py38",
        "py311",
        "py314",
        "cp3",
        "cp36",
        "cp37",
        "cp311",
        "cp312",
        "pp311",
      ])
        for (const abi of ["none", "abi3", "cp37m", "cp37", "cp311", "cp312", "cp311d", "cp313t"])
          for (const platform of [...platforms, "any", "win32", "manylinux_2_17_aarch64"]) {
            const tag = `${python}-${abi}-${platform}`;
            const target = { python: `3.${minor}.1`, platform: "linux-x64" };
            assert.equal(wheelFits(`a-1.0-${tag}.whl`, target), fitting.has(tag), `${tag} on 3.${minor}`);
          }
    }
  });
});

import assert from "node:assert/strict";
import { test } from "node:test";
import cvss from "ae-cvss-calculator";
import { cvss3BaseScore } from "./cvss3.ts";

const metrics = ["AV:NALP", "AC:LH", "PR:NLH", "UI:NR", "S:UC", "C:NLH", "I:NLH", "A:NLH"];

/** Every combination of the base metrics. */
const vectors = metrics.reduce<string[]>(
  (all, metric) => {
    const [name = "", values = ""] = metric.split(":");
    return all.flatMap((vector) => values.split(/(?=.)/).map((value) => `${vector}/${name}:${value}`));
  },
  [""],
);

test(`all ${vectors.length} base vectors of CVSS 3.1 and 3.0 score as the reference does`, () => {
  assert.equal(vectors.length, 2592);
  const wrong: string[] = [];
  for (const vector of vectors) {
    const [newer, older] = [`CVSS:3.1${vector}`, `CVSS:3.0${vector}`];
    if (cvss3BaseScore(newer) !== new cvss.Cvss3P1(newer).calculateScores().base) wrong.push(newer);
    if (cvss3BaseScore(older) !== new cvss.Cvss3P0(older).calculateScores().base) wrong.push(older);
  }
  assert.deepEqual(wrong, []);
});

for (const vector of [
  "",
  "CVSS:3.1/AV:N",
  "CVSS:3.2/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H",
  "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H/E:P",
  "CVSS:3.1/AC:L/AV:N/PR:N/UI:N/S:U/C:H/I:H/A:H",
  "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:C",
])
  test(`${vector || "nothing"} is left to others`, () => {
    assert.equal(cvss3BaseScore(vector), undefined);
  });

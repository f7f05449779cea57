import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import path from "node:path";
import { describe, it } from "node:test";
import { Ajv2020 } from "ajv/dist/2020.js";
import { makeSchemas } from "../scripts/schemas.ts";
import { runEvidence } from "./support/evidence.ts";

const folder = path.join(import.meta.dirname, "..", "schemas");
const made = new Map(makeSchemas());

describe("schemas", () => {
  for (const [name, text] of made)
    it(`${name} is current (node scripts/schemas.ts writes it)`, () => {
      assert.equal(readFileSync(path.join(folder, name), "utf8"), text);
    });

  const { before, plan, run } = runEvidence();
  for (const [name, value] of Object.entries({ scan: before, plan, run }))
    it(`${name} takes what is printed and refuses what is not`, () => {
      const validate = new Ajv2020({ strict: false }).compile(
        JSON.parse(made.get(`${name}.schema.json`) ?? "") as object,
      );
      assert.ok(validate(value), JSON.stringify(validate.errors));
      assert.ok(!validate({ ...value, schemaVersion: 2 }));
      assert.ok(!validate({}));
    });
});

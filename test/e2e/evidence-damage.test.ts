/** Nothing of a small run's evidence can be changed unnoticed: not one byte, not one line. */
import assert from "node:assert/strict";
import { before, it } from "node:test";
import { evidenceFolder, sealEvidence, verifyEvidence, type Verification } from "../../src/seal/index.ts";
import { makeSigner, memoryFiles, redactions, runMaterial, type Memory } from "../support/sealed.ts";

const runFolder = "/runs/run-20250902-161100";
const folder = evidenceFolder(runFolder);
const signer = makeSigner();
const trusted = new Map([[signer.keyId, signer.publicKey]]);
const sealed = memoryFiles();
const check = (files: Memory): Promise<Verification> => verifyEvidence({ folder, trusted, files });

before(async () => {
  await sealEvidence({ runFolder, material: runMaterial(), redactions, signer, files: sealed });
});

/** A copy of the sealed run with one file's text replaced. */
function withText(file: string, text: string): Memory {
  const copy = memoryFiles();
  for (const [name, bytes] of sealed.contents) copy.contents.set(name, bytes);
  copy.contents.set(file, Buffer.from(text));
  return copy;
}

it("finds every single changed byte of every file", async () => {
  let bytes = 0;
  for (const [file, content] of sealed.contents)
    for (let index = 0; index < content.byteLength; index++) {
      content[index] = (content[index] ?? 0) ^ (1 << (index % 8));
      const found = await check(sealed);
      content[index] = (content[index] ?? 0) ^ (1 << (index % 8));
      assert.ok(!found.intact, `${file}, byte ${index}`);
      bytes++;
    }
  assert.ok(bytes > 5000, String(bytes));
  assert.ok((await check(sealed)).intact);
});

it("finds every dropped, doubled and swapped line of every file", async () => {
  for (const [file, content] of sealed.contents) {
    const lines = content.toString().split("\n");
    for (const [index, line] of lines.entries()) {
      const without = lines.toSpliced(index, 1).join("\n");
      const doubled = lines.toSpliced(index, 0, line).join("\n");
      const swapped = lines.toSpliced(index, 2, lines[index + 1] ?? "", line).join("\n");
      for (const text of [without, doubled, swapped]) {
        if (text === content.toString()) continue;
        const found = await check(withText(file, text));
        assert.ok(!found.intact, `${file}:${index + 1}`);
      }
    }
  }
});

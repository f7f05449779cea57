import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import * as fs from "node:fs";
import path from "node:path";
import { before, describe, it, type TestContext } from "node:test";
import { scratch } from "../../test/support/redress.ts";
import { makeSigner, memoryFiles, redactions, runMaterial } from "../../test/support/sealed.ts";
import { evidenceFolder, makeBundle, publicPem, readSealed, sealEvidence } from "./index.ts";

const runFolder = "/runs/run-20250902-161100";
const signer = makeSigner();
let archive: Buffer;

async function bundleOf(): Promise<Buffer> {
  const files = memoryFiles();
  await sealEvidence({ runFolder, material: runMaterial(), redactions, signer, files });
  const evidence = await readSealed(evidenceFolder(runFolder), files);
  assert.equal(evidence.state, "whole");
  return makeBundle({
    evidence,
    documents: new Map([["summary.md", Buffer.from("# Summary\n")]]),
    publicKey: publicPem(signer.publicKey),
  });
}

before(async () => {
  archive = await bundleOf();
});

/** `false`, or what the machine has not. */
const missing = ["tar", "sha256sum", "openssl", "sed"].find(
  (name) => spawnSync(name, ["--version"]).error !== undefined,
);
const skip = missing === undefined ? false : `${missing} is not on this machine`;

/** The archive unpacked by tar, and the commands that its README gives. */
function unpack(t: TestContext): { folder: string; commands: string } {
  const folder = scratch(t);
  fs.writeFileSync(path.join(folder, "x.tar.gz"), archive);
  const tar = spawnSync("tar", ["xzf", "x.tar.gz"], { cwd: folder });
  assert.equal(tar.status, 0, String(tar.stderr));
  const below = path.join(folder, "run-20250902-161100");
  const readme = fs.readFileSync(path.join(below, "README.md"), "utf8");
  const commands = [...readme.matchAll(/```sh\n([\s\S]*?)```/g)].map(([, block]) => block ?? "").join("\n");
  assert.ok(commands.includes("openssl pkeyutl") && commands.includes("sha256sum"));
  return { folder: below, commands };
}

const check = (folder: string, commands: string) =>
  spawnSync("sh", ["-e", "-c", commands], { cwd: folder, encoding: "utf8" });

/** Writes the list of digests of the archive anew, as whoever makes a false one would. */
function relist(folder: string): void {
  const list =
    "find . -type f ! -name SHA256SUMS -o -path './evidence/SHA256SUMS' | sort | xargs sha256sum > SHA256SUMS";
  assert.equal(spawnSync("sh", ["-c", list], { cwd: folder }).status, 0);
}

describe("makeBundle", { skip }, () => {
  it("gives the same bytes again", async () => {
    assert.ok(archive.equals(await bundleOf()));
  });

  it("is checked by its README's own commands, with sha256sum and openssl alone", (t) => {
    const { folder, commands } = unpack(t);
    const ran = check(folder, commands);
    assert.equal(ran.status, 0, ran.stderr);
    assert.match(ran.stdout, /Signature Verified Successfully/);
    assert.match(ran.stdout, new RegExp(signer.keyId));
  });

  const edit = (name: string, change: (text: string) => string) => (folder: string) => {
    const file = path.join(folder, name);
    fs.writeFileSync(file, change(fs.readFileSync(file, "utf8")));
  };
  const falsifications: Readonly<Record<string, (folder: string) => void>> = {
    "a changed verdict": edit("evidence/gates.json", (text) => text.replace('"pass"', '"fail"')),
    "a changed verdict with the evidence's list made anew": (folder) => {
      falsifications["a changed verdict"]?.(folder);
      const list =
        "cd evidence && find . -type f ! -name SHA256SUMS ! -name checkpoint.dsse.json | sed 's|^./||' | sort | xargs sha256sum > SHA256SUMS";
      spawnSync("sh", ["-c", list], { cwd: folder });
    },
    "a journal cut short": edit(
      "evidence/journal.jsonl",
      (text) => text.split("\n").slice(0, 3).join("\n") + "\n",
    ),
    "an added output": (folder) => {
      fs.writeFileSync(path.join(folder, "evidence", "outputs", "more.txt"), "all is well\n");
    },
    "a removed plan": (folder) => {
      fs.rmSync(path.join(folder, "evidence", "plan.json"));
    },
    "another key": (folder) => {
      fs.writeFileSync(path.join(folder, "public-key.pem"), publicPem(makeSigner().publicKey));
    },
    "a changed statement": edit("evidence/checkpoint.dsse.json", (text) =>
      text.replace(/"payload": "(.*)"/, (_, payload: string) => {
        const statement = Buffer.from(payload, "base64")
          .toString()
          .replace('"state":"done"', '"state":"fine"');
        return `"payload": "${Buffer.from(statement).toString("base64")}"`;
      }),
    ),
  };
  for (const [name, falsify] of Object.entries(falsifications))
    it(`${name} is found by them, though the archive's own list fits`, (t) => {
      const { folder, commands } = unpack(t);
      falsify(folder);
      relist(folder);
      assert.notEqual(check(folder, commands).status, 0);
    });
});

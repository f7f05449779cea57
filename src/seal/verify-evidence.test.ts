import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import path from "node:path";
import { before, describe, it } from "node:test";
import {
  chainOf,
  filesBelow,
  indexHost,
  makeSigner,
  memoryFiles,
  projectRoot,
  redactions,
  runEvents,
  runMaterial,
  type Memory,
} from "../../test/support/sealed.ts";
import { checkpointName, evidenceFolder, sealEvidence, verifyEvidence, type Verification } from "./index.ts";

const runFolder = "/runs/run-20250902-161100";
const folder = evidenceFolder(runFolder);
const signer = makeSigner();
const trusted = new Map([[signer.keyId, signer.publicKey]]);
const sealing = (files: Memory, material = runMaterial(), by = signer) =>
  sealEvidence({ runFolder, material, redactions, signer: by, files });
const check = (files: Memory, more: { journal?: string } = {}): Promise<Verification> =>
  verifyEvidence({ folder, trusted, files, ...more });

let sealed: Memory;
before(async () => {
  sealed = memoryFiles();
  await sealing(sealed);
});

/** A copy of the sealed run with something done to it. */
function changed(change: (files: Memory) => unknown): Memory {
  const copy = memoryFiles();
  for (const [file, bytes] of sealed.contents) copy.contents.set(file, Buffer.from(bytes));
  change(copy);
  return copy;
}

const at = (name: string): string => path.join(folder, name);

describe("verifyEvidence", () => {
  it("finds an untouched run intact, with what its checkpoint says", async () => {
    const found = await check(sealed, { journal: runMaterial().journal });
    assert.equal(found.problem, undefined);
    assert.ok(found.intact);
    assert.equal(found.keyId, signer.keyId);
    assert.equal(found.checkpoint?.journal.entries, runEvents.length);
    assert.equal(found.checkpoint.by, "J. Doe");
  });

  // Every byte and every line: test/e2e/evidence-damage.test.ts.
  it("finds changed bytes in every file", async () => {
    for (const [file, content] of sealed.contents)
      for (let index = 0; index < content.byteLength; index += 41) {
        content[index] = (content[index] ?? 0) ^ 1;
        const found = await check(sealed);
        content[index] = (content[index] ?? 0) ^ 1;
        assert.ok(!found.intact, `${file}, byte ${index}`);
      }
    assert.ok((await check(sealed)).intact);
  });

  it("finds every removed, emptied and exchanged file", async () => {
    const names = [...sealed.contents.keys()];
    for (const [index, file] of names.entries()) {
      const other = names[(index + 1) % names.length] ?? "";
      for (const change of [
        (files: Memory) => files.contents.delete(file),
        (files: Memory) => files.contents.set(file, Buffer.alloc(0)),
        (files: Memory) => {
          files.contents.set(file, sealed.contents.get(other) ?? Buffer.alloc(0));
          files.contents.set(other, sealed.contents.get(file) ?? Buffer.alloc(0));
        },
        (files: Memory) => files.links.add(file),
      ])
        assert.ok(!(await check(changed(change))).intact, file);
    }
  });

  const lineOf = (text: string | undefined, number: number): string =>
    (text ?? "").split("\n")[number - 1] ?? "";
  const journal = (): string => sealed.contents.get(at("journal.jsonl"))?.toString() ?? "";
  const cases: readonly {
    readonly name: string;
    readonly change: (files: Memory) => void;
    readonly code: string;
    readonly path: string;
    readonly line?: number;
  }[] = [
    {
      name: "an added file",
      change: (files) => files.contents.set(at("outputs/9999-more.txt"), Buffer.from("x")),
      code: "added",
      path: "outputs/9999-more.txt",
    },
    {
      name: "an added folder",
      change: (files) => void files.makeFolder(at("more")),
      code: "added",
      path: "more/",
    },
    {
      name: "a removed plan",
      change: (files) => files.contents.delete(at("plan.json")),
      code: "missing",
      path: "plan.json",
    },
    {
      name: "a truncated journal",
      change: (files) =>
        files.contents.set(
          at("journal.jsonl"),
          Buffer.from(`${lineOf(journal(), 1)}\n${lineOf(journal(), 2)}\n`),
        ),
      code: "journal",
      path: "journal.jsonl",
      line: 2,
    },
    {
      name: "a journal line that says something else",
      change: (files) =>
        files.contents.set(
          at("journal.jsonl"),
          Buffer.from(journal().replace('"verdict":"pass"', '"verdict":"fail"')),
        ),
      code: "journal",
      path: "journal.jsonl",
      line: 5,
    },
    {
      name: "a journal that was chained anew",
      change: (files) =>
        files.contents.set(
          at("journal.jsonl"),
          Buffer.from(chainOf([...runEvents.slice(0, 5), { event: "run-ended", state: "failed" }])),
        ),
      code: "journal",
      path: "journal.jsonl",
      line: 6,
    },
    {
      name: "a removed checkpoint",
      change: (files) => files.contents.delete(at(checkpointName)),
      code: "no-checkpoint",
      path: checkpointName,
    },
  ];
  for (const one of cases)
    it(`names ${one.name}`, async () => {
      const { problem } = await check(changed(one.change));
      assert.deepEqual([problem?.code, problem?.path, problem?.line], [one.code, one.path, one.line]);
    });

  it("believes no foreign key, though all is sealed anew with it", async () => {
    const stranger = memoryFiles();
    await sealing(stranger, runMaterial(), makeSigner());
    assert.equal((await check(stranger)).problem?.code, "unknown-key");
    // The right name over the wrong signature.
    const forged = changed((files) => {
      const envelope = JSON.parse(stranger.contents.get(at(checkpointName))?.toString() ?? "{}") as {
        signatures: { keyid: string }[];
      };
      for (const signature of envelope.signatures) signature.keyid = signer.keyId;
      files.contents.clear();
      for (const [file, bytes] of stranger.contents) files.contents.set(file, bytes);
      files.contents.set(at(checkpointName), Buffer.from(`${JSON.stringify(envelope, null, 2)}\n`));
    });
    assert.equal((await check(forged)).problem?.code, "signature");
  });

  it("tells a run that went on, and one whose own journal is another", async () => {
    const more = chainOf([...runEvents, { event: "rollback-started", phases: [1], kept: [] }]);
    const went = await check(sealed, { journal: more });
    assert.deepEqual([went.problem?.code, went.problem?.line], ["went-on", 7]);
    const other = await check(sealed, { journal: chainOf([...runEvents.slice(0, 5), { event: "note" }]) });
    assert.deepEqual([other.problem?.code, other.problem?.line], ["journal", 6]);
    const short = await check(sealed, { journal: chainOf(runEvents.slice(0, 3)) });
    assert.match(short.problem?.detail ?? "", /ends after 3 of 6/);
  });
});

describe("sealEvidence", () => {
  const rolledBack = [
    ...runEvents,
    { event: "rollback-started", phases: [1], kept: [] },
    { event: "undone", phase: 1 },
    { event: "run-ended", state: "rolled-back" },
  ];

  it("seals again what went on, keeping the earlier checkpoint, the diffs and the beginning of the journal", async () => {
    const files = changed(() => undefined);
    await sealing(files, { ...runMaterial(rolledBack), changes: [], outputs: new Map() });
    const found = await check(files, { journal: chainOf(rolledBack) });
    assert.equal(found.problem, undefined);
    const names = [...filesBelow(files, folder).keys()];
    assert.ok(names.includes("earlier/1.dsse.json"), names.join(" "));
    assert.ok(
      names.some((name) => name.startsWith("diffs/")) && names.some((name) => name.startsWith("outputs/")),
    );
    // The earlier checkpoint cannot be left out: the new one names it.
    files.contents.delete(at("earlier/1.dsse.json"));
    assert.equal((await check(files)).problem?.code, "missing");
  });

  it("does not seal again what was changed in between", async () => {
    const damaged = changed((files) => files.contents.set(at("plan.json"), Buffer.from("{}\n")));
    await assert.rejects(sealing(damaged, runMaterial(rolledBack)), /plan\.json/);
    // A journal whose beginning was written anew is not what was sealed, whatever it chains to.
    const rewritten = [{ ...runEvents[0], plan: "plan-ffffffffff" }, ...rolledBack.slice(1)];
    await assert.rejects(
      sealing(
        changed(() => undefined),
        runMaterial(rewritten),
      ),
      /not the one that was sealed/,
    );
  });

  it("gives the same bytes for the same run", async () => {
    const again = memoryFiles();
    await sealing(again);
    assert.deepEqual(filesBelow(again, folder), filesBelow(sealed, folder));
  });

  it("keeps paths, credentials and hosts of indexes out of every file", () => {
    const hidden = [projectRoot, "/srv/", "jane", "hunter2", indexHost, "scratch/x1/"];
    for (const [name, bytes] of filesBelow(sealed, folder)) {
      const text = name.endsWith(".dsse.json")
        ? Buffer.from((JSON.parse(bytes.toString()) as { payload: string }).payload, "base64").toString()
        : bytes.toString();
      for (const one of hidden) assert.ok(!text.includes(one), `${name} says ${one}`);
    }
  });

  it("leaves the old or the new evidence when any call to the disk is the last", async () => {
    const material = runMaterial(rolledBack);
    const names = ["remove", "makeFolder", "write", "rename", "sync"] as const;
    let calls = 0;
    const outcomes = new Set<string>();
    for (let last = 0; ; last++) {
      const files = changed(() => undefined);
      calls = 0;
      const broken: Memory = { ...files };
      for (const name of names)
        (broken as unknown as Record<string, unknown>)[name] = (...args: unknown[]) =>
          ++calls > last
            ? Promise.reject(new Error("killed"))
            : (files[name] as (...given: unknown[]) => Promise<void>)(...args);
      const done = await sealing(broken, material).then(
        () => true,
        () => false,
      );
      const whole = await check(files).then(async (found) => {
        if (found.intact) return found;
        // What stands beside it is put in order by whoever comes next.
        await sealing(files, material);
        return check(files);
      });
      assert.equal(whole.problem, undefined, `last call ${last}`);
      outcomes.add(whole.checkpoint?.journal.entries === 6 ? "old" : "new");
      if (done) break;
    }
    assert.deepEqual([...outcomes].sort(), ["new", "old"]);
  });
});

it("the digest that is printed is the one of the signed statement", async () => {
  const { digest } = await sealing(memoryFiles());
  const envelope = JSON.parse(sealed.contents.get(at(checkpointName))?.toString() ?? "") as {
    payload: string;
  };
  assert.equal(digest, createHash("sha256").update(Buffer.from(envelope.payload, "base64")).digest("hex"));
});

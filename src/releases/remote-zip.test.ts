import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { test } from "node:test";
import { makeTarGz, makeZip } from "../../test/contract/python-archives.ts";
import { readZipEntry, tailBytes } from "./remote-zip.ts";
import { findTarEntry } from "./tar-entry.ts";

const wanted = (name: string): boolean => name === "x.dist-info/METADATA";

function remote(bytes: Buffer, tailLength = tailBytes) {
  const asked: [number, number][] = [];
  const read = async (start: number, end: number): Promise<Buffer> => {
    asked.push([start, end]);
    return Promise.resolve(bytes.subarray(start, end));
  };
  return { sizeBytes: bytes.length, tail: bytes.subarray(-tailLength), read, asked };
}

const many = Array.from({ length: 2000 }, (_, n) => [`x/module_${n}.py`, ""] as const);

test("one entry of an archive, wherever its parts lie", async () => {
  const noise = ["x/data", randomBytes(100_000)] as const;
  const text = ["x.dist-info/METADATA", "Name: x\n"] as const;
  for (const [entries, requests] of [
    [[noise, text], 0],
    [[text, noise], 1],
    [[noise, text, ...many], 2],
  ] as const) {
    const archive = remote(makeZip(entries));
    assert.equal(await readZipEntry(archive, wanted, 1000), "Name: x\n");
    assert.equal(archive.asked.length, requests);
  }
  assert.equal(await readZipEntry(remote(makeZip([noise])), wanted, 1000), undefined);
});

test("archives that lie are refused", async () => {
  const whole = makeZip([["x.dist-info/METADATA", "Name: x\n".repeat(1000)]]);
  await assert.rejects(readZipEntry(remote(whole), wanted, 100), /more than 100 bytes/);
  const changed = (at: number, value: number): Buffer => {
    const bytes = Buffer.from(whole);
    bytes.writeUInt32LE(value, at);
    return bytes;
  };
  const directory = whole.readUInt32LE(whole.length - 6);
  for (const [bytes, reason] of [
    [changed(whole.length - 6, 0x7fffffff), /outside of itself/],
    [changed(whole.length - 10, 0x7fffffff), /too large|outside/],
    [changed(directory + 42, whole.length + 5), /outside of itself/],
    [changed(directory + 42, 3), /does not fit/],
    [changed(directory + 16, 1), /checksum/],
    [whole.subarray(0, -3), /does not end like/],
    [Buffer.alloc(0), /does not end like/],
  ] as const)
    await assert.rejects(readZipEntry(remote(bytes), wanted, 100_000), reason);
});

test("every cut of an archive is survived", async () => {
  const whole = makeZip([["x.dist-info/METADATA", "Name: x\n"]]);
  for (let length = 0; length < whole.length; length++)
    await assert.rejects(readZipEntry(remote(whole.subarray(0, length)), wanted, 1000));
});

test("an entry of a compressed tar, from as much as is there", async () => {
  const isPkgInfo = (name: string): boolean => /^[^/]+\/PKG-INFO$/.test(name);
  const noise = randomBytes(100_000);
  const early = makeTarGz([
    ["x-1/PKG-INFO", "Name: x\n"],
    ["x-1/data", noise],
  ]);
  const late = makeTarGz([
    ["x-1/data", noise],
    ["x-1/PKG-INFO", "Name: x\n"],
  ]);
  const found = { state: "found", text: "Name: x\n" };
  assert.deepEqual(await findTarEntry(early.subarray(0, 20_000), isPkgInfo, 100), found);
  assert.deepEqual(await findTarEntry(late.subarray(0, 20_000), isPkgInfo, 100), { state: "cut" });
  assert.deepEqual(await findTarEntry(late, isPkgInfo, 100), found);
  assert.deepEqual(await findTarEntry(early, isPkgInfo, 3), { state: "absent" });
  assert.deepEqual(await findTarEntry(makeTarGz([["x-1/y", ""]]), isPkgInfo, 100), { state: "absent" });
  assert.deepEqual(await findTarEntry(Buffer.from("no archive"), isPkgInfo, 100), { state: "cut" });
  const bomb = makeTarGz([["x-1/zeros", Buffer.alloc(140 * 1024 * 1024)]]);
  assert.deepEqual(await findTarEntry(bomb, isPkgInfo, 100), { state: "absent" });
});

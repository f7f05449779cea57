import assert from "node:assert/strict";
import { generateKeyPairSync } from "node:crypto";
import * as fs from "node:fs";
import path from "node:path";
import { describe, it, type TestContext } from "node:test";
import { scratch } from "../../test/support/redress.ts";
import { isSignedBy, readEnvelope, signEnvelope } from "./dsse.ts";
import {
  keyFile,
  keyIdOf,
  makeKey,
  publicPem,
  readPublicKey,
  readSigner,
  requireSigner,
  rotateKey,
  trustedKeys,
  trustKey,
} from "./keys.ts";

const homeOf = (t: TestContext): NodeJS.ProcessEnv => ({ XDG_CONFIG_HOME: scratch(t) });
const pem = (type: "ed25519" | "x25519" = "ed25519"): string =>
  (type === "ed25519" ? generateKeyPairSync("ed25519") : generateKeyPairSync("x25519")).privateKey.export({
    type: "pkcs8",
    format: "pem",
  }) as string;

describe("keys", () => {
  it("makes one key that nobody else can read, once", async (t) => {
    const environment = homeOf(t);
    assert.equal(await readSigner(undefined, environment), undefined);
    const both = await Promise.allSettled([makeKey(environment), makeKey(environment)]);
    assert.equal(both.filter((one) => one.status === "fulfilled").length, 1);
    const file = keyFile(environment);
    assert.equal(fs.statSync(file).mode & 0o777, 0o600);
    assert.equal(fs.statSync(path.dirname(file)).mode & 0o777, 0o700);
    assert.deepEqual(fs.readdirSync(path.dirname(file)), ["signing-key.pem"]);
    const { signer, isNew } = await requireSigner(undefined, environment);
    assert.ok(!isNew && signer.from === file);
  });

  it("takes a key from a flag, a variable, a file, the home, in this order", async (t) => {
    const environment = homeOf(t);
    const [flag, file] = ["flag", "file"].map((name) =>
      path.join(environment["XDG_CONFIG_HOME"] ?? "", name),
    );
    fs.writeFileSync(flag ?? "", pem());
    fs.writeFileSync(file ?? "", pem());
    const own = await makeKey(environment);
    const inFile = { ...environment, REDRESS_PRIVATE_KEY_FILE: file };
    const inVariable = { ...inFile, REDRESS_PRIVATE_KEY: pem().replaceAll("\n", "\\n") };
    assert.equal((await readSigner(undefined, environment))?.from, own.from);
    assert.equal((await readSigner(undefined, inFile))?.from, file);
    assert.equal((await readSigner(undefined, inVariable))?.from, "the variable REDRESS_PRIVATE_KEY");
    assert.equal((await readSigner(flag, inVariable))?.from, flag);
  });

  it("refuses what is no key for signing, without quoting it", async (t) => {
    const environment = homeOf(t);
    const secret = "c2VjcmV0LXZhbHVlLW5vYm9keS1zZWVz";
    for (const [text, says] of [
      [pem("x25519"), /another kind than Ed25519/],
      [
        `-----BEGIN PRIVATE KEY-----\n${secret}\n-----END PRIVATE KEY-----\n`,
        /no private key that can be read/,
      ],
      ["hello", /no private key/],
    ] as const)
      await assert.rejects(
        readSigner(undefined, { ...environment, REDRESS_PRIVATE_KEY: text }),
        (error: Error) => {
          assert.match(error.message, says);
          assert.ok(!`${error.message}${String(error.cause)}`.includes(secret));
          return true;
        },
      );
    await makeKey(environment);
    fs.chmodSync(keyFile(environment), 0o644);
    await assert.rejects(readSigner(undefined, environment), /can be read by others/);
  });

  it("goes on believing what the old key signed when it is rotated", async (t) => {
    const environment = homeOf(t);
    const old = await makeKey(environment);
    const fresh = await rotateKey(environment);
    assert.notEqual(fresh.keyId, old.keyId);
    assert.deepEqual([...(await trustedKeys(environment)).keys()].sort(), [old.keyId, fresh.keyId].sort());
  });

  it("trusts public keys and never a private one", async (t) => {
    const environment = homeOf(t);
    const file = path.join(environment["XDG_CONFIG_HOME"] ?? "", "colleague.pem");
    const { publicKey, privateKey } = generateKeyPairSync("ed25519");
    fs.writeFileSync(file, privateKey.export({ type: "pkcs8", format: "pem" }));
    await assert.rejects(readPublicKey(file), /it is a private key/);
    fs.writeFileSync(file, publicPem(publicKey));
    await trustKey(await readPublicKey(file), environment);
    assert.deepEqual([...(await trustedKeys(environment)).keys()], [keyIdOf(publicKey)]);
  });
});

it("an envelope is read in one way of writing only", () => {
  const { privateKey, publicKey } = generateKeyPairSync("ed25519");
  const signer = { privateKey, publicKey, keyId: keyIdOf(publicKey), from: "a test" };
  const text = signEnvelope('{"a":1}\n', signer);
  const envelope = readEnvelope(Buffer.from(text));
  assert.ok(envelope !== undefined && isSignedBy(envelope, publicKey));
  assert.equal(envelope.payload.toString(), '{"a":1}\n');
  for (const other of [
    text.replace("\n", "\n\n"),
    text.replace('"payload":', '"payload" :'),
    text.replace("application/vnd.in-toto+json", "text/plain"),
    text.replace(/"sig": "(.*)"/, '"sig": "$1="'),
    text.replace('"signatures"', '"extra": 1, "signatures"'),
    "[]",
    "null",
    "",
  ])
    assert.equal(readEnvelope(Buffer.from(other)), undefined, other);
  assert.ok(!isSignedBy({ ...envelope, payload: Buffer.from('{"a":2}\n') }, publicKey));
});

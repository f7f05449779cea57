import {
  createHash,
  createPrivateKey,
  createPublicKey,
  generateKeyPairSync,
  randomUUID,
  type KeyObject,
} from "node:crypto";
import * as fs from "node:fs/promises";
import path from "node:path";
import { Failure, reasonOf } from "../model/index.ts";
import { exists, readText, replaceFile } from "../system/index.ts";

/** What a checkpoint is signed with. */
export interface Signer {
  readonly privateKey: KeyObject;
  readonly publicKey: KeyObject;
  /** `keyIdOf` its public key. */
  readonly keyId: string;
  /** Where it came from, for a person: a file's path or a variable's name. */
  readonly from: string;
}

/** Variables that hold a private key (PEM) or the path of a file with one, for machines without a home. */
export const keyVariables = { key: "REDRESS_PRIVATE_KEY", file: "REDRESS_PRIVATE_KEY_FILE" } as const;

/** A key's name: SHA-256 over its SubjectPublicKeyInfo (DER), lower-case hex. */
export function keyIdOf(publicKey: KeyObject): string {
  return createHash("sha256")
    .update(publicKey.export({ type: "spki", format: "der" }))
    .digest("hex");
}

/** A public key as PEM, as `openssl` reads it. */
export function publicPem(publicKey: KeyObject): string {
  return publicKey.export({ type: "spki", format: "pem" }) as string;
}

/** Redress' folder in the user's configuration folder (`XDG_CONFIG_HOME`, else `~/.config`). */
function configurationFolder(environment: NodeJS.ProcessEnv): string {
  const base = environment["XDG_CONFIG_HOME"];
  const home = environment["HOME"];
  if (base !== undefined && path.isAbsolute(base)) return path.join(base, "redress");
  if (home !== undefined && path.isAbsolute(home)) return path.join(home, ".config", "redress");
  throw new Failure(
    "config",
    "there is no home for a signing key: neither XDG_CONFIG_HOME nor HOME is set",
    `Give a key with ${keyVariables.key} or ${keyVariables.file}.`,
  );
}

/** Where the user's own signing key lies. */
export function keyFile(environment: NodeJS.ProcessEnv = process.env): string {
  return path.join(configurationFolder(environment), "signing-key.pem");
}

const trustedFolder = (environment: NodeJS.ProcessEnv): string =>
  path.join(configurationFolder(environment), "trusted-keys");

function signerOf(pem: string, from: string): Signer {
  let privateKey: KeyObject;
  try {
    privateKey = createPrivateKey(pem);
  } catch {
    // The cause may quote the key.
    throw new Failure("config", `${from} holds no private key that can be read`, "It must be PEM (PKCS #8).");
  }
  if (privateKey.asymmetricKeyType !== "ed25519")
    throw new Failure(
      "config",
      `${from} holds a key of another kind than Ed25519`,
      "Make one with redress keys make, or openssl genpkey -algorithm ed25519.",
    );
  const publicKey = createPublicKey(privateKey);
  return { privateKey, publicKey, keyId: keyIdOf(publicKey), from };
}

/** @throws {Failure} `config` when the file holds no public key of the right kind; `unreadable` */
export async function readPublicKey(file: string): Promise<KeyObject> {
  const text = await readText(file);
  let key: KeyObject;
  try {
    // A private key would be taken too, and nobody wants it handed around.
    if (text.includes("PRIVATE KEY")) throw new Error("it is a private key");
    key = createPublicKey(text);
  } catch (error) {
    throw new Failure("config", `${file} holds no public key: ${reasonOf(error)}`, "It must be PEM.");
  }
  if (key.asymmetricKeyType !== "ed25519")
    throw new Failure("config", `${file} holds a key of another kind than Ed25519`);
  return key;
}

/**
 * The signer to use: a file given, else the variables, else the user's own; `undefined` where there is none.
 * @throws {Failure} `config` for a key that cannot be used, or one of the user's own that others may read.
 */
export async function readSigner(
  given?: string,
  environment: NodeJS.ProcessEnv = process.env,
): Promise<Signer | undefined> {
  const file = given ?? environment[keyVariables.file];
  const pem = environment[keyVariables.key];
  if (given === undefined && pem !== undefined && pem.trim() !== "")
    // Some CI systems keep a variable on one line.
    return signerOf(pem.replaceAll("\\n", "\n"), `the variable ${keyVariables.key}`);
  if (file !== undefined && file !== "") return signerOf(await readText(file), file);
  const own = keyFile(environment);
  const stat = await fs.lstat(own).catch(() => undefined);
  if (stat === undefined) return undefined;
  if (!stat.isFile() || (stat.mode & 0o077) !== 0)
    throw new Failure(
      "config",
      `${own} ${stat.isFile() ? "can be read by others" : "is no file"}`,
      stat.isFile() ? `Run chmod 600 on it, or make another with redress keys rotate.` : "Remove it.",
    );
  return signerOf(await readText(own), own);
}

/**
 * Makes the user's own signing key, mode 0600 in a folder of mode 0700.
 * @throws {Failure} `usage` when there is one; `storage`
 */
export async function makeKey(environment: NodeJS.ProcessEnv = process.env): Promise<Signer> {
  const file = keyFile(environment);
  const { privateKey } = generateKeyPairSync("ed25519");
  const pem = privateKey.export({ type: "pkcs8", format: "pem" }) as string;
  const fresh = `${file}.${randomUUID()}`;
  try {
    await fs.mkdir(path.dirname(file), { recursive: true, mode: 0o700 });
    await replaceFile(fresh, pem, 0o600);
    // A link is made or it is not, and never over another: two that begin at once end up with one key.
    await fs.link(fresh, file);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "EEXIST")
      throw new Failure("usage", `there is a key in ${file}`, "redress keys rotate makes another.");
    if (error instanceof Failure) throw error;
    throw new Failure("storage", `cannot make ${file}: ${reasonOf(error)}`, "", { cause: error });
  } finally {
    await fs.rm(fresh, { force: true });
  }
  return signerOf(pem, file);
}

/** The signer to use, made where there is none; `isNew` then. Throws as `readSigner` and `makeKey` do. */
export async function requireSigner(
  given?: string,
  environment: NodeJS.ProcessEnv = process.env,
): Promise<{ readonly signer: Signer; readonly isNew: boolean }> {
  const known = await readSigner(given, environment);
  if (known !== undefined) return { signer: known, isNew: false };
  return { signer: await makeKey(environment), isNew: true };
}

/** Replaces the user's own key; what the old one signed goes on being trusted here. */
export async function rotateKey(environment: NodeJS.ProcessEnv = process.env): Promise<Signer> {
  const file = keyFile(environment);
  if (await exists(file)) {
    const old = signerOf(await readText(file), file);
    await trustKey(old.publicKey, environment);
    await fs.rename(file, `${file}.${old.keyId.slice(0, 16)}`);
  }
  return makeKey(environment);
}

/** Keeps a public key among those that `verify` believes on this machine. */
export async function trustKey(
  publicKey: KeyObject,
  environment: NodeJS.ProcessEnv = process.env,
): Promise<string> {
  const file = path.join(trustedFolder(environment), `${keyIdOf(publicKey)}.pem`);
  await replaceFile(file, publicPem(publicKey));
  return file;
}

/** By key id, the keys that this machine believes: its own and those it was told to trust. */
export async function trustedKeys(
  environment: NodeJS.ProcessEnv = process.env,
): Promise<ReadonlyMap<string, KeyObject>> {
  const keys = new Map<string, KeyObject>();
  const own = await readSigner(undefined, environment);
  if (own !== undefined) keys.set(own.keyId, own.publicKey);
  const folder = trustedFolder(environment);
  for (const name of await fs.readdir(folder).catch(() => []))
    if (/^[0-9a-f]{64}\.pem$/.test(name)) {
      const key = await readPublicKey(path.join(folder, name));
      keys.set(keyIdOf(key), key);
    }
  return keys;
}

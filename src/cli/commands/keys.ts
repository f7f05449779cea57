import path from "node:path";
import { Failure } from "../../model/index.ts";
import {
  keyFile,
  keyIdOf,
  keyVariables,
  makeKey,
  publicPem,
  readPublicKey,
  readSigner,
  rotateKey,
  trustedKeys,
  trustKey,
  type Signer,
} from "../../seal/index.ts";
import { replaceFile } from "../../system/index.ts";
import type { Exit } from "../program.ts";
import { terminalFor, type CommonOptions } from "../setting.ts";

/** What `redress keys` can do. */
const actions = ["show", "make", "export", "trust", "rotate"] as const;
type Action = (typeof actions)[number];

interface Told {
  readonly text: string;
  readonly value: object;
}

/** `redress keys`: the keys that records are signed with, and those that are believed. */
export async function run(
  [action = "show", file]: readonly string[],
  options: CommonOptions,
  _signal: AbortSignal,
): Promise<Exit> {
  if (!actions.some((one) => one === action))
    throw new Failure("usage", `keys cannot ${action}`, `It can: ${actions.join(", ")}.`);
  const told = await act(action as Action, file);
  terminalFor(options).print(
    options.json === true ? JSON.stringify({ schemaVersion: 1, ...told.value }, null, 2) : told.text,
  );
  return 0;
}

async function act(action: Action, file: string | undefined): Promise<Told> {
  switch (action) {
    case "make":
      return tellKey(await makeKey(), "Made");
    case "rotate":
      return tellKey(await rotateKey(), "Made");
    case "export":
      return exportKey(file);
    case "trust": {
      if (file === undefined)
        throw new Failure("usage", "whose key?", "Name the file of a public key: redress keys trust FILE.");
      const key = await readPublicKey(path.resolve(file));
      const kept = await trustKey(key);
      return {
        text: `What ${keyIdOf(key)} signed is believed from now on (${kept}).`,
        value: { trusted: keyIdOf(key), file: kept },
      };
    }
    case "show":
      return show();
  }
}

function tellKey({ keyId, from }: Signer, verb: string): Told {
  return { text: `${verb} ${from}\nkey ${keyId}`, value: { keyId, from } };
}

async function show(): Promise<Told> {
  const signer = await readSigner();
  const trusted = [...(await trustedKeys()).keys()].filter((id) => id !== signer?.keyId);
  return {
    text: [
      signer === undefined
        ? `No key yet: redress keys make puts one into ${keyFile()}; ${keyVariables.key} or ${keyVariables.file} name one instead.`
        : `key ${signer.keyId}\nfrom ${signer.from}`,
      ...trusted.map((id) => `believed too: ${id}`),
    ].join("\n"),
    value: {
      keyId: signer?.keyId ?? null,
      ...(signer === undefined ? {} : { from: signer.from, publicKey: publicPem(signer.publicKey) }),
      trusted,
    },
  };
}

/** The public part, to a file or to standard output. */
async function exportKey(file: string | undefined): Promise<Told> {
  const signer = await readSigner();
  if (signer === undefined) throw new Failure("usage", "there is no key yet", "Make one: redress keys make.");
  const pem = publicPem(signer.publicKey);
  if (file === undefined) return { text: pem.trimEnd(), value: { keyId: signer.keyId, publicKey: pem } };
  const place = path.resolve(file);
  await replaceFile(place, pem);
  return { text: `Wrote ${place}\nkey ${signer.keyId}`, value: { keyId: signer.keyId, file: place } };
}

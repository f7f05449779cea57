import { sign, verify, type KeyObject } from "node:crypto";
import { keyIdOf, type Signer } from "./keys.ts";

/** Media type of in-toto statements (in-toto attestation framework, `spec/v1/envelope.md`). */
export const payloadType = "application/vnd.in-toto+json";

/** What is signed: the pre-authentication encoding of DSSE (protocol, section "Signature Definition"). */
export function preAuthentication(payload: Uint8Array): Buffer {
  const head = `DSSEv1 ${Buffer.byteLength(payloadType)} ${payloadType} ${payload.byteLength} `;
  return Buffer.concat([Buffer.from(head), payload]);
}

/** An envelope as it was read; nothing of it is proven yet. */
export interface Envelope {
  readonly payload: Buffer;
  readonly keyId: string;
  readonly signature: Buffer;
}

/** The text of a DSSE envelope with one Ed25519 signature. */
export function signEnvelope(payload: string, signer: Signer): string {
  const bytes = Buffer.from(payload);
  return writeEnvelope({
    payload: bytes,
    keyId: signer.keyId,
    signature: sign(null, preAuthentication(bytes), signer.privateKey),
  });
}

function writeEnvelope({ payload, keyId, signature }: Envelope): string {
  const envelope = {
    payload: payload.toString("base64"),
    payloadType,
    signatures: [{ keyid: keyId, sig: signature.toString("base64") }],
  };
  return `${JSON.stringify(envelope, null, 2)}\n`;
}

/**
 * Reads an envelope that `signEnvelope` wrote; `undefined` for anything else. JSON and base64 can write one thing in many
 * ways: a text that is not to the byte the one that would be written is refused, since nothing may change unnoticed.
 */
export function readEnvelope(text: Uint8Array): Envelope | undefined {
  let stored: unknown;
  try {
    stored = JSON.parse(Buffer.from(text).toString("utf8"));
  } catch {
    return undefined;
  }
  const { payload, signatures } = (stored ?? {}) as { payload?: unknown; signatures?: unknown };
  const [first] = (Array.isArray(signatures) ? signatures : []) as { keyid?: unknown; sig?: unknown }[];
  if (typeof payload !== "string" || typeof first?.keyid !== "string" || typeof first.sig !== "string")
    return undefined;
  const envelope = {
    payload: Buffer.from(payload, "base64"),
    keyId: first.keyid,
    signature: Buffer.from(first.sig, "base64"),
  };
  return Buffer.from(writeEnvelope(envelope)).equals(text) ? envelope : undefined;
}

/** Whether a key made an envelope's signature and the envelope names that key. */
export function isSignedBy(envelope: Envelope, key: KeyObject): boolean {
  return (
    envelope.keyId === keyIdOf(key) &&
    verify(null, preAuthentication(envelope.payload), key, envelope.signature)
  );
}

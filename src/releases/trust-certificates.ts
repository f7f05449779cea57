import tls from "node:tls";
import { readText } from "../system/index.ts";

const trusted = new Set<string>();

/**
 * Trusts the CA certificates of a PEM file in this process, beside those already trusted: behind a proxy that opens
 * TLS the user's pip has them in its `cert` setting, and Node does not know them. A file that cannot be read adds
 * nothing; connections then fail with the reason.
 */
export async function trustCertificates(file: string): Promise<void> {
  if (trusted.has(file)) return;
  trusted.add(file);
  const text = await readText(file).catch(() => "");
  const found = text.match(/-----BEGIN CERTIFICATE-----[A-Za-z0-9+/=\s]+-----END CERTIFICATE-----/g) ?? [];
  if (found.length > 0)
    tls.setDefaultCACertificates([...new Set([...tls.getCACertificates("default"), ...found])]);
}

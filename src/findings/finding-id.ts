import { createHash } from "node:crypto";

/** What makes a finding the one it is. */
export interface FindingIdentity {
  readonly project: string;
  readonly ecosystem: string;
  readonly package: string;
  readonly advisory: string;
  /** Given only where the project holds several versions of the package, so that ids survive upgrades otherwise. */
  readonly version?: string;
}

/** `RF-` and ten hexadecimal digits of SHA-256 over project, ecosystem, package, advisory and, where given, version. */
export function findingId(identity: FindingIdentity): string {
  const { project, ecosystem, advisory, version } = identity;
  const parts = [project, ecosystem, identity.package, advisory, ...(version === undefined ? [] : [version])];
  return `RF-${createHash("sha256").update(parts.join("|")).digest("hex").slice(0, 10)}`;
}

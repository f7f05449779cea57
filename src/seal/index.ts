/** The record of a run, closed and checked: evidence, its signed checkpoint, archives for auditors, retention. */
export { makeBundle } from "./bundle.ts";
export { followChain } from "./chain.ts";
export {
  assembleEvidence,
  evidenceName,
  journalName,
  redactEvidence,
  type Redactions,
  type RunMaterial,
} from "./evidence-files.ts";
export {
  keyFile,
  keyIdOf,
  keyVariables,
  makeKey,
  publicPem,
  readPublicKey,
  readSigner,
  requireSigner,
  rotateKey,
  trustedKeys,
  trustKey,
  type Signer,
} from "./keys.ts";
export { prunedFile, pruneRuns, type PrunedRun } from "./prune.ts";
export {
  readSealed,
  sealedHead,
  type Problem,
  type ReadEvidence,
  type WholeEvidence,
} from "./read-evidence.ts";
export { hostsIn, makeLightRedact, makeRedact, redactValue } from "./redact.ts";
export { prunableRuns, type Prunable } from "./retention.ts";
export { evidenceFolder, sealEvidence, settleFolders, type Sealed } from "./seal-evidence.ts";
export type { SealFiles } from "./seal-files.ts";
export { checkpointName } from "./statement.ts";
export { traceFindings, type FindingTrace } from "./trace-finding.ts";
export { verifyEvidence, type Verification } from "./verify-evidence.ts";

/** Advisories: where they come from, how they are kept, and what is known of their exploitation. */
export type { AdvisorySource, OnlineSourceId, PackageVersion, SourceAnswer } from "./advisory-source.ts";
export type { AdvisoryDescription, DescribedSource } from "./describe-advisories.ts";
export type { Endpoints, RegistryEndpoint } from "./endpoints.ts";
export type { AdvisoryBase } from "./advisory-base.ts";
export type { AdvisoryRequest } from "./advisory-request.ts";
export { openAdvisories } from "./open-advisories.ts";
export { ageHoursOf } from "./describe-advisories.ts";
export type { Update, UpdateRequest } from "./update-advisories.ts";
import type { AdvisoryDescription } from "./describe-advisories.ts";
import type { AdvisoryRequest } from "./advisory-request.ts";
import type { Update, UpdateRequest } from "./update-advisories.ts";

/** Fetches exports and enrichments where they have changed; its code is loaded only here. */
export async function updateAdvisories(request: UpdateRequest = {}): Promise<readonly Update[]> {
  return (await import("./update-advisories.ts")).updateAdvisories(request);
}

/** Says what a scan with these sources would judge by. */
export async function describeAdvisories(request: AdvisoryRequest): Promise<AdvisoryDescription> {
  return (await import("./describe-advisories.ts")).describeAdvisories(request);
}

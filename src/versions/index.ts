/** Order and ranges of versions: npm's semver, Python's PEP 440, requirements and markers (PEP 508), wheel tags. */
export { readLooseVersion } from "./loose-version.ts";
export { evaluateMarker, markerEnvironment, type MarkerEnvironment } from "./marker.ts";
export { parseRequirement, type ParsedRequirement } from "./requirement.ts";
export { compareTexts } from "./text-order.ts";
export { orderOf } from "./order-of.ts";
export type { VersionOrder } from "./version-order.ts";
export { wheelFits } from "./wheel.ts";

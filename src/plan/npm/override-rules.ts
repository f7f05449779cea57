import type { Need } from "./need.ts";
import type { Slot } from "./tree.ts";
import type { Override, UniverseRequest } from "./universe.ts";

/** What npm does with an override, and what the policy lets it do. */
export class OverrideRules {
  private readonly request: Pick<UniverseRequest, "catalogue" | "tree" | "policy" | "wishes">;
  private readonly tops = new Map<string, string | undefined>();

  constructor(request: Pick<UniverseRequest, "catalogue" | "tree" | "policy" | "wishes">) {
    this.request = request;
  }

  /** Whether an override takes a requirement out of its range. */
  isTouched(need: Need, override: Override): boolean {
    if (this.request.catalogue.satisfies(override.version, need.range)) return false;
    return (
      need.range === override.range ||
      this.request.catalogue.haveCommon(need.name, need.range, override.range)
    );
  }

  /** What the manifest asks for once a direct dependency stands at a version: its own range, or one in its manner. */
  writtenRange(slot: Slot, version: string): string {
    if (this.request.catalogue.satisfies(version, slot.range)) return slot.range;
    if (/^v?\d[\w.+-]*$/.test(slot.range) && !/[xX*]/.test(slot.range)) return version;
    return `${slot.range.startsWith("~") ? "~" : "^"}${version}`;
  }

  /** npm refuses an override that touches what the project itself then asks for (EOVERRIDE). */
  isRefusedBeside(slot: Slot, version: string, range: string): boolean {
    const { catalogue } = this.request;
    return (
      catalogue.satisfies(version, range) ||
      catalogue.haveCommon(slot.name, this.writtenRange(slot, version), range)
    );
  }

  /** Whether the policy lets it: upwards, and inside the major unless any is allowed. */
  mayLift(need: Need, override: Override): boolean {
    const key = `${need.name}|${need.range}`;
    if (!this.tops.has(key)) {
      const within = [
        ...(this.request.catalogue.listed(need.name) ?? []),
        ...(this.request.tree.versions.get(need.name) ?? []),
      ]
        .filter(
          (one) =>
            !this.request.catalogue.order.isPrerelease(one) &&
            this.request.catalogue.satisfies(one, need.range),
        )
        .sort((a, b) => this.request.catalogue.order.compare(a, b));
      this.tops.set(key, within.at(-1));
    }
    const top = this.tops.get(key);
    if (top === undefined || this.request.catalogue.order.compare(override.version, top) <= 0) return false;
    return (
      this.request.policy.allowOverrides === "any" ||
      this.request.catalogue.order.level(top, override.version) !== "major"
    );
  }

  /** Peer ranges stand, but for those on a package whose version was asked for. */
  mayTouch(need: Need): boolean {
    return need.kind !== "peer" || this.request.wishes?.has(need.name) === true;
  }

  /** Whether an override would take a requirement somewhere it must not go. */
  isOutOfReach(need: Need, override: Override): boolean {
    if (need.only !== undefined) return need.only !== override.version;
    return this.isTouched(need, override) && (!this.mayTouch(need) || !this.mayLift(need, override));
  }
}

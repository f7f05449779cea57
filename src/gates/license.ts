import type { GateResult, Inventory, LicenseGate, Upgrade } from "../model/index.ts";
import type { Bench } from "./bench.ts";
import { judgeLicense } from "./license-policy.ts";
import { licenseKey, readLicenses } from "./license-reading.ts";
import { listed } from "./listed.ts";

/** What changes, and where to read its licenses. */
export interface Licensed {
  readonly upgrades: readonly Upgrade[];
  readonly inventory: Inventory;
  readonly bench: Bench;
  /** Licenses read so far, by `licenseKey`: those of the versions before; what is read is added. */
  readonly known: Map<string, string | undefined>;
}

/** Gate `license`: every changed package's license against the SPDX policy; one that is not known warns. */
export async function licenseGate(
  policy: LicenseGate,
  { upgrades, inventory, bench, known }: Licensed,
): Promise<GateResult> {
  const present = upgrades.filter((upgrade) => upgrade.to !== null);
  const read = await readLicenses(
    present.map((upgrade) => ({ ...upgrade, version: upgrade.to })),
    { bench, inventory },
  );
  const lines = present.map((upgrade) => {
    const now = read.get(licenseKey({ ...upgrade, version: upgrade.to }));
    const before = known.get(licenseKey({ ...upgrade, version: upgrade.from }));
    return { name: `${upgrade.package} ${upgrade.to ?? ""}`, before, now, from: upgrade.from };
  });
  for (const [key, license] of read) known.set(key, license);
  const by = (verdict: string): typeof lines =>
    lines.filter((one) => judgeLicense(one.now, policy) === verdict);
  const [denied, unknown] = [by("denied"), by("unknown")];
  const changed = lines.filter(
    ({ before, now, from }) => from !== null && before !== undefined && before !== now,
  );
  const named = ({ name, now }: (typeof lines)[number]): string => `${name} is ${now ?? "unknown"}`;
  const parts = [
    `${lines.length - denied.length - unknown.length} of ${lines.length} allowed`,
    ...(denied.length === 0 ? [] : [`not allowed: ${listed(denied.map(named))}`]),
    ...(unknown.length === 0 ? [] : [`not known: ${listed(unknown.map(({ name }) => name))}`]),
    ...(changed.length === 0
      ? []
      : [
          `changed: ${listed(changed.map((one) => `${one.name} from ${one.before ?? ""} to ${one.now ?? "unknown"}`))}`,
        ]),
  ];
  return {
    name: "license",
    mode: policy.mode,
    verdict: denied.length > 0 ? "fail" : unknown.length > 0 ? "warn" : "pass",
    detail: parts.join("; "),
    samples: lines.map(({ name, before, now }) => ({
      package: name,
      before: before ?? null,
      now: now ?? null,
    })),
  };
}

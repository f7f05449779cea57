import { normaliseName, type Dependency, type ReleaseSource } from "../model/index.ts";
import { mapBounded } from "../system/index.ts";
import { orderOf } from "../versions/index.ts";
import type { SettleRequest } from "./settle-request.ts";
import type { Unbuilt } from "./uv-compile.ts";

/** Of a package that no line pins so many of the newest releases are made known to the resolver. */
const mostReleases = 120;
/** Questions to the index at a time. */
const atOnce = 16;
const order = orderOf("PyPI");

/**
 * The distributions without wheels that stand in a resolution's way, with what the resolver is told they require, so
 * that it builds nothing.
 */
export class Sdists {
  readonly unbuilt = new Map<string, Unbuilt>();
  private readonly request: SettleRequest;
  private readonly source: () => Promise<ReleaseSource>;
  private areLookedUp = false;

  constructor(request: SettleRequest, source: () => Promise<ReleaseSource>) {
    this.request = request;
    this.source = source;
  }

  /** Names of what is taken by its known requirements. */
  get told(): readonly string[] {
    return [...this.unbuilt.values()].filter((one) => one.releases.length > 0).map((one) => one.name);
  }

  /** Names of what policy lets be built. */
  get built(): readonly string[] {
    return [...this.unbuilt.values()].filter((one) => one.releases.length === 0).map((one) => one.name);
  }

  /** Of a distribution that has moved another version speaks now. */
  forgetMoved(pins: ReadonlyMap<string, string>): void {
    for (const [name, { version }] of this.unbuilt)
      if (version !== undefined && pins.get(name) !== version) this.unbuilt.delete(name);
    this.areLookedUp = false;
  }

  /** Where one version has no wheel others will have none either: finds them all at once. */
  async lookFor(pins: ReadonlyMap<string, string>): Promise<void> {
    if (this.areLookedUp) return;
    this.areLookedUp = true;
    await mapBounded([...pins], atOnce, async ([name, version]) => this.allow(name, version));
  }

  /** Whether a version, or a package that no line pins, has source archives to go by. */
  async allow(name: string, version: string | undefined): Promise<boolean> {
    if (this.unbuilt.has(name)) return true;
    return version === undefined ? this.allowOpen(name) : this.allowPinned(name, version);
  }

  private async allowPinned(name: string, version: string): Promise<boolean> {
    const { signal, inventory, project } = this.request;
    const source = await this.source();
    const list = await source.releases(name, signal);
    const release =
      list.state === "known"
        ? list.releases.find((one) => order.compare(one.version, version) === 0)
        : undefined;
    if (release?.usable !== "sdist") return false;
    if (this.mayBuild(name)) {
      this.unbuilt.set(name, { name, version, releases: [] });
      return true;
    }
    const installed = inventory.components.find(
      (one) => one.project === project.path && one.name === name && one.version === version,
    );
    const from = `${project.path}|PyPI|${name}@${version}`;
    const requires =
      installed?.requirementsKnown === true
        ? inventory.dependencies
            .filter((one) => one.from === from)
            .map((one: Dependency) => requirementText({ ...one, range: one.requirement }))
        : await this.requirementsOf(name, version);
    // Without a version it speaks for all of them, so that uv has no reason to build any.
    this.unbuilt.set(name, { name, version, releases: [{ requires }] });
    return true;
  }

  /** The newest releases of a package with what each requires; older ones are kept out, so that none is built. */
  private async allowOpen(name: string): Promise<boolean> {
    if (this.mayBuild(name)) {
      this.unbuilt.set(name, { name, releases: [] });
      return true;
    }
    const list = await (await this.source()).releases(name, this.request.signal);
    const usable = list.state === "known" ? list.releases.filter((one) => one.usable !== "no") : [];
    if (!usable.some((one) => one.usable === "sdist")) return false;
    const versions = usable
      .map((one) => one.version)
      .sort((a, b) => order.compare(b, a))
      .slice(0, mostReleases);
    const releases = await mapBounded(versions, atOnce, async (version) => ({
      version,
      requires: await this.requirementsOf(name, version),
    }));
    const oldest = versions.at(-1);
    this.unbuilt.set(name, { name, releases, ...(oldest === undefined ? {} : { from: oldest }) });
    return true;
  }

  private mayBuild(name: string): boolean {
    return this.request.policy.installScripts.some((one) => normaliseName("PyPI", one) === name);
  }

  private async requirementsOf(name: string, version: string): Promise<readonly string[]> {
    const answer = await (await this.source()).requirements(name, version, this.request.signal);
    return answer.state === "known"
      ? answer.requires.filter((one) => one.url === undefined).map(requirementText)
      : [];
  }
}

function requirementText(one: {
  readonly name: string;
  readonly range: string;
  readonly extras?: readonly string[];
  readonly marker?: string;
}): string {
  const extras = one.extras === undefined || one.extras.length === 0 ? "" : `[${one.extras.join(",")}]`;
  return `${one.name}${extras}${one.range}${one.marker === undefined ? "" : ` ; ${one.marker}`}`;
}

import { normaliseName, type Release, type ReleaseSource } from "../../model/index.ts";
import { chooseCandidates, type Candidates } from "./candidates.ts";
import { needsOf, type Need } from "./need.ts";
import type { Premises } from "./premises.ts";
import type { Risk } from "./risk.ts";

/** What has been read of the package index so far; read on demand, kept for the life of one plan. */
export interface Book {
  readonly premises: Premises;
  readonly risk: Risk;
  /** `undefined`: not admitted yet. */
  candidates(name: string): Candidates | undefined;
  /** `undefined`: not read yet; versions whose requirements cannot be known are no candidates any more. */
  needs(name: string, version: string): readonly Need[] | undefined;
  /** Packages whose major moves count as the application's own. */
  heads(): ReadonlySet<string>;
  /** Whether the project is a flat list of pins, so that `heads` is inferred and not what its owner wrote. */
  isFlat(): boolean;
  /** Requirements of everything that is there. */
  loadPresent(): Promise<void>;
  admit(names: Iterable<string>): Promise<void>;
  read(pairs: readonly (readonly [name: string, version: string])[]): Promise<void>;
  /** Packages that could not take part, and why, by name. */
  readonly troubles: ReadonlyMap<string, string>;
  readonly reads: number;
}

/** How many answers of the index are awaited at a time; the client has its own limits. */
const concurrency = 32;

/** What every new environment holds by itself. */
export const seeds: ReadonlySet<string> = new Set(["pip", "setuptools", "wheel", "distribute"]);

/** Opens the book on one package index. */
export function openBook(source: ReleaseSource, premises: Premises, risk: Risk): Book {
  return new IndexBook(source, premises, risk);
}

class IndexBook implements Book {
  readonly premises: Premises;
  readonly risk: Risk;
  readonly troubles = new Map<string, string>();
  reads = 0;
  private readonly source: ReleaseSource;
  private readonly packages = new Map<string, Candidates>();
  private readonly known = new Map<string, readonly Need[]>();
  private lines: Lines | undefined;

  constructor(source: ReleaseSource, premises: Premises, risk: Risk) {
    this.source = source;
    this.premises = premises;
    this.risk = risk;
  }

  candidates(name: string): Candidates | undefined {
    return this.packages.get(name);
  }

  needs(name: string, version: string): readonly Need[] | undefined {
    return this.known.get(`${name} ${version}`);
  }

  heads(): ReadonlySet<string> {
    return (this.lines ??= linesOf(this)).heads;
  }

  isFlat(): boolean {
    return (this.lines ??= linesOf(this)).isFlat;
  }

  async loadPresent(): Promise<void> {
    const { present, open, known } = this.premises;
    const unknown: (readonly [string, string])[] = [...open];
    for (const [name, { version, immovable }] of present) {
      const needs = known.get(name);
      if (needs !== undefined) this.note(name, version, needs);
      else if (immovable !== undefined) this.note(name, version, []);
      else unknown.push([name, version]);
    }
    await this.read(unknown);
  }

  async admit(names: Iterable<string>): Promise<void> {
    const fresh = [...new Set(names)].filter((name) => !this.packages.has(name));
    await eachOf(fresh, async (name) => {
      const component = this.premises.present.get(name);
      const isFixed = component?.immovable !== undefined;
      const list = isFixed
        ? { state: "unknown" as const, name, reason: component.immovable ?? "" }
        : await this.source.releases(name, this.premises.request.signal);
      const now = new Set(component === undefined ? [] : this.immediate(name, component.version));
      const candidates = chooseCandidates(name, list, {
        premises: this.premises,
        component,
        isHead: this.heads().has(name),
        isUrgent: (version) => {
          const then = new Set(this.immediate(name, version));
          return [...now].some((advisory) => !then.has(advisory));
        },
      });
      this.packages.set(name, candidates);
      if (candidates.stuck !== undefined) this.troubles.set(name, candidates.stuck);
    });
  }

  async read(pairs: readonly (readonly [string, string])[]): Promise<void> {
    const fresh = pairs.filter(([name, version]) => this.needs(name, version) === undefined);
    await eachOf(fresh, async ([name, version]) => {
      const { request } = this.premises;
      const answer = await this.source.requirements(name, version, request.signal);
      this.reads++;
      if (answer.state === "known") {
        const { environment, order, complain } = this.premises;
        this.note(name, version, needsOf(answer.requires, environment, order, complain));
      } else this.missing(name, version, answer.reason);
    });
  }

  /**
   * Requirements that nobody can tell are taken for none where the version is there already or would be built from
   * source (the installer has the last word); elsewhere the version is not chosen.
   */
  private missing(name: string, version: string, reason: string): void {
    const candidates = this.packages.get(name);
    const { present, open } = this.premises;
    const isPresent = (present.get(name)?.version ?? open.get(name)) === version;
    this.note(name, version, []);
    if (isPresent) {
      if (!this.troubles.has(name))
        this.troubles.set(name, `what ${version} requires is not known (${reason}); taken for nothing`);
      return;
    }
    if (candidates === undefined || candidates.releases.get(version)?.usable === "sdist") return;
    this.packages.set(name, {
      ...candidates,
      versions: candidates.versions.filter((one) => one !== version),
      excluded: new Map(candidates.excluded).set(version, {
        by: "index",
        reason: `what it requires is not known: ${reason}`,
      }),
    });
  }

  /** With the requirements that a package manager named in a refusal and no metadata did. */
  private note(name: string, version: string, needs: readonly Need[]): void {
    const told = this.premises.refusals.flatMap(({ requirement }) => {
      if (requirement === undefined) return [];
      const [from = "", of] = requirement.from.split("@");
      if (normaliseName("PyPI", from) !== name || (of !== undefined && of !== version)) return [];
      const required = normaliseName("PyPI", requirement.name);
      return [{ name: required, range: requirement.range, extras: [], under: null }];
    });
    this.known.set(`${name} ${version}`, told.length === 0 ? needs : [...needs, ...told]);
  }

  private immediate(name: string, version: string): readonly string[] {
    return this.risk
      .counted(name, version)
      .filter((hit) => hit.tier === "immediate")
      .map((hit) => hit.advisory);
  }
}

/** The index's words on one listed version. */
export function releaseOf(book: Book, name: string, version: string): Release | undefined {
  return book.candidates(name)?.releases.get(version);
}

/** What a project's lines say of its packages. */
interface Lines {
  readonly heads: ReadonlySet<string>;
  readonly isFlat: boolean;
}

/**
 * Direct packages. In a flat list of pins, where most of what is required is a line of the project too, being a line
 * says nothing: there the packages that no other one requires are the application's own.
 */
function linesOf(book: Book): Lines {
  const { present } = book.premises;
  const required = new Set<string>();
  for (const [name, { version }] of present)
    for (const need of book.needs(name, version) ?? [])
      if (need.under === null && need.name !== name && !seeds.has(need.name)) required.add(need.name);
  const there = [...required].filter((name) => present.has(name));
  const isFlat =
    there.length * 2 >= required.size && there.every((name) => present.get(name)?.direct === true);
  const heads = new Set(
    [...present.values()]
      .filter((one) => one.direct && !(isFlat && required.has(one.name)))
      .map((one) => one.name),
  );
  return { heads, isFlat };
}

async function eachOf<T>(items: readonly T[], act: (item: T) => Promise<void>): Promise<void> {
  const queue = [...items];
  const work = async (): Promise<void> => {
    for (let item = queue.shift(); item !== undefined; item = queue.shift()) await act(item);
  };
  await Promise.all(Array.from({ length: Math.min(concurrency, queue.length) }, work));
}

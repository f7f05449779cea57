import {
  type Dependency,
  type Note,
  type Place,
  type Scope,
  type Target,
  type Unread,
} from "../../model/index.ts";
import { orderOf } from "../../versions/index.ts";
import { ComponentSet } from "../component-set.ts";
import { needing, type Reading } from "../package-manager.ts";
import { fileNameOf, folderOf, joinPath, shownAddress } from "../paths.ts";
import { isPackageName } from "../purl.ts";
import { Markers } from "./markers.ts";
import { parseRequirementLines, type NamedRequirement, type RequirementLine } from "./requirement-lines.ts";

const most = { files: 200, depth: 50 };
const order = orderOf("PyPI");

/**
 * Reads a requirements file with all that it includes. Exact pins whose marker holds for the target are components;
 * ranges are dependencies and said to be unresolved; a constraint counts only for a package that is asked for.
 */
export function readRequirements(
  entry: string,
  files: ReadonlyMap<string, string>,
  target: Target,
  path = folderOf(entry),
): Reading {
  const gathered = gather(entry, files);
  if (gathered.needs.length > 0) return needing(gathered.needs);
  const reader = new Reader(path, target);
  for (const file of gathered.files) reader.read(file);
  for (const file of gathered.files) reader.link(file);
  return {
    needs: [],
    project: {
      path,
      ecosystem: "PyPI",
      manager: "pip",
      files: gathered.files.map((file) => file.path),
      target,
    },
    owns: gathered.files.filter((file) => !file.constraint).map((file) => file.path),
    components: reader.components.list(),
    dependencies: reader.dependencies,
    unread: [...gathered.unread, ...reader.unread],
    notes: reader.notes,
  };
}

interface RequirementsFile {
  readonly path: string;
  readonly constraint: boolean;
  readonly lines: readonly RequirementLine[];
}

interface Gathered {
  readonly needs: string[];
  readonly files: RequirementsFile[];
  readonly unread: Unread[];
}

/** The entry and its includes, each file once, in the order of pip's reading. */
function gather(entry: string, texts: ReadonlyMap<string, string>): Gathered {
  const gathered: Gathered = { needs: [], files: [], unread: [] };
  const seen = new Set<string>();
  const open: string[] = [];
  const visit = (path: string, constraint: boolean): void => {
    const text = texts.get(path);
    if (text === undefined) {
      gathered.needs.push(path);
      return;
    }
    const lines = parseRequirementLines(text);
    gathered.files.push({ path, constraint, lines });
    open.push(path);
    for (const line of lines) {
      if (line.kind !== "include") continue;
      const refuse = (reason: string): void => {
        gathered.unread.push({ path, line: line.line, reason: `${line.path}: ${reason}` });
      };
      if (/^[a-z]+:\/\//i.test(line.path)) {
        refuse("an address; only files are read");
        continue;
      }
      const included = joinPath(folderOf(path), line.path);
      if (included === undefined) refuse("leads out of the folder that is scanned");
      else if (open.includes(included)) refuse("includes itself");
      else if (open.length >= most.depth || seen.size >= most.files) refuse("too many files are included");
      else if (texts.get(included) === "") refuse("absent, unreadable or empty");
      else if (!seen.has(included)) {
        seen.add(included);
        visit(included, constraint || line.constraint);
      }
    }
    open.pop();
  };
  seen.add(entry);
  visit(entry, false);
  return gathered;
}

/** Whether a file by its name holds what only development needs: `requirements-dev.txt`, `test-requirements.txt`, … */
export function scopeOfFile(path: string): Scope {
  return /(?:^|[-_.\d])(?:dev|devel|develop|development|tests?|testing|docs?|lint|linting|ci|jenkins|type|types|typing|mypy|debug|local)(?=[-_.\d]|$)/i.test(
    fileNameOf(path).replace(/\.(?:txt|in)$/i, ""),
  )
    ? "development"
    : "production";
}

class Reader {
  readonly components: ComponentSet;
  readonly dependencies: Dependency[] = [];
  readonly unread: Unread[] = [];
  readonly notes: Note[] = [];
  private readonly project: string;
  private readonly markers: Markers;
  /** Key of the first pin of each package. */
  private readonly pins = new Map<string, string>();
  private readonly constraints = new Map<string, { version: string; place: Place }>();

  constructor(project: string, target: Target) {
    this.project = project;
    this.markers = new Markers(target);
    this.components = new ComponentSet(project, "PyPI");
  }

  /** First pass: pins become components. */
  read(file: RequirementsFile): void {
    const scope = scopeOfFile(file.path);
    for (const line of file.lines) {
      if (line.kind === "bad") this.unread.push({ path: file.path, line: line.line, reason: line.reason });
      else if (line.kind === "location") this.readLocation(file, line, scope);
      else if (line.kind === "option") this.readOption(file, line);
      else if (line.kind === "requirement") this.readRequirement(file, line, scope);
    }
  }

  private readRequirement(file: RequirementsFile, line: NamedRequirement, scope: Scope): void {
    if (line.marker !== undefined && this.markers.holds(line.marker) === undefined)
      this.unread.push({ path: file.path, line: line.line, reason: `marker cannot be read: ${line.marker}` });
    if (line.pin === undefined || !this.isActive(line)) return;
    const place: Place = { path: file.path, line: line.line, source: "lockfile" };
    if (file.constraint) {
      this.constraints.set(line.name, { version: line.pin, place });
      return;
    }
    const isNew = this.components.get(this.components.key(line.name, line.pin)) === undefined;
    const key = this.components.add({
      name: line.name,
      version: line.pin,
      scope,
      direct: line.via?.direct ?? true,
      requirementsKnown: false,
      place,
      ...(line.hashes.length === 0 ? {} : { integrity: line.hashes }),
    });
    if (!this.pins.has(line.name)) this.pins.set(line.name, key);
    else if (isNew) this.note("other", `${line.name} is pinned at several versions`, place);
  }

  private readLocation(
    file: RequirementsFile,
    line: Extract<RequirementLine, { kind: "location" }>,
    scope: Scope,
  ): void {
    const place: Place = { path: file.path, line: line.line, source: "manifest" };
    const how = line.editable ? "an editable install" : "an address, not a release";
    if (line.name !== undefined && !isPackageName("PyPI", line.name)) {
      this.unread.push({ path: file.path, line: line.line, reason: "no valid package name" });
      return;
    }
    if (line.name === undefined || line.version === undefined) {
      const what = line.name ?? "a package";
      this.note("other", `${what} comes from ${line.address}; the file does not show its version`, place);
    }
    if (line.name === undefined) return;
    const to =
      line.version === undefined
        ? null
        : this.components.add({
            name: line.name,
            version: line.version,
            scope,
            direct: true,
            requirementsKnown: false,
            place,
            immovable: `${how}: ${line.address}`,
          });
    this.depend({ name: line.name, requirement: "", kind: kindOf(scope), to, place, satisfied: null });
  }

  private readOption(file: RequirementsFile, line: Extract<RequirementLine, { kind: "option" }>): void {
    if (!/^(?:-i|-f|--(?:extra-)?index-url|--pypi-url|--find-links)$/.test(line.name)) return;
    this.note("other", `${line.name} ${shownAddress(line.value)} is kept; a scan asks no package index`, {
      path: file.path,
      line: line.line,
      source: "manifest",
    });
  }

  /** Second pass: who asks for what, now that every pin is known. */
  link(file: RequirementsFile): void {
    const kind = kindOf(scopeOfFile(file.path));
    if (file.constraint) return;
    for (const line of file.lines) {
      if (line.kind !== "requirement") continue;
      if (line.url !== undefined) this.linkUrl(file, line, kind);
      else if (line.via === undefined || line.via.direct) this.linkDirect(file, line, kind);
      if (line.pin !== undefined) this.linkVia(line, kind);
    }
  }

  private linkDirect(file: RequirementsFile, line: NamedRequirement, kind: Dependency["kind"]): void {
    const active = this.isActive(line);
    const place: Place = {
      path: file.path,
      line: line.line,
      source: line.pin === undefined ? "manifest" : "lockfile",
    };
    if (!active) {
      this.note("inactive", `${line.name}${line.specifier} does not apply here: ${line.marker ?? ""}`, place);
      this.depend({ ...asked(line), kind, to: null, satisfied: null, place });
      return;
    }
    const pinned = line.pin === undefined ? undefined : this.components.key(line.name, line.pin);
    const to = pinned ?? this.pins.get(line.name) ?? this.constrained(line, kind);
    const version = to === null ? undefined : this.components.get(to)?.version;
    const satisfied =
      version === undefined
        ? null
        : line.specifier === `==${version}` ||
          order.satisfies(version, line.specifier, { prereleases: true });
    this.depend({ ...asked(line), kind, to, satisfied, place });
    if (to === null)
      this.note(
        "unresolved",
        `${line.name}${line.specifier === "" ? "" : ` ${line.specifier}`} has no version: nothing here resolves it`,
        place,
      );
  }

  /** A range that a constraints file narrows to one version. */
  private constrained(line: NamedRequirement, kind: Dependency["kind"]): string | null {
    const constraint = this.constraints.get(line.name);
    if (constraint === undefined) return null;
    const key = this.components.add({
      name: line.name,
      version: constraint.version,
      scope: kind === "development" ? "development" : "production",
      direct: true,
      requirementsKnown: false,
      place: constraint.place,
    });
    this.pins.set(line.name, key);
    return key;
  }

  private linkUrl(file: RequirementsFile, line: NamedRequirement, kind: Dependency["kind"]): void {
    const place: Place = { path: file.path, line: line.line, source: "manifest" };
    const address = shownAddress(line.url ?? "");
    this.note("other", `${line.name} comes from ${address}; the file does not show its version`, place);
    this.depend({ ...asked(line), kind, to: null, satisfied: null, place });
  }

  /** The dependents that a compiled file names; it does not say by which range. */
  private linkVia(line: NamedRequirement, kind: Dependency["kind"]): void {
    for (const dependent of line.via?.dependents ?? []) {
      const from = this.pins.get(dependent);
      const to = this.pins.get(line.name);
      if (from === undefined || to === undefined) continue;
      this.dependencies.push({
        project: this.project,
        from,
        name: line.name,
        requirement: "",
        kind,
        to,
        satisfied: true,
      });
    }
  }

  /** A marker that cannot be read does not exclude anything; it is reported when the pins are read. */
  private isActive(line: NamedRequirement): boolean {
    return line.marker === undefined || this.markers.holds(line.marker) !== false;
  }

  private depend(dependency: Omit<Dependency, "project" | "from">): void {
    this.dependencies.push({ project: this.project, from: null, ...dependency });
  }

  private note(kind: Note["kind"], text: string, place: Place): void {
    this.notes.push({ project: this.project, kind, text, place });
  }
}

const kindOf = (scope: Scope): Dependency["kind"] => scope;

function asked(line: NamedRequirement): Pick<Dependency, "name" | "requirement" | "extras" | "marker"> {
  return {
    name: line.name,
    requirement: line.specifier,
    ...(line.extras.length === 0 ? {} : { extras: line.extras }),
    ...(line.marker === undefined ? {} : { marker: line.marker }),
  };
}

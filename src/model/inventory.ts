/** OSV's names of the package ecosystems that Redress works on. */
export type Ecosystem = "npm" | "PyPI";

/** The tool whose files declare and lock a project's dependencies. */
export type ManagerId =
  | "npm"
  | "yarn"
  | "pnpm"
  | "bun"
  | "pip"
  | "poetry"
  | "pipenv"
  | "pdm"
  | "uv"
  /** A bill of materials: a list that somebody made of what is there. */
  | "sbom"
  | "conda";

/** Where a component is used; a production path wins over the others (CycloneDX `scope` in npm's words). */
export type Scope = "production" | "development" | "optional";

/** Where something was found. */
export interface Place {
  /** Relative to the root that was scanned, with forward slashes. */
  readonly path: string;
  /** Counted from 1. */
  readonly line?: number;
  /**
   * `manifest`: what the project asks for; `lockfile`: what was resolved; `environment`: what is installed.
   * A pinned requirements file is both manifest and lockfile and is called `lockfile` for its `==` lines.
   */
  readonly source: "manifest" | "lockfile" | "environment";
  /** The place inside a lockfile: npm's `packages` key, e.g. `node_modules/a/node_modules/b`. */
  readonly at?: string;
}

/** One application part: the files that one package manager resolves together. */
export interface Project {
  /** Folder relative to the root, `"."` for the root itself; unique together with `manager`. */
  readonly path: string;
  readonly ecosystem: Ecosystem;
  readonly manager: ManagerId;
  /** The files that make it, relative to the root, the entry file first. */
  readonly files: readonly string[];
  /** The virtual environment or `node_modules` folder that belongs to it, relative to the root, where it has one. */
  readonly environment?: string;
  /** The target that markers and engines are judged for. */
  readonly target: Target;
}

/** What an upgrade must run on. */
export interface Target {
  /** Full Python version, e.g. `3.11.7`; absent for npm projects. */
  readonly python?: string;
  /** Full Node version, e.g. `20.20.2`; absent for Python projects. */
  readonly node?: string;
  /** Node's `process.platform` and `process.arch`, e.g. `linux-x64`. */
  readonly platform: string;
}

/**
 * One package at one version in one project. Its key is `componentKey()`; several places of the same
 * version (npm's nested copies) are one component.
 */
export interface Component {
  /** `Project.path` */
  readonly project: string;
  readonly ecosystem: Ecosystem;
  /** PyPI names are normalised by PEP 503; npm names are as written. */
  readonly name: string;
  readonly version: string;
  readonly purl: string;
  readonly scope: Scope;
  /** Named by the project's own manifest. */
  readonly direct: boolean;
  readonly places: readonly Place[];
  /** Whether `Inventory.dependencies` lists what this component requires; when not, the package index must say. */
  readonly requirementsKnown: boolean;
  /** Why it may not be moved, where it may not: `bundled`, a URL, a git checkout, an editable install. */
  readonly immovable?: string;
  /** Integrity of the archive as the lockfile gives it: `sha512-…` or `sha256:…`. */
  readonly integrity?: readonly string[];
}

/** One requirement of a component, or of the project itself, and what serves it. */
export interface Dependency {
  /** `Project.path` */
  readonly project: string;
  /** Component key of the dependent; `null` for the project itself. */
  readonly from: string | null;
  /** The required package's name, in the form of `Component.name`. */
  readonly name: string;
  /** The range as the ecosystem writes it: a PEP 440 specifier set or an npm range; `""` is any version. */
  readonly requirement: string;
  readonly kind: "production" | "development" | "optional" | "peer";
  /** A peer that need not be present (npm's `peerDependenciesMeta`). */
  readonly optional?: boolean;
  /** PEP 508 extras asked for, normalised. */
  readonly extras?: readonly string[];
  /** PEP 508 marker text, where there is one. */
  readonly marker?: string;
  /** What the project's own overrides put in the place of `requirement`, where that does not admit what is there. */
  readonly override?: {
    readonly range: string;
    /** npm: what the rule's key names beside the package, `*` for all of it; absent: it holds below some packages only. */
    readonly rule?: string;
  };
  /** Component key that serves it; `null` when nothing does (broken from the start, or an inactive marker). */
  readonly to: string | null;
  /** Whether `to` lies within `requirement`, or is what an override put there; `null` when it does not apply (inactive marker, absent optional). */
  readonly satisfied: boolean | null;
  readonly place?: Place;
}

/** A file, or a part of one, that could not be read. */
export interface Unread {
  readonly path: string;
  readonly reason: string;
  readonly line?: number;
}

/** Something true about the inventory that a person should know and that is neither a finding nor unread. */
export interface Note {
  readonly project: string;
  /** `differs`: file and environment disagree; `unresolved`: a range without a lock; `inactive`: marker excludes it. */
  readonly kind: "differs" | "unresolved" | "inactive" | "other";
  readonly text: string;
  readonly place?: Place;
}

/** Everything found under a root. */
export interface Inventory {
  /** Projects ordered by path. */
  readonly projects: readonly Project[];
  readonly components: readonly Component[];
  readonly dependencies: readonly Dependency[];
  readonly unread: readonly Unread[];
  readonly notes: readonly Note[];
}

/** The identity of a component within an inventory: project, name and version. */
export function componentKey(c: Pick<Component, "project" | "ecosystem" | "name" | "version">): string {
  return `${c.project}|${c.ecosystem}|${c.name}@${c.version}`;
}

/** A PyPI name in its normalised form (PEP 503): lower case, runs of `-`, `_`, `.` become one `-`. */
export function normaliseName(ecosystem: Ecosystem, name: string): string {
  return ecosystem === "PyPI" ? name.toLowerCase().replace(/[-_.]+/g, "-") : name;
}

import * as fs from "node:fs";
import path from "node:path";
import {
  folderOf,
  joinNodeModules,
  managers,
  readInstalledNodeModules,
  type PackageManager,
  type Reading,
} from "../managers/index.ts";
import {
  Failure,
  type Inventory,
  type Project,
  type ProjectSettings,
  type Target,
  type Unread,
} from "../model/index.ts";
import { isInside, relativePath, silent, type Progress } from "../system/index.ts";
import { keepRoots, pathsFor, type Draft } from "./name-projects.ts";
import { joinReadings, withoutDevelopment } from "./join-readings.ts";
import { inspectNodeModules } from "./node-modules.ts";
import { OpenEnvironments } from "./open-environments.ts";
import { targetOf } from "./target.ts";
import { Texts } from "./texts.ts";
import { matchesParts } from "./ignore-rules.ts";
import { walk } from "./walk.ts";

/** What to look at, and how. */
export interface InventoryRequest {
  /** Folder that every path in the result is relative to. */
  readonly root: string;
  /** Folders and files inside the root, absolute or relative to it; absent: the whole root. */
  readonly paths?: readonly string[];
  readonly settings?: readonly ProjectSettings[];
  /** Leave out what only development needs. */
  readonly production?: boolean;
  readonly progress?: Progress;
  readonly signal?: AbortSignal;
  /** What to judge markers for where the tree does not say. */
  readonly target?: Partial<Target>;
  /** Full Python version where neither the tree nor `target` gives one; asked only for a project that needs it. */
  readonly python?: () => Promise<string | undefined>;
}

/**
 * Everything under a root that Redress can read, in one pass; what it cannot read is listed, not thrown.
 * @throws {Failure} `usage` when a path is absent, outside the root or of no kind that is known; `cancelled`.
 */
export async function takeInventory(request: InventoryRequest): Promise<Inventory> {
  const step = (request.progress ?? silent).step("Inventory");
  try {
    const survey = new Survey(request);
    const inventory = await survey.take();
    step.done(`${inventory.components.length} components in ${inventory.projects.length} projects`);
    return inventory;
  } catch (error) {
    step.done("stopped");
    if (request.signal?.aborted === true) throw new Failure("cancelled", "stopped while reading the project");
    throw error;
  }
}

interface Candidate {
  readonly entry: string;
  readonly managers: readonly PackageManager[];
}

class Survey {
  private readonly request: InventoryRequest;
  private readonly root: string;
  private readonly texts: Texts;
  private readonly unread: Unread[] = [];
  private readonly candidates: Candidate[] = [];
  private readonly environments = new Set<string>();
  private readonly installed: OpenEnvironments;
  private manifests: readonly string[] = [];

  constructor(request: InventoryRequest) {
    this.request = request;
    try {
      this.root = fs.realpathSync(request.root);
    } catch {
      throw new Failure("usage", `${request.root} does not exist`, "Name an existing folder.");
    }
    this.texts = new Texts(this.root);
    this.installed = new OpenEnvironments(this.root, this.unread);
  }

  async take(): Promise<Inventory> {
    for (const given of this.request.paths ?? [this.root]) this.find(given);
    const drafts: Draft[] = [];
    for (const { entry, managers: claiming } of this.candidates)
      for (const manager of claiming) {
        this.request.signal?.throwIfAborted();
        const reading = await this.read(entry, manager);
        this.unread.push(...(reading.project === undefined ? reading.unread : []));
        if (reading.project !== undefined)
          drafts.push({ entry, manager, reading: { ...reading, project: reading.project } });
      }
    const kept = keepRoots(drafts);
    const paths = pathsFor(kept);
    const readings: Reading[] = [];
    const claimed = new Set<string>();
    const ordered = [...kept].sort(
      (a, b) => Number(isCalledByFile(a, paths)) - Number(isCalledByFile(b, paths)),
    );
    for (const draft of ordered) {
      const name = paths.get(draft) ?? folderOf(draft.entry);
      readings.push(await this.complete(draft, { name, claimed }));
    }
    for (const at of this.environments) if (!claimed.has(at)) readings.push(await this.environmentAlone(at));
    return joinReadings(this.request.production === true ? readings.map(withoutDevelopment) : readings, {
      isThere: (file) => fs.lstatSync(path.join(this.root, file), { throwIfNoEntry: false }) !== undefined,
      unopened: this.texts.unread,
      unread: this.unread,
    });
  }

  /** Turns a path that was asked for into candidates. */
  private find(given: string): void {
    const whole = path.resolve(this.root, given);
    const stat = fs.statSync(whole, { throwIfNoEntry: false });
    if (stat === undefined)
      throw new Failure("usage", `${given} does not exist`, "Name an existing file or folder.");
    const real = fs.realpathSync(whole);
    if (!isInside(this.root, real))
      throw new Failure(
        "usage",
        `${given} lies outside ${this.request.root}`,
        "Name a path inside the root.",
      );
    const at = relativePath(this.root, real);
    if (stat.isDirectory()) this.findIn(at);
    else this.addFile(at);
  }

  private addFile(at: string): void {
    const claiming = managers.filter((manager) => manager.claims(at));
    // Any text file that is named by hand is taken as a requirements file.
    const asked =
      claiming.length > 0
        ? claiming
        : managers.filter(
            (manager) =>
              manager.id === (/\.(?:txt|in|pip)$/i.test(at) ? "pip" : "sbom") &&
              (manager.id === "pip" || /\.json$/i.test(at)),
          );
    if (asked.length === 0)
      throw new Failure(
        "usage",
        `${at} is of no kind that Redress reads`,
        "Name a lockfile, a requirements file, an SBOM (JSON), a virtual environment or a folder.",
      );
    this.candidates.push({ entry: at, managers: asked });
  }

  private findIn(at: string): void {
    const manifests: string[] = [];
    const found = walk(this.root, at, {
      keep: (file) => {
        if (file.endsWith("package.json")) manifests.push(file);
        return managers.some((manager) => manager.claims(file));
      },
      ...(this.request.signal === undefined ? {} : { signal: this.request.signal }),
    });
    this.unread.push(...found.unread);
    this.manifests = [...this.manifests, ...manifests];
    for (const environment of found.environments) this.environments.add(environment);
    for (const entry of found.files)
      this.candidates.push({ entry, managers: managers.filter((manager) => manager.claims(entry)) });
  }

  /** Lets an adapter ask for files until it has seen what it needs. */
  private async read(
    entry: string,
    manager: PackageManager,
    as: { target?: Target; path?: string } = {},
  ): Promise<Reading> {
    const target = as.target ?? (await this.targetAt(folderOf(entry), manager));
    const files = new Map<string, string>([[entry, await this.texts.read(entry)]]);
    for (let round = 0; ; round++) {
      const reading = manager.read(entry, files, target, as.path);
      if (reading.needs.length === 0) return reading;
      if (round > 100) throw new Failure("internal", `reading ${entry} never ends`);
      for (const need of reading.needs) await this.provide(need, files);
    }
  }

  /** A need may hold `*`: it stands for the manifests of that form that the walk came upon. */
  private async provide(need: string, files: Map<string, string>): Promise<void> {
    if (!need.includes("*")) {
      files.set(need, await this.texts.read(need));
      return;
    }
    files.set(need, "");
    const parts = need.split("/");
    for (const manifest of this.manifests) {
      const own = manifest.split("/");
      if (matchesParts(parts, own)) files.set(manifest, await this.texts.read(manifest));
    }
  }

  /** The target of what lies in a folder before it has a name. */
  private async targetAt(folder: string, manager: PackageManager): Promise<Target> {
    const environment =
      manager.ecosystem === "PyPI" ? this.environmentFor(folder, folder, new Set()) : undefined;
    return this.targetFor(folder, manager, environment);
  }

  private async targetFor(
    folder: string,
    manager: Pick<PackageManager, "ecosystem">,
    environment?: string,
  ): Promise<Target> {
    const configured = this.settingsFor(folder)?.python;
    const installed = environment === undefined ? undefined : this.installed.open(environment)?.python;
    return targetOf({
      root: this.root,
      folder,
      ecosystem: manager.ecosystem,
      caller: this.request.target ?? {},
      ...(this.request.python === undefined ? {} : { ask: this.request.python }),
      ...(configured === undefined ? {} : { configured }),
      ...(installed === undefined ? {} : { installed }),
    });
  }

  private settingsFor(name: string): ProjectSettings | undefined {
    return this.request.settings?.find((one) => path.posix.normalize(one.path) === name);
  }

  /** Gives a draft its name, its target and what is installed for it. */
  private async complete(
    draft: Draft,
    { name, claimed }: { name: string; claimed: Set<string> },
  ): Promise<Reading> {
    const folder = folderOf(draft.entry);
    if (draft.manager.ecosystem === "npm") return this.withNodeModules(await this.renamed(draft, name));
    const environment = this.environmentFor(name, folder, claimed);
    if (environment === undefined) return this.renamed(draft, name);
    claimed.add(environment);
    const target = await this.targetFor(folder, draft.manager, environment);
    const isSame = target.python === draft.reading.project.target.python;
    const reading =
      isSame && draft.reading.project.path === name
        ? draft.reading
        : await this.read(draft.entry, draft.manager, { target, path: name });
    return this.installed.joinTo(reading, environment);
  }

  private async renamed(draft: Draft, name: string): Promise<Reading> {
    return draft.reading.project.path === name
      ? draft.reading
      : this.read(draft.entry, draft.manager, { path: name });
  }

  /** The configured environment, else the first usual one beside the project that no other project has. */
  private environmentFor(name: string, folder: string, claimed: ReadonlySet<string>): string | undefined {
    const configured = this.settingsFor(name)?.environment;
    if (configured !== undefined) return path.posix.normalize(configured);
    return [".venv", "venv", "env"]
      .map((one) => (folder === "." ? one : `${folder}/${one}`))
      .find((at) => !claimed.has(at) && this.installed.isThere(at));
  }

  private async environmentAlone(at: string): Promise<Reading> {
    const folder = ["venv", ".venv", "env"].includes(path.posix.basename(at)) ? folderOf(at) : at;
    const project: Project = {
      path: folder,
      ecosystem: "PyPI",
      manager: "pip",
      files: [],
      environment: at,
      target: await this.targetFor(folder, { ecosystem: "PyPI" }, at),
    };
    return this.installed.joinTo(
      { needs: [], project, components: [], dependencies: [], unread: [], notes: [] },
      at,
    );
  }

  private async withNodeModules(reading: Reading): Promise<Reading> {
    const { project } = reading;
    if (project === undefined || !["npm", "yarn", "pnpm", "bun"].includes(project.manager)) return reading;
    const entry = project.files[0] ?? "";
    const folder = path.posix.join(folderOf(entry), "node_modules");
    const installed = inspectNodeModules(this.root, folder);
    if (installed === undefined) return reading;
    const manifest = await this.texts.read(path.posix.join(folderOf(entry), "package.json"));
    return joinNodeModules(reading, readInstalledNodeModules(installed, project.path, manifest), folder);
  }
}

const isCalledByFile = (draft: Draft, paths: ReadonlyMap<Draft, string>): boolean =>
  paths.get(draft) === draft.entry;

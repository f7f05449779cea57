import * as fs from "node:fs";
import path from "node:path";
import type { InstalledTexts } from "../managers/index.ts";
import { maxTextBytes } from "../system/index.ts";

const most = { packages: 50_000, depth: 50, manifestBytes: 2_000_000 };

/**
 * Folders inside `node_modules` in which every package lies once, as `STORE/KEY/node_modules/NAME`, with links between
 * them: pnpm's, bun's isolated one, and npm's and yarn's linked ones.
 */
const stores: ReadonlySet<string> = new Set([".pnpm", ".bun", ".store"]);

/** What a `node_modules` folder (relative to the root) holds; `undefined` where there is no such folder. */
export function inspectNodeModules(root: string, folder: string): InstalledTexts | undefined {
  const whole = path.join(root, folder);
  if (fs.lstatSync(whole, { throwIfNoEntry: false })?.isDirectory() !== true) return undefined;
  const list = path.join(whole, ".package-lock.json");
  const stat = fs.lstatSync(list, { throwIfNoEntry: false });
  if (stat?.isFile() === true && stat.size <= maxTextBytes)
    return { folder, list: fs.readFileSync(list, "utf8") };
  return new Modules(whole).read(folder);
}

/** Every package's manifest; links are kept as links and never followed. */
class Modules {
  private readonly parent: string;
  private readonly manifests = new Map<string, string>();
  private readonly links = new Map<string, string>();
  private outside = 0;
  private isCapped = false;
  /** Folders of packages that are still to be looked through: their place inside the parent. */
  private readonly stack: { at: string; depth: number }[] = [{ at: "node_modules", depth: 0 }];

  constructor(modules: string) {
    this.parent = path.dirname(modules);
  }

  read(folder: string): InstalledTexts {
    for (let top = this.stack.pop(); top !== undefined && !this.isCapped; top = this.stack.pop())
      this.readFolder(top.at, top.depth);
    const { manifests, links, outside, isCapped } = this;
    return { folder, manifests, links, outside, isCapped };
  }

  private readFolder(at: string, depth: number): void {
    for (const entry of this.entriesOf(at)) {
      const place = `${at}/${entry.name}`;
      if (entry.isSymbolicLink()) this.readLink(place);
      else if (!entry.isDirectory()) continue;
      else if (stores.has(entry.name)) this.readStore(place, depth);
      else if (entry.name.startsWith("@") && !at.endsWith(entry.name)) this.readScope(place, depth);
      else if (!entry.name.startsWith(".")) this.readPackage(place, depth);
    }
  }

  private readScope(at: string, depth: number): void {
    for (const entry of this.entriesOf(at))
      if (entry.isSymbolicLink()) this.readLink(`${at}/${entry.name}`);
      else if (entry.isDirectory()) this.readPackage(`${at}/${entry.name}`, depth);
  }

  private readStore(at: string, depth: number): void {
    for (const entry of this.entriesOf(at))
      if (entry.isSymbolicLink()) this.outside++;
      else if (entry.isDirectory() && entry.name !== "node_modules")
        this.push(`${at}/${entry.name}/node_modules`, depth);
  }

  private readPackage(at: string, depth: number): void {
    if (this.manifests.size >= most.packages) {
      this.isCapped = true;
      return;
    }
    const manifest = path.join(this.parent, at, "package.json");
    const stat = fs.lstatSync(manifest, { throwIfNoEntry: false });
    if (stat?.isFile() !== true || stat.size > most.manifestBytes) return;
    this.manifests.set(at, fs.readFileSync(manifest, "utf8"));
    this.push(`${at}/node_modules`, depth);
  }

  private push(at: string, depth: number): void {
    if (depth >= most.depth) return;
    const stat = fs.lstatSync(path.join(this.parent, at), { throwIfNoEntry: false });
    if (stat?.isDirectory() === true) this.stack.push({ at, depth: depth + 1 });
  }

  /** A link is read, not followed; one that leads elsewhere than to the folders read here is counted. */
  private readLink(at: string): void {
    const given = fs.readlinkSync(path.join(this.parent, at));
    const target = path.isAbsolute(given)
      ? path.relative(this.parent, given)
      : path.posix.normalize(`${path.posix.dirname(at)}/${given}`);
    if (target.startsWith("..") || path.isAbsolute(target)) this.outside++;
    else this.links.set(at, target.replace(/\/$/, ""));
  }

  private entriesOf(at: string): fs.Dirent[] {
    return fs.readdirSync(path.join(this.parent, at), { withFileTypes: true });
  }
}

import * as fs from "node:fs";
import path from "node:path";
import type { InstalledTexts } from "../managers/index.ts";
import { maxTextBytes } from "../system/index.ts";

const most = { packages: 50_000, depth: 50, manifestBytes: 2_000_000 };

/** What a `node_modules` folder (relative to the root) holds; `undefined` where there is no such folder. */
export function inspectNodeModules(root: string, folder: string): InstalledTexts | undefined {
  const whole = path.join(root, folder);
  if (fs.lstatSync(whole, { throwIfNoEntry: false })?.isDirectory() !== true) return undefined;
  const list = path.join(whole, ".package-lock.json");
  const stat = fs.lstatSync(list, { throwIfNoEntry: false });
  if (stat?.isFile() === true && stat.size <= maxTextBytes)
    return { folder, list: fs.readFileSync(list, "utf8") };
  return { folder, manifests: readManifests(whole) };
}

/** Every package's manifest, nested ones included; links (workspaces, pnpm's store) are not followed. */
function readManifests(modules: string): Map<string, string> {
  const manifests = new Map<string, string>();
  const stack = [{ folder: modules, at: "node_modules", depth: 0 }];
  for (let top = stack.pop(); top !== undefined; top = stack.pop()) {
    for (const name of packageNames(top.folder)) {
      if (manifests.size >= most.packages) return manifests;
      const folder = path.join(top.folder, name);
      const at = `${top.at}/${name}`;
      const manifest = path.join(folder, "package.json");
      const stat = fs.lstatSync(manifest, { throwIfNoEntry: false });
      if (stat?.isFile() !== true || stat.size > most.manifestBytes) continue;
      manifests.set(at, fs.readFileSync(manifest, "utf8"));
      const inner = path.join(folder, "node_modules");
      if (top.depth < most.depth && fs.lstatSync(inner, { throwIfNoEntry: false })?.isDirectory() === true)
        stack.push({ folder: inner, at: `${at}/node_modules`, depth: top.depth + 1 });
    }
  }
  return manifests;
}

function packageNames(modules: string): string[] {
  const names: string[] = [];
  for (const entry of fs.readdirSync(modules, { withFileTypes: true })) {
    if (!entry.isDirectory() || entry.name.startsWith(".")) continue;
    if (!entry.name.startsWith("@")) names.push(entry.name);
    else
      for (const scoped of fs.readdirSync(path.join(modules, entry.name), { withFileTypes: true }))
        if (scoped.isDirectory()) names.push(`${entry.name}/${scoped.name}`);
  }
  return names;
}

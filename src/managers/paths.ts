/** Folder of a relative path with forward slashes; `"."` at the top. */
export function folderOf(path: string): string {
  const slash = path.lastIndexOf("/");
  return slash < 0 ? "." : path.slice(0, slash);
}

/** Last part of a relative path. */
export function fileNameOf(path: string): string {
  return path.slice(path.lastIndexOf("/") + 1);
}

/** A path seen from a folder, relative to the root; `undefined` when it is absolute or leads out of the root. */
export function joinPath(folder: string, path: string): string | undefined {
  if (path.startsWith("/") || path.startsWith("~") || /^[A-Za-z]:/.test(path)) return undefined;
  const parts = folder === "." ? [] : folder.split("/");
  for (const part of path.replaceAll("\\", "/").split("/")) {
    if (part === "" || part === ".") continue;
    if (part !== "..") parts.push(part);
    else if (parts.pop() === undefined) return undefined;
  }
  return parts.length === 0 ? "." : parts.join("/");
}

/** An address fit for messages: without user, password, query and fragment. */
export function shownAddress(address: string): string {
  return address
    .replace(/^((?:[a-z+]+:)?\/\/)[^/@]*@/i, "$1")
    .replace(/[?#].*$/, "")
    .slice(0, 200);
}

/** A requirements file as a resolver may read it without running or fetching anything of the project's own. */
export interface ResolverInput {
  readonly text: string;
  /** Lines left out, as written and shortened. */
  readonly leftOut: readonly string[];
}

/**
 * A requirements file without what a resolver cannot judge from an index or may not touch: editable installs, paths,
 * URLs and options other than includes. Left-out lines become comments, so that line numbers stay.
 */
export function toResolverInput(text: string): ResolverInput {
  const leftOut: string[] = [];
  const kept: string[] = [];
  let logical: string[] = [];
  const flush = (): void => {
    if (logical.length === 0) return;
    if (mayStay(logical.join(" "))) kept.push(...logical);
    else {
      leftOut.push(
        (logical[0] ?? "")
          .trim()
          .replace(/\/\/[^/@\s]*@/g, "//")
          .slice(0, 100),
      );
      kept.push(...logical.map(() => "#"));
    }
    logical = [];
  };
  for (const line of text.split(/\r?\n/)) {
    logical.push(line);
    if (!line.endsWith("\\") || line.trimStart().startsWith("#")) flush();
  }
  flush();
  return { text: kept.join("\n"), leftOut };
}

function mayStay(line: string): boolean {
  const content = line.replace(/(^|\s)#.*$/, "").trim();
  if (content === "") return true;
  if (content.startsWith("-"))
    return /^(?:-r|-c|--requirement|--constraint)[\s=]*(?![\s=])/.test(content) && !content.includes("://");
  if (/^[./~]/.test(content) || content.includes("://") || /^[A-Za-z]:[\\/]/.test(content)) return false;
  const requirement = content.split(/\s--|;/)[0] ?? "";
  return !/@|\.(?:whl|zip|tar\.\w+|tgz)\s*$|[/\\]\s*\w/.test(requirement.replace(/\\\s*$/, ""));
}

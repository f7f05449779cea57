import { reasonOf } from "../model/index.ts";
import { orderOf } from "../versions/index.ts";
import { isNpmName } from "./npm-client.ts";
import { bundledNames, objectOf, type Json } from "./npm-document.ts";
import type { NpmUpstream } from "./npm-upstream.ts";
import type { Shelf, Showing, Shown } from "./view.ts";

const abbreviatedType = "application/vnd.npm.install-v1+json";

/** npm's side of a view: documents with only the versions shown, and archives. */
export function npmShelf(upstream: NpmUpstream, showing: Showing, archives: "through" | "view"): Shelf {
  const nameOf = (path: readonly string[]): string | undefined => {
    const name = (path[0]?.startsWith("@") === true ? path.slice(0, 2) : path.slice(0, 1)).join("/");
    return isNpmName(name) ? name : undefined;
  };
  return {
    nameOf,
    async show({ path, accept, base }, signal): Promise<Shown> {
      const name = nameOf(path) ?? "";
      const rest = path.slice(name.split("/").length);
      const isArchive = rest[0] === "-" && rest.length === 2;
      if (rest.length > 0 && !isArchive)
        return { status: 404, reason: "only documents and archives are shown" };
      const versions = showing(name);
      if (versions.length === 0) return { status: 404, reason: "no version of it is allowed" };
      const isAbbreviated = accept.includes(abbreviatedType);
      const got = await upstream.document(name, isAbbreviated ? "abbreviated" : "full", signal);
      if (got.state === "absent") return { status: 404, reason: "the registry does not know it" };
      if (got.state === "refused") return { status: 502, reason: got.reason };
      let document: Json;
      try {
        document = filterDocument(objectOf(JSON.parse(got.answer.body.toString("utf8"))), versions);
      } catch (error) {
        return { status: 502, reason: `its document cannot be read: ${reasonOf(error)}` };
      }
      if (isArchive) return showArchive(document, rest[1] ?? "", upstream, signal);
      if (Object.keys(objectOf(document["versions"])).length === 0)
        return { status: 404, reason: "the registry lists none of the versions allowed" };
      if (archives === "view") rewriteArchives(document, `${base}${name}/-/`);
      return {
        status: 200,
        type: isAbbreviated ? abbreviatedType : "application/json",
        body: JSON.stringify(document),
      };
    },
  };
}

/**
 * A document with only some of its versions; tags that lead to others are dropped, `latest` is the highest shown (no
 * pre-release where there is another), and `bundleDependencies: true` is written out as the list it stands for.
 */
export function filterDocument(document: Json, shown: readonly string[] | "all"): Json {
  const wanted = shown === "all" ? undefined : new Set(shown);
  const versions: Record<string, Json> = Object.create(null) as Record<string, Json>;
  for (const [version, entry] of Object.entries(objectOf(document["versions"])))
    if (wanted?.has(version) ?? true) versions[version] = repairBundles(objectOf(entry));
  const names = Object.keys(versions);
  const tags = Object.entries(objectOf(document["dist-tags"])).filter(
    (entry): entry is [string, string] => typeof entry[1] === "string" && Object.hasOwn(versions, entry[1]),
  );
  const latest = wanted === undefined ? undefined : highest(names);
  const times = Object.entries(objectOf(document["time"])).filter(
    ([key]) => key === "created" || key === "modified" || Object.hasOwn(versions, key),
  );
  return {
    name: document["name"],
    ...(document["modified"] === undefined ? {} : { modified: document["modified"] }),
    "dist-tags": { ...Object.fromEntries(tags), ...(latest === undefined ? {} : { latest }) },
    versions,
    ...(times.length === 0 ? {} : { time: Object.fromEntries(times) }),
  };
}

function highest(versions: readonly string[]): string | undefined {
  const order = orderOf("npm");
  const sorted = [...versions].sort((a, b) => order.compare(b, a));
  return sorted.find((one) => !order.isPrerelease(one)) ?? sorted[0];
}

/** npm itself stumbles over `true` where a document has it. */
function repairBundles(manifest: Json): Json {
  if (manifest["bundleDependencies"] !== true && manifest["bundledDependencies"] !== true) return manifest;
  const { bundleDependencies: _, bundledDependencies: __, ...rest } = manifest;
  return { ...rest, bundleDependencies: bundledNames(manifest) };
}

const fileOf = (address: string): string => {
  const last = URL.canParse(address) ? (new URL(address).pathname.split("/").pop() ?? "") : "";
  try {
    return decodeURIComponent(last);
  } catch {
    return last;
  }
};

function rewriteArchives(document: Json, folder: string): void {
  for (const manifest of Object.values(objectOf(document["versions"]))) {
    const dist = objectOf(objectOf(manifest)["dist"]) as Record<string, unknown>;
    const { tarball } = dist;
    if (typeof tarball === "string") dist["tarball"] = folder + encodeURIComponent(fileOf(tarball));
  }
}

async function showArchive(
  document: Json,
  file: string,
  upstream: NpmUpstream,
  signal: AbortSignal,
): Promise<Shown> {
  const addresses = Object.values(objectOf(document["versions"]))
    .map((manifest) => objectOf(objectOf(manifest)["dist"])["tarball"])
    .filter((one): one is string => typeof one === "string");
  const address = addresses.find((one) => fileOf(one) === file);
  if (address === undefined || !/^https?:/.test(address))
    return { status: 404, reason: `no version allowed has the archive ${file}` };
  const got = await upstream.archive(address, signal);
  if (got.state === "absent") return { status: 404, reason: `${file} is listed but not there` };
  if (got.state === "refused") return { status: 502, reason: got.reason };
  return { status: 200, type: "application/octet-stream", body: got.answer.body };
}

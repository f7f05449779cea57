import path from "node:path";
import type { Evidence } from "../model/index.ts";
import type { Redactions } from "../seal/index.ts";
import { cacheFolder } from "../system/index.ts";
import { rooms } from "./rooms.ts";
import type { Setting } from "./setting.ts";

/** Hosts of code, which manifests name beside those of packages; people point at them in their own words. */
const codeHosts = new Set(["github.com", "gitlab.com", "bitbucket.org", "codeberg.org"]);

/** The evidence as it may be handed to other people: no secrets, no folders of this machine, no hosts of package indexes. */
export async function fitToLeave(setting: Setting, evidence: Evidence): Promise<Evidence> {
  const { redactEvidence } = await rooms.seal();
  return redactEvidence(evidence, await redactionsFor(setting, filesNamedBy(evidence)));
}

/** The files of the projects that evidence speaks of, relative to the root. */
export function filesNamedBy({ plan, inventory }: Evidence): readonly string[] {
  return [
    ...new Set([
      ...(plan?.inputs.files ?? []).map((file) => file.path),
      ...(inventory?.before.projects ?? []).flatMap((project) => project.files),
    ]),
  ];
}

/**
 * What must not leave the machine with what is told of a project: its folders, and where its packages come from by these
 * of its files and by the user's own clients.
 */
export async function redactionsFor(
  { root }: Pick<Setting, "root">,
  files: readonly string[],
): Promise<Redactions> {
  const [{ disk }, seal] = await Promise.all([rooms.run(), rooms.seal()]);
  const texts: string[] = [];
  for (const name of files)
    if (path.basename(name) !== "package.json")
      texts.push(
        await disk.read(path.join(root, name)).then(
          (bytes) => bytes.toString("utf8"),
          () => "",
        ),
      );
  texts.push(...(await indexesOfClients(root)));
  const home = process.env["HOME"];
  const what = {
    folders: [
      { folder: root, shown: "<project>" },
      { folder: cacheFolder(), shown: "<cache>" },
      ...(home === undefined ? [] : [{ folder: home.replace(/\/+$/, ""), shown: "~" }]),
    ],
    hosts: seal.hostsIn(texts).filter((host) => !codeHosts.has(host)),
  };
  return { redact: seal.makeRedact(what), light: seal.makeLightRedact(what) };
}

/** Addresses of every index that npm, pip and uv are configured for; where a client names none there is none to take out. */
async function indexesOfClients(root: string): Promise<string[]> {
  const { readNpmRegistries, readPythonIndexes } = await rooms.releases();
  const [npm, python] = await Promise.all([
    readNpmRegistries({ root }).catch(() => undefined),
    readPythonIndexes({ root }).catch(() => undefined),
  ]);
  return [
    ...(npm === undefined ? [] : [npm.main, ...npm.scopes.values()]),
    ...(python?.indexes ?? []).map((index) => index.url),
  ];
}

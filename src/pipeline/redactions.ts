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
  return redactEvidence(evidence, await redactionsFor(setting, evidence));
}

/** Any value that documents are made from, as it may be handed to other people. */
export async function valueFitToLeave<T>(setting: Setting, value: T): Promise<T> {
  const { redactValue } = await rooms.seal();
  const { redact, light } = await redactionsFor(setting, {});
  return redactValue(value, redact, light) as T;
}

/** The files of the projects that evidence speaks of, relative to the root. */
function filesNamedBy({ plan, inventory }: Pick<Evidence, "plan" | "inventory">): readonly string[] {
  return [
    ...new Set([
      ...(plan?.inputs.files ?? []).map((file) => file.path),
      ...(inventory?.before.projects ?? []).flatMap((project) => project.files),
    ]),
  ];
}

/**
 * What must not leave the machine with evidence: the project's folders, and where its packages come from by its files and
 * by the user's own clients. A host that is called like one of the packages (lockfiles name sponsors' pages, too) stays:
 * evidence without its packages' names is worth nothing.
 */
export async function redactionsFor(
  { root }: Pick<Setting, "root">,
  evidence: Pick<Evidence, "plan" | "inventory">,
): Promise<Redactions> {
  const [{ disk }, seal] = await Promise.all([rooms.run(), rooms.seal()]);
  const texts: string[] = [];
  for (const name of filesNamedBy(evidence))
    if (path.basename(name) !== "package.json")
      texts.push(
        await disk.read(path.join(root, name)).then(
          (bytes) => bytes.toString("utf8"),
          () => "",
        ),
      );
  texts.push(...(await indexesOfClients(root)));
  const packages = new Set(
    [evidence.inventory?.before, evidence.inventory?.after].flatMap((taken) =>
      (taken?.components ?? []).map(({ name }) => name),
    ),
  );
  const home = process.env["HOME"];
  const what = {
    folders: [
      { folder: root, shown: "<project>" },
      { folder: cacheFolder(), shown: "<cache>" },
      ...(home === undefined ? [] : [{ folder: home.replace(/\/+$/, ""), shown: "~" }]),
    ],
    hosts: seal.hostsIn(texts).filter((host) => !codeHosts.has(host) && !packages.has(host)),
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

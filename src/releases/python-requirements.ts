import { Failure, reasonOf, type Requirements } from "../model/index.ts";
import { sha256 } from "../system/index.ts";
import type { Cache } from "./cache.ts";
import { PythonClient } from "./python-client.ts";
import { parseEggRequires } from "./python-egg-info.ts";
import { isStatic, maxMetadataBytes, parseMetadata, type PythonMetadata } from "./python-metadata.ts";
import type { PythonFile } from "./python-page.ts";
import { readZipEntry } from "./remote-zip.ts";
import { findTarEntry } from "./tar-entry.ts";

/** An answer, and whether it would be the same the next time. */
interface Found {
  readonly requirements: Requirements;
  readonly lasting: boolean;
}

/** How much of an sdist is read in search of its PKG-INFO before all of it is. */
const headBytes = 256 * 1024;

/**
 * What one file requires, read with the fewest bytes: the metadata file beside it (PEP 658, 714), else METADATA from
 * inside the wheel by ranges, else PKG-INFO of an sdist whose metadata is static (PEP 643), else what setuptools noted in
 * an sdist that it made; else unknown, with the reason. Remembered by the file's hash; what only this network or moment is to blame for is not remembered.
 */
export async function readRequirements(
  file: PythonFile,
  means: { readonly client: PythonClient; readonly cache: Cache },
  signal?: AbortSignal,
): Promise<Requirements> {
  const { client, cache } = means;
  let passing: Requirements | undefined;
  const key = {
    // Of sdists more is read than there once was.
    kind: file.filename.endsWith(".whl") ? "pypi-requirements-1" : "pypi-requirements-2",
    index: file.hash === undefined ? file.url : "",
    name: file.hash ?? "",
  };
  const kept = await cache.immutable<Requirements>(key, async () => {
    const found = await lookInto(file, client, signal);
    if (found.lasting) return found.requirements;
    passing = found.requirements;
    return undefined;
  });
  return kept ?? passing ?? unknown(`${file.filename} is not in the cache, and this is offline work`);
}

const unknown = (reason: string): Requirements => ({ state: "unknown", reason });
const lasting = (requirements: Requirements): Found => ({ requirements, lasting: true });
const passing = (reason: string): Found => ({ requirements: unknown(reason), lasting: false });

async function lookInto(
  file: PythonFile,
  client: PythonClient,
  signal: AbortSignal | undefined,
): Promise<Found> {
  try {
    const beside = file.metadata === undefined ? undefined : await readBeside(file, client, signal);
    if (beside !== undefined) return lasting(known(beside, `the metadata file beside ${file.filename}`));
    if (file.filename.endsWith(".whl")) return await readWheel(file, client, signal);
    return await readSdist(file, client, signal);
  } catch (error) {
    if (error instanceof Failure) throw error;
    return passing(`${file.filename} cannot be read: ${reasonOf(error)}`);
  }
}

/** The metadata file beside a distribution; `undefined` where it is not served or not the announced one. */
async function readBeside(
  file: PythonFile,
  client: PythonClient,
  signal: AbortSignal | undefined,
): Promise<PythonMetadata | undefined> {
  const got = await client.get(`${file.url}.metadata`, {
    maxBytes: maxMetadataBytes,
    ...(signal === undefined ? {} : { signal }),
  });
  if (got.state === "refused" || got.answer.status !== 200) return undefined;
  const { body } = got.answer;
  if (file.metadata?.toString().startsWith("sha256:") === true && `sha256:${sha256(body)}` !== file.metadata)
    return undefined;
  const metadata = parseMetadata(body.toString("utf8"));
  return metadata.metadataVersion === "" ? undefined : metadata;
}

async function readWheel(
  file: PythonFile,
  client: PythonClient,
  signal: AbortSignal | undefined,
): Promise<Found> {
  const archive = await client.openArchive(file, signal);
  if ("reason" in archive) return notFetched(file, archive);
  const text = await readZipEntry(
    archive,
    (name) => /^[^/]+\.dist-info\/METADATA$/.test(name),
    maxMetadataBytes,
  );
  if (text === undefined) return lasting(unknown(`${file.filename} holds no METADATA`));
  return lasting(known(parseMetadata(text), `METADATA of ${file.filename}`));
}

async function readSdist(
  file: PythonFile,
  client: PythonClient,
  signal: AbortSignal | undefined,
): Promise<Found> {
  const text = await readFromSdist(file, { client, signal }, isPkgInfo);
  if (typeof text !== "string")
    return text ?? lasting(unknown(`${file.filename} holds no PKG-INFO near its start`));
  const metadata = parseMetadata(text);
  if (isStatic(metadata)) return lasting(known(metadata, `PKG-INFO of ${file.filename}`));
  const hint = await readFromSdist(file, { client, signal }, isEggRequires);
  if (typeof hint === "string")
    return lasting({
      state: "known",
      requires: parseEggRequires(hint),
      from: `requires.txt of ${file.filename}, which a build may change`,
    });
  return hint?.lasting === false
    ? hint
    : lasting(
        unknown(
          `${file.filename} states its requirements only when built (metadata ${metadata.metadataVersion})`,
        ),
      );
}

const isPkgInfo = (name: string): boolean => /^(?:\.\/)?[^/]+\/PKG-INFO$/.test(name);
const isEggRequires = (name: string): boolean =>
  /^(?:\.\/)?[^/]+\/(?:[^/]+\/)?[^/]+\.egg-info\/requires\.txt$/.test(name);

/** Text of one file of an sdist; `undefined` where it holds none such near its start, else why it was not read. */
async function readFromSdist(
  file: PythonFile,
  { client, signal }: { readonly client: PythonClient; readonly signal: AbortSignal | undefined },
  wanted: (name: string) => boolean,
): Promise<string | Found | undefined> {
  if (file.filename.endsWith(".zip")) {
    const archive = await client.openArchive(file, signal);
    return "reason" in archive ? notFetched(file, archive) : readZipEntry(archive, wanted, maxMetadataBytes);
  }
  if (!/\.(?:tar\.gz|tgz)$/.test(file.filename))
    return lasting(unknown(`${file.filename} is packed in a way that is not read`));
  for (const count of [headBytes, 8 * 1024 * 1024]) {
    const head = await client.readHead(file, count, signal);
    if ("reason" in head) return notFetched(file, head);
    const search = await findTarEntry(head.body, wanted, maxMetadataBytes);
    if (search.state === "found") return search.text;
    if (head.whole || search.state !== "cut") return undefined;
  }
  return undefined;
}

function notFetched(file: PythonFile, refusal: { readonly status: number; readonly reason: string }): Found {
  // 200: the size and the server's ways decide, yet another day the server may serve parts.
  return passing(
    refusal.status >= 400
      ? `${file.filename} is listed but cannot be fetched: ${refusal.reason}`
      : `${file.filename} cannot be read: ${refusal.reason}`,
  );
}

function known(metadata: PythonMetadata, from: string): Requirements {
  const left = metadata.unreadable.length;
  return {
    state: "known",
    requires: metadata.requires,
    from: left === 0 ? from : `${from}, ${left} unreadable requirement${left === 1 ? "" : "s"} left out`,
  };
}

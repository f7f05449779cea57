import { normaliseName } from "../model/index.ts";
import { sha256 } from "../system/index.ts";
import { orderOf } from "../versions/index.ts";
import { PythonClient } from "./python-client.ts";
import { authorizationFor, readPythonIndexes } from "./python-indexes.ts";
import { acceptPage, parseFilename, parsePage, type PythonFile } from "./python-page.ts";
import type { Shelf, Showing, Shown, ViewRequest } from "./view.ts";

const jsonType = "application/vnd.pypi.simple.v1+json";
const maxPageBytes = 64 * 1024 * 1024;
const maxArchiveBytes = 256 * 1024 * 1024;
/** First segment under which archives are passed on; no package can have the name. */
const filesFolder = "-";

/**
 * Python's side of a view: project pages of the simple index (PEP 503, 691) with only the files of the versions shown.
 * @throws {Failure} `config` or `tool` (`readPythonIndexes`).
 */
export async function pythonShelf(request: ViewRequest, showing: Showing): Promise<Shelf> {
  const indexes = await readPythonIndexes(request);
  const client = new PythonClient(indexes);
  const archives = new Map<string, string>();
  const isBuildable = (name: string): boolean =>
    request.sourcesOnly?.some((one) => normaliseName("PyPI", one) === name) ?? true;
  const nameOf = (path: readonly string[]): string | undefined => {
    const name = path[0] === filesFolder ? archiveName(path) : path.length === 1 ? path[0] : undefined;
    return name !== undefined && /^[a-z0-9](?:[\w.-]*[a-z0-9])?$/i.test(name)
      ? normaliseName("PyPI", name)
      : undefined;
  };
  const addressOf = (file: PythonFile, name: string, base: string): string => {
    const needsKey = Object.keys(authorizationFor(file.url, indexes)).length > 0;
    if (request.archives === undefined ? !needsKey : request.archives === "through") return file.url;
    const key = sha256(file.url).slice(0, 32);
    archives.set(key, file.url);
    return `${base}${filesFolder}/${name}/${key}/${encodeURIComponent(file.filename)}`;
  };
  return {
    nameOf,
    async show({ path, accept, range, base }, signal): Promise<Shown> {
      const name = nameOf(path) ?? "";
      if (path[0] === filesFolder) {
        const url = archives.get(path[2] ?? "");
        if (url === undefined) return { status: 404, reason: "no such archive was shown" };
        const whole = path[3]?.endsWith(".metadata") === true ? `${url}.metadata` : url;
        return passArchive(client, whole, range, signal);
      }
      const versions = showing(name);
      if (versions.length === 0) return { status: 404, reason: "no version of it is allowed" };
      const listed = await filesOf(client, name, signal);
      if ("reason" in listed) return listed;
      const allowed = listed.filter((file) => isShown(file, name, versions));
      const files = allowed
        .filter((file) => isBuildable(name) || hasWheel(file, name, allowed))
        .map((file) => ({ ...file, url: addressOf(file, name, base) }));
      if (files.length === 0) return { status: 404, reason: "the index lists none of the versions allowed" };
      return accept.includes(jsonType)
        ? { status: 200, type: jsonType, body: writeJson(name, files) }
        : { status: 200, type: "text/html; charset=utf-8", body: writeHtml(name, files) };
    },
  };
}

/** Whether a file's version has a wheel, for whatever platform. */
function hasWheel(file: PythonFile, name: string, files: readonly PythonFile[]): boolean {
  const version = parseFilename(file.filename, name)?.version;
  return files.some(
    (one) => one.filename.endsWith(".whl") && parseFilename(one.filename, name)?.version === version,
  );
}

const archiveName = (path: readonly string[]): string | undefined =>
  path.length === 4 ? path[1] : undefined;

function isShown(file: PythonFile, name: string, versions: readonly string[] | "all"): boolean {
  if (versions === "all") return true;
  const version = parseFilename(file.filename, name)?.version;
  const order = orderOf("PyPI");
  return (
    version !== undefined &&
    order.isValid(version) &&
    versions.some((one) => order.compare(one, version) === 0)
  );
}

/** The files that the indexes list, by their strategy: the first that knows the package, or all joined. */
async function filesOf(
  client: PythonClient,
  name: string,
  signal: AbortSignal,
): Promise<readonly PythonFile[] | Extract<Shown, { reason: string }>> {
  const files = new Map<string, PythonFile>();
  const { indexes, strategy } = client.indexes;
  for (const index of indexes) {
    const got = await client.get(`${index.url}${name}/`, {
      headers: { accept: acceptPage },
      maxBytes: maxPageBytes,
      signal,
    });
    if (got.state === "refused" && got.status !== 404 && got.status !== 410)
      return { status: 502, reason: got.reason };
    if (got.state === "refused") continue;
    const { headers, body, url } = got.answer;
    for (const file of parsePage(body.toString("utf8"), headers.get("content-type") ?? "", url))
      if (!files.has(file.filename)) files.set(file.filename, file);
    if (strategy === "first") break;
  }
  return files.size > 0 ? [...files.values()] : { status: 404, reason: "the index does not know it" };
}

async function passArchive(
  client: PythonClient,
  url: string,
  range: string | undefined,
  signal: AbortSignal,
): Promise<Shown> {
  const got = await client.get(url, {
    headers: { "accept-encoding": "identity", ...(range === undefined ? {} : { range }) },
    maxBytes: maxArchiveBytes,
    signal,
  });
  if (got.state === "refused")
    return got.status === 404 || got.status === 410
      ? { status: 404, reason: got.reason }
      : { status: 502, reason: got.reason };
  const { status, headers, body } = got.answer;
  const part = headers.get("content-range");
  return {
    status: status === 206 ? 206 : 200,
    type: "application/octet-stream",
    body,
    headers: { "accept-ranges": "bytes", ...(part === null ? {} : { "content-range": part }) },
  };
}

function writeJson(name: string, files: readonly PythonFile[]): string {
  const versions = new Set(files.flatMap((file) => parseFilename(file.filename, name)?.version ?? []));
  // Version 1.1 (PEP 700) demands sizes.
  const hasSizes = files.every((file) => file.sizeBytes !== undefined);
  return JSON.stringify({
    meta: { "api-version": hasSizes ? "1.1" : "1.0" },
    name,
    ...(hasSizes ? { versions: [...versions] } : {}),
    files: files.map((file) => ({
      filename: file.filename,
      url: file.url,
      hashes: hashesOf(file.hash),
      ...(file.sizeBytes === undefined ? {} : { size: file.sizeBytes }),
      ...(file.publishedAt === undefined ? {} : { "upload-time": file.publishedAt }),
      ...(file.requiresPython === undefined ? {} : { "requires-python": file.requiresPython }),
      ...(file.yanked === undefined ? {} : { yanked: file.yanked === "" ? true : file.yanked }),
      ...(file.metadata === undefined
        ? {}
        : { "core-metadata": file.metadata === true ? true : hashesOf(file.metadata) }),
    })),
  });
}

function hashesOf(hash: string | undefined): Record<string, string> {
  const [algorithm, digest] = hash?.split(":") ?? [];
  return algorithm === undefined || digest === undefined ? {} : { [algorithm]: digest };
}

function writeHtml(name: string, files: readonly PythonFile[]): string {
  const anchors = files.map((file) => {
    const hash = file.hash === undefined ? "" : `#${file.hash.replace(":", "=")}`;
    const metadata = file.metadata === true ? "true" : file.metadata?.replace(":", "=");
    const attributes = [
      `href="${escaped(file.url + hash)}"`,
      ...(file.requiresPython === undefined
        ? []
        : [`data-requires-python="${escaped(file.requiresPython)}"`]),
      ...(file.yanked === undefined ? [] : [`data-yanked="${escaped(file.yanked)}"`]),
      ...(metadata === undefined ? [] : [`data-core-metadata="${escaped(metadata)}"`]),
    ];
    return `<a ${attributes.join(" ")}>${escaped(file.filename)}</a><br>`;
  });
  return [
    "<!DOCTYPE html>",
    `<html><head><meta name="pypi:repository-version" content="1.0"><title>${escaped(name)}</title></head><body>`,
    ...anchors,
    "</body></html>",
    "",
  ].join("\n");
}

const escaped = (text: string): string => text.replace(/[&<>"]/g, (one) => `&#${String(one.charCodeAt(0))};`);

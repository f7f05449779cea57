import { createHash, randomBytes } from "node:crypto";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { makeTarGz, makeZip } from "./python-archives.ts";

/** How the index behaves. */
export interface LoopbackOptions {
  readonly form: "json" | "html";
  readonly ranges: boolean;
  /** Metadata files lie beside the wheels. */
  readonly beside: boolean;
  /** `user:password` that every request must carry. */
  readonly credentials?: string;
}

export interface LoopbackIndex {
  readonly url: string;
  /** `METHOD path status` of every exchange so far. */
  readonly log: string[];
  /** Bytes of file bodies sent so far. */
  sent: number;
  close(): Promise<void>;
}

interface ServedFile {
  readonly filename: string;
  readonly bytes: Buffer;
  readonly metadata?: string;
  readonly requiresPython?: string;
  readonly yanked?: string;
  readonly fault?: "missing" | "cut" | "gone-bad";
}

const metadata = (name: string, version: string, ...lines: string[]): string =>
  [`Metadata-Version: 2.1`, `Name: ${name}`, `Version: ${version}`, ...lines, "", "A description."].join(
    "\n",
  );

function wheel(
  name: string,
  version: string,
  options: { tags?: string; requires?: string[]; padding?: number } & Partial<ServedFile> = {},
): ServedFile {
  const { tags = "py3-none-any", requires = [], padding = 0, ...rest } = options;
  const text = metadata(name, version, ...requires.map((line) => `Requires-Dist: ${line}`));
  const bytes = makeZip([
    [`${name}/__init__.py`, ""],
    [`${name}/data.bin`, randomBytes(padding)],
    [`${name}-${version}.dist-info/METADATA`, text],
    [`${name}-${version}.dist-info/RECORD`, ""],
  ]);
  return { filename: `${name}-${version}-${tags}.whl`, bytes, metadata: text, ...rest };
}

function sdist(name: string, version: string, lines: readonly string[]): ServedFile {
  const text = [...lines, `Name: ${name}`, `Version: ${version}`, "", "Text."].join("\n");
  const folder = `${name}-${version}`;
  return {
    filename: `${folder}.tar.gz`,
    bytes: makeTarGz([
      [`${folder}/setup.py`, "raise SystemExit('never run')"],
      [`${folder}/${name}.egg-info/PKG-INFO`, "Metadata-Version: 2.2\nName: wrong\n\n"],
      [`${folder}/PKG-INFO`, text],
    ]),
  };
}

const packages: Readonly<Record<string, readonly ServedFile[]>> = {
  plain: [
    wheel("plain", "1.0"),
    wheel("plain", "2.0", {
      requires: ["Other_Dep[Fast,x.y] (>=1.0)", 'tool<3; extra == "dev"', "loc @ https://a.example/l.whl"],
    }),
    sdist("plain", "2.0", ["Metadata-Version: 2.1"]),
  ],
  large: [wheel("large", "1.0", { padding: 300_000, requires: ["plain>=1"] })],
  huge: [wheel("huge", "1.0", { padding: 9 * 1024 * 1024, requires: ["plain>=1"] })],
  pulled: [wheel("pulled", "1.0", { yanked: "breaks <things>" }), wheel("pulled", "1.1")],
  "other-target": [
    wheel("other_target", "1.0", { tags: "cp311-cp311-win_amd64" }),
    wheel("other_target", "2.0", { requiresPython: ">=3.12" }),
    wheel("other_target", "3.0", { requiresPython: ">=3.8" }),
  ],
  source: [
    sdist("source", "1.0", ["Metadata-Version: 2.1", "Requires-Dist: plain"]),
    sdist("source", "2.0", ["Metadata-Version: 2.2", "Requires-Dist: plain"]),
    sdist("source", "3.0", ["Metadata-Version: 2.2", "Dynamic: Requires-Dist"]),
  ],
  faulty: [
    wheel("faulty", "1.0", { fault: "missing" }),
    wheel("faulty", "2.0", { fault: "cut" }),
    wheel("faulty", "3.0", { fault: "gone-bad" }),
  ],
};

/** A Python package index on loopback with packages of every kind that a client must cope with. */
export async function openLoopbackIndex(options: LoopbackOptions): Promise<LoopbackIndex> {
  const index = { url: "", log: [] as string[], sent: 0, close: async () => Promise.resolve() };
  const server = createServer((request, response) => {
    response.on("close", () => {
      index.log.push(`${request.method ?? ""} ${request.url ?? ""} ${response.statusCode}`);
    });
    answer(request, response, { options, index });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  index.url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/simple/`;
  index.close = async () => {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  };
  return index;
}

function answer(
  request: IncomingMessage,
  response: ServerResponse,
  context: { readonly options: LoopbackOptions; readonly index: LoopbackIndex },
): void {
  const { options, index } = context;
  const expected = options.credentials && `Basic ${Buffer.from(options.credentials).toString("base64")}`;
  if (expected !== undefined && request.headers.authorization !== expected) {
    response.writeHead(401).end();
    return;
  }
  const [, area = "", name = "", filename = ""] = (request.url ?? "").split("/");
  if (area === "files") {
    sendFile(request, response, { ...context, file: `${name}/${filename}` });
    return;
  }
  const files = packages[name];
  if (name === "failing") response.writeHead(500).end("no");
  else if (name === "torn") {
    response.writeHead(200, {
      "content-type": "application/vnd.pypi.simple.v1+json",
      "content-length": "5000",
    });
    response.write('{"meta": {"api-version": "1.1"}, "files": [', () => request.socket.destroy());
  } else if (name === "garbled")
    response.writeHead(200, { "content-type": "application/json" }).end('{"meta": {"api');
  else if (name === "newer")
    response
      .writeHead(200, { "content-type": "application/json" })
      .end('{"meta": {"api-version": "2.0"}, "files": []}');
  else if (files === undefined) response.writeHead(404).end();
  else if (request.headers["if-none-match"] === '"v1"') response.writeHead(304).end();
  else {
    const origin = new URL(index.url).origin;
    const page =
      options.form === "json" ? jsonPage(name, files, { origin, options }) : htmlPage(name, files, options);
    const type = options.form === "json" ? "application/vnd.pypi.simple.v1+json" : "text/html; charset=utf-8";
    response.writeHead(200, { "content-type": type, etag: '"v1"' }).end(page);
  }
}

const digest = (bytes: Buffer | string): string => createHash("sha256").update(bytes).digest("hex");

function jsonPage(
  name: string,
  files: readonly ServedFile[],
  { origin, options }: { origin: string; options: LoopbackOptions },
): string {
  return JSON.stringify({
    meta: { "api-version": "1.1" },
    name,
    files: files.map((file, number) => ({
      filename: file.filename,
      url: `${origin}/files/${name}/${file.filename}`,
      hashes: { blake2b: "00", sha256: digest(file.bytes) },
      size: file.bytes.length,
      "upload-time": `2024-01-0${number + 1}T00:00:00Z`,
      "requires-python": file.requiresPython ?? null,
      yanked: file.yanked ?? false,
      ...(options.beside && file.metadata !== undefined
        ? { "core-metadata": { sha256: digest(file.metadata) } }
        : {}),
    })),
  });
}

function htmlPage(name: string, files: readonly ServedFile[], options: LoopbackOptions): string {
  const escape = (text: string): string =>
    text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");
  const anchors = files.map((file) => {
    const beside =
      options.beside && file.metadata !== undefined
        ? ` data-core-metadata="sha256=${digest(file.metadata)}"`
        : "";
    const python =
      file.requiresPython === undefined ? "" : ` data-requires-python="${escape(file.requiresPython)}"`;
    const yanked = file.yanked === undefined ? "" : ` data-yanked="${escape(file.yanked)}"`;
    return `<a href="../../files/${name}/${file.filename}#sha256=${digest(file.bytes)}"${python}${yanked}${beside}>${file.filename}</a><br/>`;
  });
  return `<!DOCTYPE html><html><body><!-- <a href="no.whl">no</a> --><h1>Links for ${name}</h1>${anchors.join("\n")}</body></html>`;
}

function sendFile(
  request: IncomingMessage,
  response: ServerResponse,
  context: { readonly options: LoopbackOptions; readonly index: LoopbackIndex; readonly file: string },
): void {
  const { options, index } = context;
  const [name = "", requested = ""] = context.file.split("/");
  const isMetadata = requested.endsWith(".metadata");
  const file = packages[name]?.find((one) => one.filename === requested.replace(/\.metadata$/, ""));
  if (file === undefined || file.fault === "missing" || (isMetadata && !options.beside)) {
    response.writeHead(404).end();
    return;
  }
  let bytes = isMetadata ? Buffer.from(file.metadata ?? "") : file.bytes;
  if (file.fault === "gone-bad") bytes = Buffer.alloc(bytes.length, 7);
  const range = /^bytes=(\d*)-(\d*)$/.exec(request.headers.range ?? "");
  if (file.fault === "cut") {
    response.writeHead(200, { "content-length": String(bytes.length) });
    response.write(bytes.subarray(0, 20), () => request.socket.destroy());
    return;
  }
  const count = (part: Buffer): Buffer => {
    index.sent += part.length;
    return part;
  };
  if (!options.ranges || range === null) {
    response.writeHead(200, { "content-length": String(bytes.length) });
    response.on("error", () => undefined);
    // In pieces, so that a client which stops reading is seen to have stopped.
    const step = 64 * 1024;
    const push = (at: number): void => {
      if (at >= bytes.length) response.end();
      else if (!response.destroyed)
        response.write(count(bytes.subarray(at, at + step)), () => setImmediate(push, at + step));
    };
    push(0);
    return;
  }
  const [, from = "", to = ""] = range;
  const start = from === "" ? Math.max(0, bytes.length - Number(to)) : Number(from);
  const end = from === "" || to === "" ? bytes.length : Math.min(bytes.length, Number(to) + 1);
  response.writeHead(206, { "content-range": `bytes ${start}-${end - 1}/${bytes.length}` });
  response.end(count(bytes.subarray(start, end)));
}

import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";

export interface LoopbackNpm {
  /** Ends with `/`. */
  readonly url: string;
  /** `METHOD path status` of every exchange so far; `full` in front where everything was asked for. */
  readonly log: string[];
  close(): Promise<void>;
}

export interface LoopbackNpmOptions {
  /** The `authorization` header that every request must carry. */
  readonly authorization?: string;
}

type Manifest = Readonly<Record<string, unknown>>;

const packages: Readonly<Record<string, Readonly<Record<string, Manifest>>>> = {
  plain: {
    "1.0.0": {},
    "1.1.0": {
      dependencies: { "@scope/dep": "^1.0.0", renamed: "npm:real@~2.1", both: "1" },
      optionalDependencies: { both: "1" },
      peerDependencies: { must: ">=1", may: "*" },
      peerDependenciesMeta: { may: { optional: true } },
      engines: { node: ">=18" },
    },
    "1.2.0-rc.1": { dependencies: { far: "git+https://host.example/far.git" } },
    "0.9.0": { deprecated: "no longer maintained" },
  },
  "@scope/dep": { "1.0.0": { scripts: { install: "node-gyp rebuild" } } },
  carrier: {
    "1.0.0": { dependencies: { plain: "^1" }, bundleDependencies: true },
    "2.0.0": { dependencies: { plain: "^1" } },
  },
  native: { "1.0.0": { os: ["darwin"] }, "2.0.0": { os: ["!win32"], cpu: ["x64", "arm64"] } },
  gone: { "1.0.0": { dist: {} } },
};

/** An npm registry on loopback with packages of every kind that a client must cope with. */
export async function openLoopbackNpm(options: LoopbackNpmOptions = {}): Promise<LoopbackNpm> {
  const registry = { url: "", log: [] as string[], close: async () => Promise.resolve() };
  const server = createServer((request, response) => {
    response.on("close", () => {
      const isFull = request.headers.accept?.includes("install-v1") !== true;
      registry.log.push(
        `${isFull ? "full " : ""}${request.method ?? ""} ${request.url ?? ""} ${response.statusCode}`,
      );
    });
    answer(request, response, { url: registry.url, authorization: options.authorization });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  registry.url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/npm/`;
  registry.close = async () => {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  };
  return registry;
}

function answer(
  request: IncomingMessage,
  response: ServerResponse,
  { url, authorization }: { url: string; authorization: string | undefined },
): void {
  if (authorization !== undefined && request.headers.authorization !== authorization) {
    response.writeHead(401).end();
    return;
  }
  const [name = "", file] = decodeURIComponent((request.url ?? "").replace(/^\/npm\//, "")).split("/-/");
  const versions = packages[name];
  if (name === "failing") response.writeHead(500).end("no");
  else if (name === "garbled") response.writeHead(200).end("<html>");
  else if (name === "torn") {
    response.writeHead(200, { "content-length": "5000" });
    response.write('{"versions": {', () => request.socket.destroy());
  } else if (versions === undefined) response.writeHead(404).end("{}");
  else if (file !== undefined) response.writeHead(200).end(`archive ${file}`);
  else if (request.headers["if-none-match"] === '"v1"') response.writeHead(304).end();
  else {
    const isFull = request.headers.accept?.includes("install-v1") !== true;
    response
      .writeHead(200, { etag: '"v1"' })
      .end(JSON.stringify(documentOf(name, versions, { url, isFull })));
  }
}

function documentOf(
  name: string,
  versions: Readonly<Record<string, Manifest>>,
  { url, isFull }: { url: string; isFull: boolean },
): object {
  const listed = Object.entries(versions).map(([version, manifest]) => [
    version,
    {
      name,
      version,
      dist: {
        tarball: `${url}${name}/-/${name.split("/").pop() ?? ""}-${version}.tgz`,
        integrity: `sha512-${Buffer.from(`${name}@${version}`).toString("base64")}`,
      },
      ...manifest,
    },
  ]);
  const times = Object.keys(versions).map((version, index) => [
    version,
    `2024-01-0${index + 1}T00:00:00.000Z`,
  ]);
  return {
    name,
    "dist-tags": { latest: Object.keys(versions).at(-1) },
    versions: Object.fromEntries(listed) as object,
    ...(isFull ? { time: Object.fromEntries(times) as object, readme: "Words." } : {}),
  };
}

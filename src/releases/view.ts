import { randomBytes, timingSafeEqual } from "node:crypto";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import { Failure, normaliseName, reasonOf, type Ecosystem } from "../model/index.ts";
import { openNpmUpstream, type NpmUpstream } from "./npm-upstream.ts";
import { npmShelf } from "./view-npm.ts";
import { pythonShelf } from "./view-python.ts";

/** A registry on loopback that shows of each package only some versions. */
export interface View {
  /** Ends with `/`; knows no credentials, and its path cannot be guessed. */
  readonly url: string;
  /** Ends it, and every connection to it. */
  close(): Promise<void>;
  /** Packages that were asked for, in the order of the first request. */
  readonly asked: readonly string[];
  /** Packages of which nothing was shown although asked for, and why: `name: reason`. */
  readonly refused: readonly string[];
}

export interface ViewRequest {
  readonly ecosystem: Ecosystem;
  /** The project's folder, whose client configuration counts. */
  readonly root: string;
  /** Versions shown, by package; an empty list hides the package. */
  readonly allowed: ReadonlyMap<string, readonly string[]>;
  /** What is shown of packages that are not named. */
  readonly others: "all" | "none" | ((name: string) => readonly string[] | "all");
  /**
   * Whether archives keep their own addresses, so that a lockfile names them as it would without the view, or are
   * passed on under the view's (whole, at most 256 MB each), for clients that insist on one host. Default: their own,
   * but for Python files that need credentials.
   */
  readonly archives?: "through" | "view";
  /**
   * Python: of versions that have no wheel nothing is shown, but of these packages, for clients that build what they find
   * no wheel of. Absent: all files are shown.
   */
  readonly sourcesOnly?: readonly string[];
  /** Shares documents between views, for npm. */
  readonly upstream?: NpmUpstream;
  readonly cacheFolder?: string;
  readonly environment?: NodeJS.ProcessEnv;
  readonly signal?: AbortSignal;
}

/** One request, its path taken apart. */
export interface Visit {
  /** Decoded segments of the path after the secret one. */
  readonly path: readonly string[];
  readonly accept: string;
  readonly range?: string;
  /** The view's own address. */
  readonly base: string;
}

export type Shown =
  | {
      readonly status: 200 | 206;
      readonly type: string;
      readonly body: string | Uint8Array;
      readonly headers?: Readonly<Record<string, string>>;
    }
  | { readonly status: 404 | 502; readonly reason: string };

/** What stands behind a view: answers a request for a package, or for one of its archives. */
export interface Shelf {
  /** The package that a path is about. */
  nameOf(path: readonly string[]): string | undefined;
  show(visit: Visit, signal: AbortSignal): Promise<Shown>;
}

/** Which versions of a package a view shows. */
export type Showing = (name: string) => readonly string[] | "all";

const maxConnections = 128;
const requestTimeoutMs = 120_000;
/** Names noted; a client that asks for more is looked after all the same. */
const maxNoted = 100_000;

/**
 * Opens a registry for one command: it passes the user's own registry on with the user's own credentials, and shows
 * of each package only the versions allowed, so that a package manager can choose nothing else.
 * @throws {Failure} `config` or `tool` when the user's registry cannot be told; `unavailable` when it cannot listen.
 */
export async function openView(request: ViewRequest): Promise<View> {
  const showing = showingOf(request);
  const shelf: Shelf =
    request.ecosystem === "npm"
      ? npmShelf(request.upstream ?? (await openNpmUpstream(request)), showing, request.archives ?? "through")
      : await pythonShelf(request, showing);
  const secret = randomBytes(24).toString("base64url");
  const asked = new Set<string>();
  const refused = new Set<string>();
  const ending = new AbortController();
  const server = createServer((incoming, response) => {
    void answer(incoming, response, {
      secret,
      shelf,
      signal: ending.signal,
      note(name, reason) {
        if (asked.size < maxNoted) asked.add(name);
        if (reason !== undefined && refused.size < maxNoted) refused.add(`${name}: ${reason}`);
      },
    });
  });
  const port = await listen(server);
  const close = async (): Promise<void> => {
    ending.abort();
    request.signal?.removeEventListener("abort", onAbort);
    server.closeAllConnections();
    await new Promise<void>((resolve) =>
      server.close(() => {
        resolve();
      }),
    );
  };
  const onAbort = (): void => void close();
  request.signal?.addEventListener("abort", onAbort, { once: true });
  return {
    url: `http://127.0.0.1:${port}/${secret}/`,
    close,
    get asked() {
      return [...asked];
    },
    get refused() {
      return [...refused];
    },
  };
}

function showingOf({ ecosystem, allowed, others }: ViewRequest): Showing {
  const byName = new Map([...allowed].map(([name, versions]) => [normaliseName(ecosystem, name), versions]));
  return (name) => {
    const named = byName.get(normaliseName(ecosystem, name));
    if (named !== undefined) return named;
    return others === "all" ? "all" : others === "none" ? [] : others(name);
  };
}

async function listen(server: Server): Promise<number> {
  server.maxConnections = maxConnections;
  server.requestTimeout = requestTimeoutMs;
  server.headersTimeout = requestTimeoutMs;
  await new Promise<void>((resolve, reject) => {
    server.once("error", (error) => {
      reject(new Failure("unavailable", `cannot listen on loopback: ${error.message}`, "", { cause: error }));
    });
    server.listen(0, "127.0.0.1", resolve);
  });
  const address = server.address();
  if (address === null || typeof address === "string")
    throw new Failure("internal", "the view has no port of its own");
  // The view alone must not keep the process alive.
  server.unref();
  return address.port;
}

interface Answering {
  readonly secret: string;
  readonly shelf: Shelf;
  readonly signal: AbortSignal;
  note(name: string, reason?: string): void;
}

async function answer(request: IncomingMessage, response: ServerResponse, of: Answering): Promise<void> {
  response.on("error", () => undefined); // the client went away
  request.resume();
  const path = segmentsOf(request.url ?? "");
  const isOurs = path !== undefined && isSecret(path[0] ?? "", of.secret);
  if (!isOurs || (request.method !== "GET" && request.method !== "HEAD")) {
    response.writeHead(404).end();
    return;
  }
  const rest = path.slice(1);
  const name = of.shelf.nameOf(rest);
  if (name === undefined) {
    response.writeHead(404).end();
    return;
  }
  const { range } = request.headers;
  const visit = {
    path: rest,
    accept: request.headers.accept ?? "",
    ...(range === undefined ? {} : { range }),
    base: `http://127.0.0.1:${request.socket.localPort ?? 0}/${of.secret}/`,
  };
  const shown = await of.shelf
    .show(visit, of.signal)
    .catch((error: unknown): Shown => ({ status: 502, reason: reasonOf(error) }));
  if ("reason" in shown) {
    of.note(name, shown.reason);
    response
      .writeHead(shown.status, { "content-type": "application/json" })
      .end(JSON.stringify({ error: shown.status === 404 ? "Not found" : shown.reason }));
    return;
  }
  of.note(name);
  const body = Buffer.from(shown.body);
  response
    .writeHead(shown.status, {
      "content-type": shown.type,
      "content-length": body.length,
      "cache-control": "no-store",
      ...shown.headers,
    })
    .end(body);
}

function isSecret(given: string, secret: string): boolean {
  const [a, b] = [Buffer.from(given), Buffer.from(secret)];
  return a.length === b.length && timingSafeEqual(a, b);
}

/** Decoded segments; `%2f` inside one separates too, as npm writes the name of a scoped package. */
function segmentsOf(url: string): string[] | undefined {
  try {
    const [pathname = ""] = url.split("?");
    return decodeURIComponent(pathname)
      .split("/")
      .filter((one) => one !== "");
  } catch {
    return undefined;
  }
}

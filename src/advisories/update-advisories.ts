import { Failure, type Ecosystem } from "../model/index.ts";
import { cacheFolder, silent, type Clock, type Progress } from "../system/index.ts";
import { enrichmentFile, exportFile, type CachedFile } from "./cached-files.ts";
import { defaultEndpoints, type Endpoints } from "./endpoints.ts";
import { refresh, type FetchOptions, type FetchOutcome } from "./fetch-file.ts";
import { openIndex, type IndexKind, type StoreOptions } from "./index-store.ts";

export interface UpdateRequest {
  /** Which exports; both where not given. */
  readonly ecosystems?: readonly Ecosystem[];
  readonly cacheFolder?: string;
  readonly endpoints?: Partial<Endpoints>;
  readonly progress?: Progress;
  readonly signal?: AbortSignal;
  readonly clock?: Clock;
  /** For one attempt of one request. */
  readonly timeoutMs?: number;
  readonly retries?: number;
  /** What is fetched in one request. */
  readonly pieceBytes?: number;
}

/** What became of one file. */
export type Update =
  | { readonly id: string; readonly outcome: FetchOutcome; readonly records: number; readonly digest: string }
  | { readonly id: string; readonly outcome: "failed"; readonly reason: string; readonly hint: string };

/**
 * Fetches the ecosystems' OSV exports, CISA's catalogue and FIRST's scores, each where it has changed. An export is
 * read whole, every entry by its checksum, before it replaces the old one; what fails leaves the old one in place.
 * @throws {Failure} `cancelled`, `storage`
 */
export async function updateAdvisories(request: UpdateRequest = {}): Promise<readonly Update[]> {
  const endpoints = { ...defaultEndpoints, ...request.endpoints };
  const folder = request.cacheFolder ?? cacheFolder();
  const files: { kind: IndexKind; file: CachedFile }[] = [
    ...(request.ecosystems ?? (["npm", "PyPI"] as const)).map((ecosystem) => ({
      kind: "osv" as const,
      file: exportFile(ecosystem, endpoints, folder),
    })),
    { kind: "kev", file: enrichmentFile("kev", endpoints.kev, folder) },
    { kind: "epss", file: enrichmentFile("epss", endpoints.epss, folder) },
  ];
  const updates: Update[] = [];
  for (const { kind, file } of files) updates.push(await updateOne(kind, file, { request, folder }));
  return updates;
}

async function updateOne(
  kind: IndexKind,
  file: CachedFile,
  { request, folder }: { request: UpdateRequest; folder: string },
): Promise<Update> {
  const { signal, timeoutMs, retries, pieceBytes, progress = silent, clock = () => new Date() } = request;
  const store = { kind, folder, clock, ...(signal === undefined ? {} : { signal }) };
  const step = progress.step(`Fetching ${file.id}`);
  const options: FetchOptions = {
    clock,
    ...(signal === undefined ? {} : { signal }),
    ...(timeoutMs === undefined ? {} : { timeoutMs }),
    ...(retries === undefined ? {} : { retries }),
    ...(pieceBytes === undefined ? {} : { pieceBytes }),
    onBytes: (bytes, total) => {
      step.update(`${megabytes(bytes)}${total === undefined ? "" : ` of ${megabytes(total)}`} MB`);
    },
    verify: (part) => verify(part, file, store),
  };
  try {
    const outcome = await refresh(file, options);
    const index = await openIndex(file.path, store);
    const { records, digest } = index.facts;
    index.close();
    step.done(outcome === "unchanged" ? "unchanged" : `${records} records`);
    return { id: file.id, outcome, records, digest };
  } catch (error) {
    if (!(error instanceof Failure) || error.code === "cancelled" || error.code === "storage") throw error;
    step.done("failed");
    return { id: file.id, outcome: "failed", reason: error.message, hint: error.hint };
  }
}

const megabytes = (bytes: number): string => (bytes / 1e6).toFixed(1);

/** Reads the new file whole, which builds its index as well. */
async function verify(part: string, file: CachedFile, store: StoreOptions): Promise<void> {
  const index = await openIndex(part, store);
  const { facts } = index;
  index.close();
  const damaged = facts.unread.find((one) => one.path.startsWith(":"));
  if (facts.records > 0 && (store.kind !== "osv" || damaged === undefined)) return;
  throw new Failure(
    "unavailable",
    damaged === undefined
      ? `what is served as ${file.id} holds no records`
      : `what is served as ${file.id} is damaged: ${damaged.path.slice(1)}: ${damaged.reason}`,
    "The former one is kept. Try again later.",
  );
}

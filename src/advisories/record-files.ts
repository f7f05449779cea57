import * as fs from "node:fs/promises";
import { Failure, reasonOf } from "../model/index.ts";
import { readText } from "../system/index.ts";
import type { LocalSource, SourceFile } from "./local-source.ts";
import { readZip } from "./zip.ts";

/** Where a record stands. */
export interface RecordPlace {
  /** Relative to the source: empty for the source itself, `:entry` in an archive. */
  readonly path: string;
  /** Counted from 1, in files of one record a line. */
  readonly line?: number;
}

/** What is done with the texts of a source. */
export interface RecordSink {
  text(text: string, place: RecordPlace): void;
  problem(place: RecordPlace, reason: string): void;
  readonly signal?: AbortSignal;
}

/** A longer line, or file in an archive, is no record. */
export const maxRecordBytes = 16 * 1024 * 1024;
const chunkBytes = 1024 * 1024;

/** @throws {Failure} `cancelled` when the signal has fired. */
export function stopIfAsked(signal: AbortSignal | undefined): void {
  if (signal?.aborted === true) throw new Failure("cancelled", "stopped while reading advisories");
}

/**
 * Gives the text of every record of a source, one after the other. In a folder a file that cannot be read is a
 * problem and the rest is read.
 * @throws {Failure} `unreadable` when the source is one file and that cannot be read; `cancelled`
 */
export async function readRecords(source: LocalSource, sink: RecordSink): Promise<void> {
  for (const file of source.files) {
    stopIfAsked(sink.signal);
    try {
      await readFile(file, sink);
    } catch (error) {
      const cancelled = error instanceof Failure && (error.code === "cancelled" || error.code === "storage");
      if (cancelled) throw error;
      if (file.path === source.path)
        throw new Failure(
          "unreadable",
          `cannot read advisories from ${file.path}: ${reasonOf(error)}`,
          "Fetch or write the file again.",
          { cause: error },
        );
      sink.problem({ path: file.name }, reasonOf(error));
    }
  }
}

async function readFile(file: SourceFile, sink: RecordSink): Promise<void> {
  const handle = await fs.open(file.path, "r");
  try {
    const head = Buffer.alloc(64 * 1024);
    const { bytesRead } = await handle.read(head, 0, head.length, 0);
    const start = head.subarray(0, bytesRead);
    if (start.subarray(0, 2).toString("latin1") === "PK") await readArchive(handle, file, sink);
    else if (isUtf16(start)) readLines((await readText(file.path)).split("\n"), file, sink);
    else if (holdsLines(file.path, start)) await streamLines(handle, file, sink);
    else sink.text(withoutMark(await readText(file.path)), { path: file.name });
  } finally {
    await handle.close();
  }
}

const isUtf16 = (head: Buffer): boolean =>
  (head[0] === 0xff && head[1] === 0xfe) || (head[0] === 0xfe && head[1] === 0xff);

const withoutMark = (text: string): string => (text.startsWith("\uFEFF") ? text.slice(1) : text);

/** One record a line: by the name, else because the first line is an object by itself. */
function holdsLines(name: string, head: Buffer): boolean {
  if (/\.(jsonl|ndjson)$/i.test(name)) return true;
  const text = withoutMark(head.toString("utf8")).trimStart();
  const end = text.indexOf("\n");
  if (end < 0 || !text.startsWith("{")) return false;
  try {
    JSON.parse(text.slice(0, end));
    return text.slice(end).trim() !== "";
  } catch {
    return false;
  }
}

function readLines(lines: readonly string[], file: SourceFile, sink: RecordSink): void {
  for (const [index, line] of lines.entries())
    if (line.trim() !== "") sink.text(line, { path: file.name, line: index + 1 });
}

/** Reads a file line by line in pieces; memory is bounded by the longest record allowed. */
async function streamLines(handle: fs.FileHandle, file: SourceFile, sink: RecordSink): Promise<void> {
  const lines = new LineCutter(file, sink);
  const chunk = Buffer.alloc(chunkBytes);
  for (let position = 0; ;) {
    stopIfAsked(sink.signal);
    const { bytesRead } = await handle.read(chunk, 0, chunk.length, position);
    if (bytesRead === 0) break;
    position += bytesRead;
    lines.push(chunk.subarray(0, bytesRead));
  }
  lines.end();
}

class LineCutter {
  private readonly file: SourceFile;
  private readonly sink: RecordSink;
  private pending: Buffer[] = [];
  private pendingBytes = 0;
  private line = 1;

  constructor(file: SourceFile, sink: RecordSink) {
    this.file = file;
    this.sink = sink;
  }

  push(chunk: Buffer): void {
    let start = 0;
    for (let end = chunk.indexOf(10); end >= 0; end = chunk.indexOf(10, start)) {
      this.finish(chunk.subarray(start, end));
      start = end + 1;
    }
    const rest = chunk.subarray(start);
    this.pendingBytes += rest.length;
    // The chunk is written over by the next read, so its rest is copied.
    if (this.pendingBytes <= maxRecordBytes) this.pending.push(Buffer.from(rest));
    else this.pending = [];
  }

  end(): void {
    this.finish(Buffer.alloc(0));
  }

  private finish(last: Buffer): void {
    const place = { path: this.file.name, line: this.line++ };
    const bytes = this.pending.length === 0 ? last : Buffer.concat([...this.pending, last]);
    const sizeBytes = this.pendingBytes + last.length;
    this.pending = [];
    this.pendingBytes = 0;
    if (sizeBytes > maxRecordBytes) {
      this.sink.problem(place, `a line of ${sizeBytes} bytes; no record is longer than ${maxRecordBytes}`);
      return;
    }
    const text = bytes.toString("utf8");
    const line = place.line === 1 ? withoutMark(text) : text;
    if (line.trim() !== "") this.sink.text(line, place);
  }
}

async function readArchive(handle: fs.FileHandle, file: SourceFile, sink: RecordSink): Promise<void> {
  await readZip(handle, {
    sizeBytes: file.sizeBytes,
    wants: (name) => /\.json$/i.test(name),
    maxEntryBytes: maxRecordBytes,
    onEntry: (name, content) => {
      stopIfAsked(sink.signal);
      sink.text(withoutMark(content.toString("utf8")), { path: `${file.name}:${name}` });
    },
    onProblem: (name, reason) => {
      sink.problem({ path: `${file.name}:${name}` }, reason);
    },
  });
}

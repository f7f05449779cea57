import path from "node:path";
import { paperRenderers, renderers, type Paper } from "../evidence/index.ts";
import { Failure, type Configuration, type Evidence } from "../model/index.ts";
import { replaceFile } from "../system/index.ts";

/** The parts of the configuration that documents show. */
export function contextOf(
  configuration: Configuration,
): Pick<Evidence, "claims" | "criteria" | "functions" | "contacts" | "tests"> {
  return {
    ...(configuration.claims === undefined ? {} : { claims: configuration.claims }),
    criteria: configuration.criteria,
    functions: configuration.functions,
    contacts: configuration.contacts,
    tests: configuration.tests.map((test) => ({ name: test.name, command: test.argv.join(" ") })),
  };
}

/** Documents by file name, and what there is none of and why, as lines for people. */
export interface Rendered {
  readonly documents: ReadonlyMap<string, Uint8Array>;
  readonly notes: readonly string[];
}

/** The paths of documents that were written, and what was not and why, as lines for people. */
export interface Written {
  readonly documents: readonly string[];
  readonly notes: readonly string[];
}

/**
 * Evidence in the formats named.
 * @throws {Failure} `usage` for a format that there is not.
 */
export async function renderDocuments(
  evidence: Evidence,
  request: { name: string; formats: string },
): Promise<Rendered> {
  const documents = new Map<string, Uint8Array>();
  const notes: string[] = [];
  for (const { format, extension, render } of choose(renderers, request.formats)) {
    const document = await render(evidence);
    if (document === undefined)
      notes.push(`No ${format} document: there is nothing to state, and the format knows no empty document.`);
    else documents.set(`${request.name}.${extension}`, Buffer.from(document));
  }
  return { documents, notes };
}

/** The renderers named, in their order. @throws {Failure} `usage` */
function choose<R extends { readonly format: string }>(from: readonly R[], formats: string): R[] {
  return formats.split(",").map((format) => {
    const renderer = from.find((one) => one.format === format.trim());
    if (renderer !== undefined) return renderer;
    throw new Failure(
      "usage",
      `there is no format ${format}`,
      `There are: ${from.map((one) => one.format).join(", ")}.`,
    );
  });
}

/** Writes a history or a comparison in the formats named; throws as `renderDocuments` does. */
export async function writePaper(
  paper: Paper,
  request: { folder: string; name: string; formats: string },
): Promise<Written> {
  const documents = new Map<string, Uint8Array>();
  for (const renderer of choose(paperRenderers, request.formats))
    documents.set(`${request.name}.${renderer.extension}`, Buffer.from(await renderer.render(paper)));
  return { documents: await writeAll(documents, request.folder), notes: [] };
}

/** Writes evidence in the formats named. Throws as `renderDocuments` does. */
export async function writeDocuments(
  evidence: Evidence,
  request: { folder: string; name: string; formats: string },
): Promise<Written> {
  const { documents, notes } = await renderDocuments(evidence, request);
  return { documents: await writeAll(documents, request.folder), notes };
}

async function writeAll(documents: ReadonlyMap<string, Uint8Array>, folder: string): Promise<string[]> {
  const written: string[] = [];
  for (const [name, bytes] of documents) {
    const file = path.join(folder, name);
    await replaceFile(file, bytes);
    written.push(file);
  }
  return written;
}

import path from "node:path";
import { paperRenderers, renderers, type Paper } from "../evidence/index.ts";
import { Failure, type Configuration, type Evidence } from "../model/index.ts";
import { replaceFile } from "../system/index.ts";

/** The parts of the configuration that documents show. */
export function contextOf(
  configuration: Configuration,
): Pick<Evidence, "criteria" | "functions" | "contacts" | "tests"> {
  return {
    criteria: configuration.criteria,
    functions: configuration.functions,
    contacts: configuration.contacts,
    tests: configuration.tests.map((test) => ({ name: test.name, command: test.argv.join(" ") })),
  };
}

/**
 * Evidence in the formats named, by file name.
 * @throws {Failure} `usage` for a format that there is not.
 */
export async function renderDocuments(
  evidence: Evidence,
  request: { name: string; formats: string },
): Promise<Map<string, Uint8Array>> {
  const chosen = choose(renderers, request.formats);
  const documents = new Map<string, Uint8Array>();
  for (const renderer of chosen)
    documents.set(`${request.name}.${renderer.extension}`, Buffer.from(await renderer.render(evidence)));
  return documents;
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

/** Writes a history or a comparison in the formats named; gives the files' paths. Throws as `renderDocuments` does. */
export async function writePaper(
  paper: Paper,
  request: { folder: string; name: string; formats: string },
): Promise<string[]> {
  const documents = new Map<string, Uint8Array>();
  for (const renderer of choose(paperRenderers, request.formats))
    documents.set(`${request.name}.${renderer.extension}`, Buffer.from(await renderer.render(paper)));
  return writeAll(documents, request.folder);
}

/** Writes evidence in the formats named; gives the files' paths. Throws as `renderDocuments` does. */
export async function writeDocuments(
  evidence: Evidence,
  request: { folder: string; name: string; formats: string },
): Promise<string[]> {
  return writeAll(await renderDocuments(evidence, request), request.folder);
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

import path from "node:path";
import { renderers } from "../evidence/index.ts";
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
 * Writes evidence in the formats named; gives the files' paths.
 * @throws {Failure} `usage` for a format that there is not.
 */
export async function writeDocuments(
  evidence: Evidence,
  request: { folder: string; name: string; formats: string },
): Promise<string[]> {
  const chosen = request.formats.split(",").map((format) => {
    const renderer = renderers.find((one) => one.format === format.trim());
    if (renderer === undefined)
      throw new Failure(
        "usage",
        `there is no format ${format}`,
        `There are: ${renderers.map((one) => one.format).join(", ")}.`,
      );
    return renderer;
  });
  const written: string[] = [];
  for (const renderer of chosen) {
    const file = path.join(request.folder, `${request.name}.${renderer.extension}`);
    await replaceFile(file, renderer.render(evidence));
    written.push(file);
  }
  return written;
}

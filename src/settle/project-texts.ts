import path from "node:path";
import { Failure } from "../model/index.ts";
import { isInside, readText } from "../system/index.ts";
import type { SettleRequest } from "./settle-request.ts";

/**
 * The texts of a project's own files, by path relative to the root.
 * @throws {Failure} `unreadable` when one lies outside of the root or cannot be read.
 */
export async function projectTexts({ root, project }: SettleRequest): Promise<Map<string, string>> {
  const texts = new Map<string, string>();
  for (const file of project.files) {
    const absolute = path.resolve(root, file);
    if (!isInside(root, absolute))
      throw new Failure(
        "unreadable",
        `${file} lies outside the project's root`,
        "Plan from a root that holds it.",
      );
    texts.set(file, await readText(absolute));
  }
  return texts;
}

import * as fs from "node:fs";
import { rm } from "node:fs/promises";
import path from "node:path";

/**
 * Removes what lies at a path, of a folder also all that is in it; links go, what they lead to stays. Nothing there is no
 * error.
 * @throws what Node throws for the first thing that cannot be removed.
 */
export async function removeFolder(file: string): Promise<void> {
  try {
    if (fs.lstatSync(file, { throwIfNoEntry: false })?.isDirectory() === true) await removeBelow(file);
  } catch {
    // Something was written meanwhile, or may not be removed: the patient way tries again, or says what it is.
  }
  await rm(file, { recursive: true, force: true, maxRetries: 2 });
}

/** With synchronous calls, which take a third of the time; the pauses let all else go on. */
async function removeBelow(top: string): Promise<void> {
  const folders = [top];
  let count = 0;
  // Grows while it is walked.
  for (const folder of folders)
    for (const entry of fs.readdirSync(folder, { withFileTypes: true })) {
      const place = path.join(folder, entry.name);
      if (entry.isDirectory()) folders.push(place);
      else fs.unlinkSync(place);
      if (++count % 500 === 0) await new Promise((resolve) => setImmediate(resolve));
    }
  for (const folder of folders.reverse()) fs.rmdirSync(folder);
}

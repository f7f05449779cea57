import * as fs from "node:fs";
import path from "node:path";
import { Failure, reasonOf, type Unread } from "../model/index.ts";
import { isInside, keepYoungMemorySmall, maxTextBytes, readText } from "../system/index.ts";
import { codeOf } from "./walk.ts";

/** From here on a file is worth keeping memory low for: a lockfile of some 4,000 packages. */
const largeBytes = 1_500_000;

/** The texts of a tree's files, each read once; what is outside the root, a link out of it, or unreadable is `""`. */
export class Texts {
  readonly unread: Unread[] = [];
  private readonly root: string;
  private readonly known = new Map<string, string>();

  constructor(root: string) {
    this.root = root;
  }

  /** Text of a file by its path relative to the root; `""` where there is none. */
  async read(file: string): Promise<string> {
    const known = this.known.get(file);
    if (known !== undefined) return known;
    const text = await this.load(file);
    this.known.set(file, text);
    return text;
  }

  private async load(file: string): Promise<string> {
    const whole = path.join(this.root, file);
    const stat = fs.lstatSync(whole, { throwIfNoEntry: false });
    if (stat === undefined || stat.isDirectory()) return "";
    try {
      // A folder on the way may be a link too.
      if (!isInside(this.root, fs.realpathSync(whole)))
        return this.refuse(file, "a link that leads out of the root");
      if (stat.size > maxTextBytes)
        return this.refuse(file, `has ${stat.size} bytes, more than the ${maxTextBytes} that are read`);
      if (stat.size > largeBytes) keepYoungMemorySmall();
      const text = await readText(whole);
      // Lines as the oldest editors end them.
      return text.includes("\n") ? text : text.replaceAll("\r", "\n");
    } catch (error) {
      const cause = error instanceof Failure && error.cause !== undefined ? error.cause : error;
      const words = cause instanceof Failure ? reasonOf(cause).replaceAll(whole, "it") : codeOf(cause);
      return this.refuse(file, `cannot be read: ${words}`);
    }
  }

  private refuse(path: string, reason: string): "" {
    this.unread.push({ path, reason });
    return "";
  }
}

import * as fs from "node:fs";
import path from "node:path";
import { joinEnvironment, type Reading } from "../managers/index.ts";
import { Failure, type Note, type Unread } from "../model/index.ts";
import { isInside } from "../system/index.ts";
import { inspectEnvironment, type Environment } from "./environment.ts";

/** The virtual environments below a root, each read once. */
export class OpenEnvironments {
  private readonly root: string;
  private readonly unread: Unread[];
  private readonly opened = new Map<string, Environment>();

  /** What is wrong with them is noted in `unread`. */
  constructor(root: string, unread: Unread[]) {
    this.root = root;
    this.unread = unread;
  }

  /** Whether a folder, relative to the root, is an environment. */
  isThere(at: string): boolean {
    const folder = path.join(this.root, at);
    return (
      fs.lstatSync(folder, { throwIfNoEntry: false })?.isDirectory() === true &&
      fs.lstatSync(path.join(folder, "pyvenv.cfg"), { throwIfNoEntry: false })?.isFile() === true
    );
  }

  /** An environment's content, read once; what is wrong with it is noted once. */
  open(at: string): Environment | undefined {
    const known = this.opened.get(at);
    if (known !== undefined) return known;
    try {
      if (!isInside(this.root, fs.realpathSync(path.join(this.root, at))))
        throw new Failure("unreadable", "it leads out of the root");
      const environment = inspectEnvironment(this.root, at);
      this.opened.set(at, environment);
      this.unread.push(...environment.unread);
      return environment;
    } catch (error) {
      const reason = error instanceof Failure ? error.message : "cannot be read";
      if (!this.unread.some((one) => one.path === at)) this.unread.push({ path: at, reason });
      return undefined;
    }
  }

  /** A project's reading with what is installed for it. */
  joinTo(reading: Reading, at: string): Reading {
    const environment = this.open(at);
    if (environment === undefined || reading.project === undefined) return reading;
    const joined = joinEnvironment(reading, environment.distributions, at);
    if (!environment.seesSystem) return joined;
    const note: Note = {
      project: reading.project.path,
      kind: "other",
      text: `${at} also sees packages installed outside of it; those are not read`,
    };
    return { ...joined, notes: [...joined.notes, note] };
  }
}

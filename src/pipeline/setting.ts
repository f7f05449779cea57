import type { AdvisoryRequest } from "../advisories/index.ts";
import type { Configuration, Person } from "../model/index.ts";
import type { Clock, Programs, Progress } from "../system/index.ts";

/** Where and by what Redress works: made once by the command line. */
export interface Setting {
  /** Absolute path of the project's root. */
  readonly root: string;
  /** Absolute paths inside the root to look at; absent: the whole root. */
  readonly paths?: readonly string[];
  readonly configuration: Configuration;
  /** Advisory sources as `--advisories` takes them. */
  readonly advisories: readonly string[];
  /** Where the exploitation catalogues lie, and OSV where it is not the public one. */
  readonly advisoryOptions?: Pick<AdvisoryRequest, "kev" | "epss" | "endpoints">;
  /** RFC 3339. */
  readonly asOf?: string;
  /** Who works: the name given, and the account of the machine. */
  readonly by?: Person;
  readonly offline: boolean;
  readonly production: boolean;
  readonly tool: { readonly name: string; readonly version: string };
  /** The programs of this machine, looked for when first asked. */
  readonly programs: () => Promise<Programs>;
  /** Version of the Python to judge a project by that names none; asked only for such a project. */
  readonly python: () => Promise<string | undefined>;
  readonly clock: Clock;
  readonly progress: Progress;
  readonly signal?: AbortSignal;
}

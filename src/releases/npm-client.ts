import { Failure } from "../model/index.ts";
import { ask, limiter, shown, type Answer } from "../system/index.ts";
import type { NpmRegistries } from "./npm-registries.ts";

/** What a package's document is asked for in: the form for installing, or everything. */
export type NpmForm = "abbreviated" | "full";

const accepts: Readonly<Record<NpmForm, string>> = {
  abbreviated: "application/vnd.npm.install-v1+json; q=1.0, application/json; q=0.8",
  full: "application/json",
};

/** An answer of a registry, or why there was none that is of use. */
export type NpmGot =
  | { readonly state: "answered"; readonly answer: Answer }
  | { readonly state: "absent" }
  | { readonly state: "refused"; readonly reason: string };

/** Exchanges at once. */
const maxExchanges = 20;
/** The largest document that is read, in bytes; the largest known full ones have some 50 MB. */
const maxDocumentBytes = 128 * 1024 * 1024;
const maxArchiveBytes = 256 * 1024 * 1024;

/** Whether a text can be a package's name and nothing else (a path, an address). */
export function isNpmName(name: string): boolean {
  return (
    name.length <= 214 && /^(?:@[\w.~-]+\/)?[a-z0-9_~-][\w.~!'()*-]*$/i.test(name) && !name.includes("..")
  );
}

/** The HTTP side of the npm registries: credentials and a bound on exchanges. Holds no cache. */
export class NpmClient {
  readonly registries: NpmRegistries;
  private readonly bounded = limiter(maxExchanges);

  constructor(registries: NpmRegistries) {
    this.registries = registries;
  }

  /**
   * A package's document. A 404 and kin is an answer, and a refusal comes in words.
   * @throws {Failure} `unavailable` when the registry does not answer at all; `cancelled`.
   */
  async document(
    name: string,
    form: NpmForm,
    options: {
      readonly validators?: Readonly<Record<string, string>>;
      readonly signal?: AbortSignal | undefined;
    } = {},
  ): Promise<NpmGot> {
    if (!isNpmName(name)) return { state: "refused", reason: "it is no package name" };
    const url = this.registries.registryFor(name) + name.replace("/", "%2f");
    return this.get(url, { accept: accepts[form], ...options.validators }, maxDocumentBytes, options.signal);
  }

  /** A file that a document named; whole, at most 256 MB. */
  async archive(url: string, signal?: AbortSignal): Promise<NpmGot> {
    return this.get(url, {}, maxArchiveBytes, signal);
  }

  private async get(
    url: string,
    headers: Readonly<Record<string, string>>,
    maxBytes: number,
    signal: AbortSignal | undefined,
  ): Promise<NpmGot> {
    const answer = await this.bounded(async () =>
      ask(url, {
        headers: { ...this.registries.authorizationFor(url), ...headers },
        maxBytes,
        ...(signal === undefined ? {} : { signal }),
      }),
    );
    const { status } = answer;
    if (status === 404 || status === 410 || status === 451) return { state: "absent" };
    if (status === 401 || status === 403)
      return {
        state: "refused",
        reason: `${shown(url)} is refused (${status}): check the credentials in npm's configuration`,
      };
    if (status >= 400) return { state: "refused", reason: `${shown(url)} answers ${status}` };
    return { state: "answered", answer };
  }
}

/** The registry answers nothing: told apart from a package that is not there. */
export function isSilence(error: unknown): error is Failure {
  return error instanceof Failure && error.code === "unavailable";
}

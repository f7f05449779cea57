import dns from "node:dns";

type Answer = readonly unknown[];
type Callback = (...answer: Answer) => void;
/** `dns.lookup` in the form in which sockets call it. */
export type Lookup = (host: string, options: object, callback: Callback) => void;

/** How long an answer is good for; name servers' own times are not told by `dns.lookup`. */
const keptMs = 60_000;

/**
 * A look-up that asks once for a name however many sockets are opened to it at a time: each look-up takes one of libuv's
 * four threads, and twenty of one name hold up everything else that needs them. Failures are not kept.
 */
export function shareLookups(lookup: Lookup, now: () => number = () => performance.now()): Lookup {
  const known = new Map<string, { readonly at: number; readonly answer: Promise<Answer> }>();
  return (host, options, callback) => {
    const key = JSON.stringify([host, options]);
    let entry = known.get(key);
    if (entry === undefined || now() - entry.at > keptMs) {
      const answer = new Promise<Answer>((resolve) => {
        lookup(host, options, (...given) => {
          if (given[0] instanceof Error) known.delete(key);
          resolve(given);
        });
      });
      entry = { at: now(), answer };
      known.set(key, entry);
    }
    void entry.answer.then((given) => {
      // Out of the promise, so that what the callback throws is the socket's to hear of.
      process.nextTick(callback, ...given);
    });
  };
}

let isShared = false;

/** Lets all sockets of this process share their look-ups. */
export function useSharedLookups(): void {
  if (isShared) return;
  isShared = true;
  const own = dns as unknown as { lookup: Lookup };
  const shared = shareLookups(own.lookup);
  const plain = own.lookup as (...words: unknown[]) => void;
  const replacement = (...words: unknown[]): void => {
    const [host, options, callback] = words;
    // Without options it is some other caller's.
    if (
      typeof host === "string" &&
      typeof options === "object" &&
      options !== null &&
      typeof callback === "function"
    )
      shared(host, options, callback as Callback);
    else plain(...words);
  };
  // `util.promisify` finds its own form among the properties.
  Object.defineProperties(replacement, Object.getOwnPropertyDescriptors(plain));
  own.lookup = replacement;
}

/** Where a value stands in a JSON text; offsets, `end` exclusive. */
export interface JsonNode {
  /** Offset of the quote that opens its key; of the value itself where it has none. */
  readonly keyStart: number;
  readonly start: number;
  readonly end: number;
  /** Fields of an object, down to the depth that was asked for. */
  readonly fields?: ReadonlyMap<string, JsonNode>;
}

/** Positions in a small JSON text that JSON.parse accepts, for edits that keep its formatting; else `undefined`. */
export function scanJson(text: string, depth = 6): JsonNode | undefined {
  try {
    JSON.parse(text.startsWith("\ufeff") ? text.slice(1) : text);
  } catch {
    return undefined;
  }
  const scanner = new Scanner(text);
  return scanner.value(scanner.skip(text.startsWith("\ufeff") ? 1 : 0), depth);
}

/** Walks text that is known to be valid. */
class Scanner {
  private readonly text: string;

  constructor(text: string) {
    this.text = text;
  }

  skip(from: number): number {
    let at = from;
    while (/[\s,:]/.test(this.text.charAt(at))) at++;
    return at;
  }

  private stringEnd(start: number): number {
    let at = start + 1;
    while (this.text.charAt(at) !== '"') at += this.text.charAt(at) === "\\" ? 2 : 1;
    return at + 1;
  }

  value(start: number, depth: number, keyStart = start): JsonNode {
    const first = this.text.charAt(start);
    if (first === '"') return { keyStart, start, end: this.stringEnd(start) };
    if (first === "{" && depth > 0) return this.object(start, depth, keyStart);
    if (first === "{" || first === "[") return { keyStart, start, end: this.nestEnd(start) };
    let end = start;
    while (end < this.text.length && !/[\s,\]}]/.test(this.text.charAt(end))) end++;
    return { keyStart, start, end };
  }

  private object(start: number, depth: number, keyStart: number): JsonNode {
    const fields = new Map<string, JsonNode>();
    let at = this.skip(start + 1);
    while (this.text.charAt(at) === '"') {
      const keyEnd = this.stringEnd(at);
      const key = JSON.parse(this.text.slice(at, keyEnd)) as string;
      const node = this.value(this.skip(keyEnd), depth - 1, at);
      fields.set(key, node);
      at = this.skip(node.end);
    }
    return { keyStart, start, end: at + 1, fields };
  }

  private nestEnd(start: number): number {
    let open = 0;
    let at = start;
    do {
      const character = this.text.charAt(at);
      if (character === '"') {
        at = this.stringEnd(at);
        continue;
      }
      if (character === "{" || character === "[") open++;
      else if (character === "}" || character === "]") open--;
      at++;
    } while (open > 0);
    return at;
  }
}

import { boundedMemo } from "./bounded-memo.ts";

/** One side of a comparison. */
export type MarkerOperand =
  { readonly kind: "variable"; readonly name: string } | { readonly kind: "text"; readonly value: string };

export const markerOperators = ["===", "==", "~=", "!=", "<=", ">=", "<", ">", "in", "not in"] as const;
export type MarkerOperator = (typeof markerOperators)[number];

/** A PEP 508 marker as a tree. */
export type MarkerNode =
  | { readonly kind: "and" | "or"; readonly nodes: readonly MarkerNode[] }
  | {
      readonly kind: "compare";
      readonly left: MarkerOperand;
      readonly operator: MarkerOperator;
      readonly right: MarkerOperand;
    };

/** Variables of PEP 508 and the older spellings that setuptools wrote. */
const variables: ReadonlyMap<string, string> = new Map([
  ...[
    "python_version",
    "python_full_version",
    "os_name",
    "sys_platform",
    "platform_release",
    "platform_system",
    "platform_version",
    "platform_machine",
    "platform_python_implementation",
    "implementation_name",
    "implementation_version",
    "extra",
  ].map((name) => [name, name] as const),
  ["os.name", "os_name"],
  ["sys.platform", "sys_platform"],
  ["platform.version", "platform_version"],
  ["platform.machine", "platform_machine"],
  ["platform.python_implementation", "platform_python_implementation"],
  ["python_implementation", "platform_python_implementation"],
]);

/** Bounds on hostile input: characters of a marker and nesting of its parentheses. */
const maxLength = 16_384;
const maxDepth = 64;

type Token =
  | { readonly kind: "text"; readonly value: string }
  | { readonly kind: "word"; readonly value: string }
  | { readonly kind: "symbol"; readonly value: string };

const tokenGrammar = /\s*(?:"([^"]*)"|'([^']*)'|([A-Za-z_][A-Za-z0-9_.]*)|(===|==|~=|!=|<=|>=|[<>()]))/y;

function tokenise(text: string): Token[] | undefined {
  const tokens: Token[] = [];
  const end = text.trimEnd().length;
  tokenGrammar.lastIndex = 0;
  while (tokenGrammar.lastIndex < end) {
    const match = tokenGrammar.exec(text);
    if (match === null) return undefined;
    const [, double, single, word, symbol] = match;
    if (word !== undefined) tokens.push({ kind: "word", value: word });
    else if (symbol !== undefined) tokens.push({ kind: "symbol", value: symbol });
    else tokens.push({ kind: "text", value: double ?? single ?? "" });
  }
  return tokens;
}

/** Thrown and caught inside this file only: a marker is read whole or not at all. */
class UnreadableMarker extends Error {}

class MarkerReader {
  private readonly tokens: readonly Token[];
  private position = 0;
  private depth = 0;

  constructor(tokens: readonly Token[]) {
    this.tokens = tokens;
  }

  readAll(): MarkerNode {
    const node = this.readChain("or");
    if (this.position !== this.tokens.length) throw new UnreadableMarker();
    return node;
  }

  private readChain(kind: "and" | "or"): MarkerNode {
    const next = (): MarkerNode => (kind === "or" ? this.readChain("and") : this.readAtom());
    const first = next();
    const nodes = [first];
    while (this.take("word", kind)) nodes.push(next());
    return nodes.length === 1 ? first : { kind, nodes };
  }

  private readAtom(): MarkerNode {
    if (this.take("symbol", "(")) {
      if (++this.depth > maxDepth) throw new UnreadableMarker();
      const inner = this.readChain("or");
      if (!this.take("symbol", ")")) throw new UnreadableMarker();
      this.depth--;
      return inner;
    }
    const left = this.readOperand();
    const operator = this.readOperator();
    const right = this.readOperand();
    // A comparison of two texts says nothing about an environment; PEP 508 tools refuse it.
    if (left.kind === "text" && right.kind === "text") throw new UnreadableMarker();
    return { kind: "compare", left, operator, right };
  }

  private readOperand(): MarkerOperand {
    const token = this.tokens[this.position++];
    if (token?.kind === "text") return token;
    const name = token?.kind === "word" ? variables.get(token.value) : undefined;
    if (name === undefined) throw new UnreadableMarker();
    return { kind: "variable", name };
  }

  private readOperator(): MarkerOperator {
    if (this.take("word", "in")) return "in";
    if (this.take("word", "not")) {
      if (this.take("word", "in")) return "not in";
      throw new UnreadableMarker();
    }
    const token = this.tokens[this.position++];
    const operator =
      token?.kind === "symbol" ? markerOperators.find((one) => one === token.value) : undefined;
    if (operator === undefined) throw new UnreadableMarker();
    return operator;
  }

  private take(kind: Token["kind"], value: string): boolean {
    const token = this.tokens[this.position];
    if (token?.kind !== kind || token.value !== value) return false;
    this.position++;
    return true;
  }
}

function parse(text: string): MarkerNode | undefined {
  if (text.length > maxLength) return undefined;
  const tokens = tokenise(text);
  if (tokens === undefined) return undefined;
  try {
    return new MarkerReader(tokens).readAll();
  } catch (thrown) {
    if (thrown instanceof UnreadableMarker) return undefined;
    throw thrown;
  }
}

/** Reads a marker (PEP 508, "Environment markers"); `undefined` where the grammar refuses it. */
export const parseMarker: (text: string) => MarkerNode | undefined = boundedMemo(parse, 8192);

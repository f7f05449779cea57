declare module "spdx-expression-parse" {
  /** A license, perhaps with later versions of it (`plus`) and an exception, or two of these joined. */
  export type SpdxNode =
    | { readonly license: string; readonly plus?: true; readonly exception?: string }
    | { readonly left: SpdxNode; readonly conjunction: "and" | "or"; readonly right: SpdxNode };
  /** @throws {Error} for what is no SPDX license expression. */
  export default function parse(expression: string): SpdxNode;
}

declare module "spdx-satisfies" {
  /** Whether licenses from the list are enough for an expression. */
  export default function satisfies(expression: string, approved: readonly string[]): boolean;
}

/** A document apart from any format: what every renderer is given. */
export interface Document {
  readonly title: string;
  readonly blocks: readonly Block[];
}

/** Text with marks; a plain string has none. */
export type Inline = string | readonly Span[];
export type Span =
  | string
  | { readonly code: string }
  | { readonly strong: string }
  /** `href` is an address made by us, never one from outside. */
  | { readonly text: string; readonly href: string };

export type Block =
  | { readonly kind: "heading"; readonly level: 2 | 3; readonly text: string }
  | { readonly kind: "paragraph"; readonly text: Inline }
  | {
      readonly kind: "table";
      readonly head: readonly string[];
      readonly rows: readonly (readonly Inline[])[];
    }
  | { readonly kind: "list"; readonly items: readonly Inline[] }
  | {
      readonly kind: "checklist";
      readonly items: readonly { readonly done: boolean; readonly text: Inline }[];
    }
  | { readonly kind: "code"; readonly lines: readonly string[] }
  /** Where a list of the sections stands, in formats that have pages. */
  | { readonly kind: "contents" }
  /** The end of a page, in formats that have pages. */
  | { readonly kind: "page-end" };

export const heading = (level: 2 | 3, text: string): Block => ({ kind: "heading", level, text });
export const paragraph = (...spans: readonly Span[]): Block => ({ kind: "paragraph", text: spans });
export const table = (head: readonly string[], rows: readonly (readonly Inline[])[]): Block => ({
  kind: "table",
  head,
  rows,
});
export const list = (items: readonly Inline[]): Block => ({ kind: "list", items });
export const code = (text: string): Span => ({ code: text });
export const strong = (text: string): Span => ({ strong: text });
export const link = (text: string, href: string): Span => ({ text, href });
export const checklist = (items: readonly { done: boolean; text: Inline }[]): Block => ({
  kind: "checklist",
  items,
});
export const commands = (lines: readonly string[]): Block => ({ kind: "code", lines });

/** The bare text of a span. */
export function textOfSpan(span: Span): string {
  if (typeof span === "string") return span;
  return "code" in span ? span.code : "strong" in span ? span.strong : span.text;
}

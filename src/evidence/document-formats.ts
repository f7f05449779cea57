import { documentAsHtml } from "./html.ts";
import type { Document } from "./document.ts";
import { documentAsMarkdown } from "./markdown.ts";
import { asJson } from "./subject.ts";

/** What is rendered beside evidence: a history, a comparison. */
export interface Paper {
  readonly document: Document;
  /** RFC 3339. */
  readonly madeAt: string;
  /** SVG figures for formats that show them. */
  readonly drawings: string;
  /** What JSON gives instead of the document. */
  readonly value: unknown;
}

/** One format of a paper. */
export interface PaperRenderer {
  readonly format: string;
  readonly extension: string;
  render(paper: Paper): string | Promise<Uint8Array>;
}

/** The formats for people, and JSON. */
export const paperRenderers: readonly PaperRenderer[] = [
  { format: "md", extension: "md", render: ({ document }) => documentAsMarkdown(document) },
  {
    format: "html",
    extension: "html",
    render: ({ document, drawings }) => documentAsHtml(document, drawings),
  },
  {
    format: "pdf",
    extension: "pdf",
    render: async ({ document, madeAt }) => (await import("./pdf.ts")).documentAsPdf(document, madeAt),
  },
  { format: "json", extension: "json", render: ({ value }) => asJson(value) },
];

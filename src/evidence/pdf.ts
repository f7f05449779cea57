import { createRequire } from "node:module";
import path from "node:path";
import type { Content, TableCell, TDocumentDefinitions } from "pdfmake/interfaces.js";
import type { Evidence } from "../model/index.ts";
import { describe } from "./describe.ts";
import { textOfSpan, type Block, type Document, type Inline, type Span } from "./document.ts";

/** The part of pdfmake that is used; its types describe the browser's. */
interface PdfMake {
  setFonts(fonts: Record<string, Record<string, string>>): void;
  setLocalAccessPolicy(allow: (file: string) => boolean): void;
  setUrlAccessPolicy(allow: (address: string) => boolean): void;
  createPdf(definition: TDocumentDefinitions): { getBuffer(): Promise<Buffer> };
}

const require = createRequire(import.meta.url);

/** The evidence as PDF: tables, page numbers, links from the contents; the same evidence, the same bytes. */
export async function renderPdf(evidence: Evidence): Promise<Uint8Array> {
  return documentAsPdf(describe(evidence), evidence.madeAt);
}

/** Any document as PDF, dated `madeAt` (RFC 3339). */
export async function documentAsPdf(document: Document, madeAt: string): Promise<Uint8Array> {
  const pdfmake = require("pdfmake") as PdfMake;
  const fonts = path.join(path.dirname(require.resolve("pdfmake/package.json")), "fonts", "Roboto");
  pdfmake.setFonts({
    Roboto: {
      normal: path.join(fonts, "Roboto-Regular.ttf"),
      bold: path.join(fonts, "Roboto-Medium.ttf"),
      italics: path.join(fonts, "Roboto-Italic.ttf"),
      bolditalics: path.join(fonts, "Roboto-MediumItalic.ttf"),
    },
  });
  pdfmake.setLocalAccessPolicy((file) => path.dirname(file) === fonts);
  pdfmake.setUrlAccessPolicy(() => false);
  return pdfmake.createPdf(definitionOf(document, madeAt)).getBuffer();
}

function definitionOf({ title, blocks }: Document, madeAt: string): TDocumentDefinitions {
  const time = Date.parse(madeAt);
  const made = new Date(Number.isNaN(time) ? 0 : time);
  return {
    // The file's id is made of this: fixed, so that the bytes are.
    info: { title, creationDate: made, modDate: made, producer: "redress", creator: "redress" },
    pageSize: "A4",
    pageMargins: [42, 48, 42, 52],
    defaultStyle: { font: "Roboto", fontSize: 9, lineHeight: 1.15, color: "#1c2430" },
    styles: {
      title: { fontSize: 22, bold: true, margin: [0, 0, 0, 12] },
      h2: { fontSize: 14, bold: true, margin: [0, 16, 0, 6] },
      h3: { fontSize: 11, bold: true, margin: [0, 10, 0, 4] },
    },
    footer: (page: number, pages: number) => ({
      columns: [{ text: printable(title) }, { text: `${page} / ${pages}`, alignment: "right" }],
      margin: [42, 18, 42, 0],
      fontSize: 8,
      color: "#5b6675",
    }),
    content: [{ text: printable(title), style: "title" }, ...blocks.map(render)],
  };
}

/** Most rows of one table: laying out more takes minutes, and nobody leafs through them. */
const mostRows = 400;

function render(block: Block): Content {
  switch (block.kind) {
    case "heading":
      return {
        text: printable(block.text),
        style: `h${block.level}`,
        outline: block.level === 2,
        ...(block.level === 2 ? { tocItem: true } : {}),
      };
    case "paragraph":
      return { text: inline(block.text), margin: [0, 2, 0, 4] };
    case "list":
      return {
        ul: [
          ...block.items.slice(0, mostRows).map((item): Content => ({ text: inline(item) })),
          ...more(block.items),
        ],
        margin: [0, 2, 0, 6],
      };
    case "checklist":
      return {
        stack: [...block.items.slice(0, mostRows).map(checkLine), ...more(block.items)],
        margin: [0, 2, 0, 6],
      };
    case "code":
      return {
        stack: block.lines.map((line): Content => ({ text: printable(line), wordBreak: "break-all" })),
        fontSize: 8,
        margin: [8, 2, 0, 8],
        color: "#334155",
      };
    case "contents":
      return {
        toc: { title: { text: "Contents", style: "h2" }, numberStyle: { color: "#5b6675" } },
        pageBreak: "after",
      };
    case "page-end":
      return { text: "", pageBreak: "after" };
    case "table":
      return table(block);
  }
}

const more = (all: readonly unknown[]): Content[] =>
  all.length > mostRows
    ? [
        {
          text: `… and ${all.length - mostRows} more, which the HTML and JSON documents list.`,
          italics: true,
        },
      ]
    : [];

/** A box, ticked or not, drawn: the font has none. */
function checkLine(item: { done: boolean; text: Inline }): Content {
  return {
    columns: [
      {
        width: 14,
        canvas: [
          { type: "rect", x: 0, y: 2, w: 7, h: 7, lineWidth: 0.7, lineColor: "#5b6675" },
          ...(item.done
            ? [
                {
                  type: "polyline" as const,
                  points: [
                    { x: 1.2, y: 5.5 },
                    { x: 3, y: 7.6 },
                    { x: 6.2, y: 3.2 },
                  ],
                  lineWidth: 1.1,
                  lineColor: "#2f6f4f",
                },
              ]
            : []),
        ],
      },
      { width: "*", text: inline(item.text) },
    ],
    margin: [2, 1, 0, 1],
  };
}

function table(block: Block & { kind: "table" }): Content {
  const rows = block.rows.slice(0, mostRows);
  const fontSize = block.head.length > 6 ? 7 : 8;
  const cell = (text: Inline, tinted: boolean): TableCell => ({
    text: inline(text),
    fontSize,
    wordBreak: "break-all",
    ...(tinted ? { fillColor: "#f5f7fa" } : {}),
  });
  return {
    stack: [
      {
        table: {
          headerRows: 1,
          keepWithHeaderRows: 1,
          widths: widthsOf(block.head, rows, fontSize),
          body: [
            block.head.map((text) => ({ text: printable(text), bold: true, fontSize, color: "#5b6675" })),
            ...rows.map((row, index) => row.map((text) => cell(text, index % 2 === 1))),
          ],
        },
        layout: {
          hLineWidth: (row: number) => (row === 1 ? 0.8 : 0.4),
          vLineWidth: () => 0,
          hLineColor: (row: number) => (row === 1 ? "#5b6675" : "#dde3ea"),
          paddingLeft: () => page.padding / 2,
          paddingRight: () => page.padding / 2,
        },
      },
      ...more(block.rows),
    ],
    margin: [0, 4, 0, 8],
  };
}

/** Width of the text on a page in points (A4 without its margins), and what cells and letters take of it. */
const page = { width: 511, padding: 8, letter: 0.6 };

/** Widths by what the columns hold: none narrower than its longest usual word, the rest shared out by length. */
function widthsOf(head: readonly string[], rows: readonly (readonly Inline[])[], fontSize: number): number[] {
  const letter = fontSize * page.letter;
  const needs = head.map((title, column) => {
    const cells = [title, ...rows.map((row) => plain(row[column] ?? ""))];
    const words = cells.flatMap((cell) => cell.split(/\s+/)).map((word) => word.length);
    const lengths = cells.map((cell) => Math.min(70, cell.length));
    const mean = lengths.reduce((sum, one) => sum + one, 0) / lengths.length;
    const least = Math.min(20, largest(words)) * letter + page.padding;
    return { least, wanted: Math.max(least, ((largest(lengths) + mean) / 2) * letter + page.padding) };
  });
  const least = needs.reduce((sum, one) => sum + one.least, 0);
  const more = needs.reduce((sum, one) => sum + one.wanted - one.least, 0);
  const shrink = Math.min(1, page.width / least);
  const spare = Math.max(0, page.width - least);
  return needs.map(
    (need) =>
      need.least * shrink +
      (more === 0 ? spare / needs.length : (spare * (need.wanted - need.least)) / more) -
      page.padding,
  );
}

const largest = (numbers: readonly number[]): number => numbers.reduce((most, one) => Math.max(most, one), 0);

const plain = (text: Inline): string => (typeof text === "string" ? text : text.map(textOfSpan).join(""));

function inline(text: Inline): Content[] {
  return (typeof text === "string" ? [text] : text).map(span);
}

function span(part: Span): Content {
  if (typeof part === "string") return { text: breakable(part), wordBreak: "normal" };
  if ("strong" in part) return { text: breakable(part.strong), bold: true };
  if ("href" in part) return { text: breakable(part.text), link: part.href, color: "#2b6cb0" };
  return { text: printable(part.code), fontSize: 7, color: "#334155", wordBreak: "break-all" };
}

/** Very long words are broken anywhere; others only between words. */
const breakable = (text: string): string =>
  printable(text).replace(/\S{24,}/g, (word) => word.match(/.{1,12}/g)?.join("\u200b") ?? word);

/** What the font has no sign for is written as its code point, so that nothing is lost or shown as something else. */
function printable(text: string): string {
  return text
    .replaceAll("→", "›")
    .replace(/[\s\u0000-\u001f]+/g, " ")
    .replace(
      /[^\u0020-\u007e\u00a0-\u017f\u0384-\u038a\u038e-\u03a1\u03a3-\u03ce\u0400-\u0486\u0488-\u0513\u1ea0-\u1ef9\u2010\u2011\u2013-\u2015\u2018-\u201e\u2020-\u2022\u2026\u2030\u2039\u203a\u20ac\u2116\u2122\u2212\u2248\u2260\u2264\u2265]/gu,
      (character) => `\\u{${(character.codePointAt(0) ?? 0).toString(16)}}`,
    );
}

import type { Evidence } from "../model/index.ts";
import { describe } from "./describe.ts";
import type { Block, Document, Inline, Span } from "./document.ts";

/** The evidence as GitHub-flavoured Markdown. Text from outside cannot form markup. */
export function renderMarkdown(evidence: Evidence): string {
  return documentAsMarkdown(describe(evidence));
}

/** Any document as Markdown. */
export function documentAsMarkdown({ title, blocks }: Document): string {
  return `# ${escape(title)}\n\n${renderBlocks(blocks)}\n`;
}

/** Blocks as Markdown, with blank lines between them. */
export function renderBlocks(blocks: readonly Block[]): string {
  return blocks
    .map(renderBlock)
    .filter((part) => part !== "")
    .join("\n\n");
}

function renderBlock(block: Block): string {
  switch (block.kind) {
    case "heading":
      return `${"#".repeat(block.level)} ${escape(block.text)}`;
    case "paragraph":
      return inline(block.text);
    case "list":
      return block.items.map((item) => `- ${inline(item)}`).join("\n");
    case "checklist":
      return block.items.map((item) => `- [${item.done ? "x" : " "}] ${inline(item.text)}`).join("\n");
    case "code":
      return ["```sh", ...block.lines.map((line) => line.replaceAll("```", "")), "```"].join("\n");
    // Nothing is needed for pages here.
    case "contents":
    case "page-end":
      return "";
    case "table":
      return [
        `| ${block.head.map(escape).join(" | ")} |`,
        `| ${block.head.map(() => "---").join(" | ")} |`,
        ...block.rows.map((row) => `| ${row.map(inline).join(" | ")} |`),
      ].join("\n");
  }
}

function inline(text: Inline): string {
  return typeof text === "string" ? escape(text) : text.map(span).join("");
}

function span(part: Span): string {
  if (typeof part === "string") return escape(part);
  if ("href" in part) return `[${escape(part.text)}](${part.href})`;
  // Blanks inside the marks would keep them from being marks (CommonMark, section 6.2).
  if ("strong" in part)
    return escape(part.strong).replace(/^( *)(.*?)( *)$/, (_, left: string, text: string, right: string) =>
      text === "" ? left : `${left}**${text}**${right}`,
    );
  // A code span takes no escapes: what would end it or the table cell is replaced.
  return `\`${oneLine(part.code).replaceAll("`", "'").replaceAll("|", "\\|")}\``;
}

const oneLine = (text: string): string => text.replace(/[\s\u0000-\u001f\u007f]+/g, " ");

/** Escapes every character that Markdown or HTML could take as markup. */
function escape(text: string): string {
  return oneLine(text)
    .replace(/[\\`*_{}[\]<>|~#]/g, (character) =>
      character === "<" ? "&lt;" : character === ">" ? "&gt;" : `\\${character}`,
    )
    .replace(/&(?!lt;|gt;)/g, "&amp;");
}

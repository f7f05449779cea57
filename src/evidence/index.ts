/** Documents: one snapshot of evidence in, text out; one file a format. */
import type { Evidence } from "../model/index.ts";
import { renderHtml } from "./html.ts";
import { renderMarkdown } from "./markdown.ts";

/** One format of document. */
export interface Renderer {
  readonly format: string;
  /** File name extension. */
  readonly extension: string;
  render(evidence: Evidence): string;
}

/** Every format there is. */
export const renderers: readonly Renderer[] = [
  { format: "md", extension: "md", render: renderMarkdown },
  { format: "html", extension: "html", render: renderHtml },
  { format: "json", extension: "json", render: (evidence) => `${JSON.stringify(evidence, null, 2)}\n` },
];
export { describeWeakness } from "./weakness-names.ts";

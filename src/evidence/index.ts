/** Documents: one snapshot of evidence in, text out; one file a format. */
import type { Evidence } from "../model/index.ts";
import { renderCsaf } from "./csaf.ts";
import { renderCycloneDx } from "./cyclonedx.ts";
import { renderGithubSummary } from "./github-summary.ts";
import { renderGitlab } from "./gitlab.ts";
import { renderHtml } from "./html.ts";
import { renderJunit } from "./junit.ts";
import { renderMarkdown } from "./markdown.ts";
import { renderOpenVex } from "./openvex.ts";
import { renderSarif } from "./sarif.ts";
import { renderSpdx } from "./spdx.ts";
import { asJson } from "./subject.ts";

/** One format of document. */
export interface Renderer {
  readonly format: string;
  /** What is put behind the name of the document, as the format's own readers look for it. */
  readonly extension: string;
  /** `undefined` where there is nothing to state and the format knows no document without a statement. */
  readonly render: (evidence: Evidence) => string | undefined | Promise<Uint8Array>;
}

/** Every format there is: for people first, then for machines. */
export const renderers: readonly Renderer[] = [
  { format: "md", extension: "md", render: renderMarkdown },
  { format: "html", extension: "html", render: renderHtml },
  {
    format: "pdf",
    extension: "pdf",
    // The library is large: it is loaded only for this format.
    render: async (evidence) => (await import("./pdf.ts")).renderPdf(evidence),
  },
  { format: "json", extension: "json", render: asJson },
  { format: "sarif", extension: "sarif", render: renderSarif },
  { format: "cyclonedx", extension: "cdx.json", render: renderCycloneDx },
  { format: "openvex", extension: "openvex.json", render: renderOpenVex },
  { format: "csaf", extension: "csaf.json", render: renderCsaf },
  { format: "spdx", extension: "spdx.json", render: renderSpdx },
  { format: "junit", extension: "junit.xml", render: renderJunit },
  { format: "github", extension: "github.md", render: renderGithubSummary },
  { format: "gitlab", extension: "gl-dependency-scanning-report.json", render: renderGitlab },
];
export { controls, type Control } from "./controls.ts";
export { describeWeakness } from "./weakness-names.ts";
export { burnDownChart } from "./charts.ts";
export { paperRenderers, type Paper } from "./document-formats.ts";
export { describeComparison } from "./describe-comparison.ts";
export { describeHistory } from "./describe-history.ts";
export { foldHistory, type Past } from "./history.ts";

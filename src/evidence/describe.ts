import type { Evidence } from "../model/index.ts";
import type { Document } from "./document.ts";
import {
  checklistSection,
  closingSection,
  rollbackSection,
  strategySection,
  testingSection,
  timelineSection,
} from "./plan-sections.ts";
import {
  conclusion,
  criteriaSection,
  factsSection,
  remainingSection,
  riskSection,
  summarySection,
  unreadSection,
} from "./sections.ts";
import { heading, paragraph } from "./document.ts";

const titles = { plan: "Remediation plan", run: "Update summary", state: "State of dependencies" } as const;

/** The document that some evidence amounts to, in the order a reader needs it. */
export function describe(evidence: Evidence): Document {
  return {
    title: titles[evidence.kind],
    blocks: [
      ...factsSection(evidence),
      ...summarySection(evidence),
      ...riskSection(evidence.before),
      ...strategySection(evidence),
      ...checklistSection(evidence),
      ...testingSection(evidence),
      ...criteriaSection(evidence),
      ...remainingSection(evidence),
      ...rollbackSection(evidence),
      ...timelineSection(evidence),
      ...unreadSection(evidence.before),
      ...closingSection(evidence),
      heading(2, "Conclusion"),
      paragraph(conclusion(evidence)),
    ],
  };
}

import type { Evidence } from "../model/index.ts";
import {
  complianceSection,
  contactsSection,
  inputsSection,
  monitoringSection,
  risksSection,
} from "./closing-sections.ts";
import { claimsSection } from "./claims-section.ts";
import { controlsSection } from "./controls.ts";
import { heading, paragraph, type Document } from "./document.ts";
import { conclusion, frontPage, metricsSection, recordSection } from "./front.ts";
import { checklistSection, nextSection, strategySection, timelineSection } from "./plan-sections.ts";
import {
  measurementsSection,
  productionSection,
  rollbackSection,
  stepsSection,
  testingSection,
} from "./run-sections.ts";
import {
  criteriaSection,
  functionsSection,
  remainingSection,
  riskSection,
  unreadSection,
} from "./sections.ts";
import { text } from "./text.ts";

/** The document that some evidence amounts to, in the order a reader needs it (`docs/reports.md`). */
export function describe(evidence: Evidence): Document {
  return {
    title: text.titles[evidence.kind],
    blocks: [
      ...frontPage(evidence),
      ...recordSection(evidence),
      ...riskSection(evidence.before),
      ...claimsSection(evidence),
      ...functionsSection(evidence),
      ...strategySection(evidence),
      ...checklistSection(evidence),
      ...stepsSection(evidence),
      ...testingSection(evidence),
      ...productionSection(evidence),
      ...measurementsSection(evidence),
      ...criteriaSection(evidence),
      ...metricsSection(evidence),
      ...remainingSection(evidence),
      ...timelineSection(evidence),
      ...nextSection(evidence),
      ...rollbackSection(evidence),
      ...risksSection(evidence),
      ...monitoringSection(evidence),
      ...contactsSection(evidence),
      ...complianceSection(evidence),
      ...unreadSection(evidence.before),
      ...inputsSection(evidence),
      heading(2, text.headings.conclusion),
      paragraph(conclusion(evidence)),
      ...controlsSection(evidence),
    ],
  };
}

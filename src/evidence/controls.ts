import type { Evidence } from "../model/index.ts";
import { heading, table, type Block } from "./document.ts";
import { text } from "./text.ts";

/** A requirement of a standard, and the records of Redress that an auditor is shown for it. */
export interface Control {
  /** The standard and its edition. */
  readonly source: string;
  readonly id: string;
  readonly about: string;
  /** Headings of this document, or files of the record. */
  readonly answeredBy: string;
}

/** Requirements on vulnerability and patch management that a run's record helps to answer; it certifies none. */
export const controls: readonly Control[] = [
  {
    source: "ISO/IEC 27001:2022",
    id: "A.8.8",
    about: "management of technical vulnerabilities",
    answeredBy: "Risk assessment, Remaining findings, Timeline",
  },
  {
    source: "SOC 2",
    id: "CC7.1",
    about: "detection of newly discovered vulnerabilities",
    answeredBy: "Record (snapshot and date), Risk assessment",
  },
  {
    source: "PCI DSS 4.0.1",
    id: "6.3.3",
    about: "security updates installed in time",
    answeredBy: "What was done, Timeline, Success criteria",
  },
  {
    source: "NIST SP 800-40r4",
    id: "2.3",
    about: "planning, testing, deploying and verifying patches",
    answeredBy: "Remediation strategy, Testing strategy and status, What was done",
  },
  {
    source: "CIS Controls 8",
    id: "7",
    about: "continuous vulnerability management",
    answeredBy: "Monitoring, Remaining findings; redress report --history",
  },
];

/** The appendix for auditors: where each requirement finds its answer. */
export function controlsSection({ kind }: Evidence): Block[] {
  if (kind !== "run") return [];
  return [
    heading(2, text.headings.controls),
    table(
      ["Standard", "Requirement", "About", "Answered by"],
      controls.map((one) => [one.source, one.id, one.about, one.answeredBy]),
    ),
  ];
}

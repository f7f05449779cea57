/** The language and region of numbers and dates. */
export const locale = "en-GB";

const numbers = new Intl.NumberFormat(locale);
const dates = new Intl.DateTimeFormat(locale, {
  weekday: "long",
  day: "numeric",
  month: "long",
  year: "numeric",
  timeZone: "UTC",
});

/** `10,000` */
export const showNumber = (value: number): string => numbers.format(value);

/** `Tuesday 2 September 2025`, in UTC; a text that is no time stays as it is. */
export function showDate(time: string): string {
  const parsed = Date.parse(time);
  return Number.isNaN(parsed) ? time : dates.format(parsed);
}

/** `16 %` of what was there; `–` where nothing was. */
export function showShare(part: number, whole: number): string {
  return whole === 0 ? "–" : `${Math.round((100 * part) / whole)} %`;
}

/** Every heading and standing sentence of the documents, in one place; what varies is put in where it is used. */
export const text = {
  history: {
    title: "History",
    openOverTime: "Open findings over time",
    remediation: "Time to remediate",
    deadlines: "Deadlines",
    waivers: "Waivers near expiry",
    nothing: "No scan or run is kept here.",
  },
  comparison: {
    title: "Two runs compared",
    phases: "Phases and gates",
    versions: "Versions read back",
    findings: "Findings that differ in the end",
    same: "They do not differ.",
  },
  titles: { plan: "Remediation plan", run: "Update summary", state: "State of dependencies" },
  headings: {
    summary: "Executive summary",
    record: "Record",
    risk: "Risk assessment",
    claims: "Claimed and found",
    functions: "Business functions",
    strategy: "Remediation strategy",
    broken: "Requirements broken before this plan",
    implementation: "Implementation",
    preparation: "Preparation",
    validation: "Validation",
    steps: "What was done",
    testing: "Testing strategy and status",
    production: "Production validation",
    performance: "Measurements",
    criteria: "Success criteria",
    metrics: "Success metrics",
    remaining: "Remaining findings",
    obstacles: "Requirements that stand in the way",
    added: "Brought in by the plan",
    accepted: "Accepted until a date",
    rollback: "Rollback",
    triggers: "What triggers it",
    procedure: "Procedure",
    backups: "Backups",
    timeline: "Timeline",
    next: "Next steps",
    risks: "Risk mitigation",
    monitoring: "Monitoring",
    contacts: "Contacts",
    compliance: "Compliance",
    controls: "Which record answers which requirement",
    rests: "What this rests on",
    inputs: "Inputs",
    conclusion: "Conclusion",
  },
  noPlan: "There is nothing to do: no upgrade would clear a finding.",
  noFindings: "There is no open finding.",
  notWorse: "They were found so and are not made worse.",
  noTests: "No tests are configured: ",
  noTestsMeaning: "what the upgrades do to the application's behaviour is not checked.",
  noFunctions: "No business functions are configured.",
  noContacts: "No contacts are configured.",
  claimsRule:
    "Found are distinct advisories of the scan before anything was changed, accepted ones among them.",
  claimsUnexplained: "not explained",
  noBackups: "Nothing was saved, since no file was touched.",
  noCriteria: "No criteria are configured.",
  none: "None.",
  undo: "An enforced gate that fails in rehearsal stops its phase before the project is touched; in promotion it puts the phase back.",
  database:
    "Redress changes dependencies alone. Databases and deployments are not touched: restore and redeploy them by your own procedure where an upgrade brought a migration.",
  judged: "Both columns are judged by the same snapshot of advisories.",
} as const;

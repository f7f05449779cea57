/** The policy's rules and what may change their tier, as sentences (`docs/configuration.md`, "Tiers and deadlines"). */
const sentences: Readonly<Record<string, string>> = {
  R1: "a malicious or compromised package is due at once, whatever its scope",
  R2: "exploited, reachable from the internet, and automatable or of total impact: due at once",
  R3: "exploited, automatable and of total impact in production, or critical and all that while exposed: 24 hours",
  R4: "exploited or critical in production, or high, exposed and likely to be exploited: 1 week",
  R5: "high in production, exploited but for development only, or medium, exposed and likely to be exploited: 2 weeks",
  R6: "medium in production, or critical or high for development only: 1 month",
  R7: "none of the sooner rules applies: the next window, at most 90 days",
  highest: "a business function of the highest criticality uses it: one tier sooner",
  unreachable: "a recorded analysis says that the code cannot be reached: one tier later",
  atMost: "a business function that uses it says how long it may wait at most",
};

/** A rule id such as `R5+highest+bod-26-04` as `[id, sentence]`, part by part. */
export function ruleInWords(rule: string): (readonly [id: string, sentence: string])[] {
  return rule.split("+").map((part) => {
    const known = Object.hasOwn(sentences, part) ? sentences[part] : undefined;
    if (known !== undefined) return [part, known];
    const severity = /^severity-only:(\w+)$/.exec(part)?.[1];
    if (severity !== undefined) return [part, `the profile goes by severity alone, which is ${severity}`];
    return [part, "this compliance profile brings the date forward"];
  });
}

/** Weights of CVSS v3.0 and v3.1, section "Metric Values"; `PR` weighs more where the scope changes. */
const weights = {
  AV: { N: 0.85, A: 0.62, L: 0.55, P: 0.2 },
  AC: { L: 0.77, H: 0.44 },
  PR: { N: 0.85, L: 0.62, H: 0.27 },
  PRchanged: { N: 0.85, L: 0.68, H: 0.5 },
  UI: { N: 0.85, R: 0.62 },
  impact: { N: 0, L: 0.22, H: 0.56 },
} as const satisfies Record<string, Readonly<Record<string, number>>>;

const pattern =
  /^CVSS:3\.([01])\/AV:([NALP])\/AC:([LH])\/PR:([NLH])\/UI:([NR])\/S:([UC])\/C:([NLH])\/I:([NLH])\/A:([NLH])$/;

/**
 * Base score of a CVSS v3.0 or v3.1 vector that holds the base metrics in their usual order and nothing else, as nearly
 * all do; `undefined` for any other text. The formulas are FIRST's (CVSS v3.1, section 7.1).
 */
export function cvss3BaseScore(vector: string): number | undefined {
  const found = pattern.exec(vector);
  if (found === null) return undefined;
  const [, minor, av = "", ac = "", pr = "", ui = "", scope, c = "", i = "", a = ""] = found;
  const weigh = (table: Readonly<Record<string, number>>, value: string): number => table[value] ?? NaN;
  const isChanged = scope === "C";
  const loss =
    1 - (1 - weigh(weights.impact, c)) * (1 - weigh(weights.impact, i)) * (1 - weigh(weights.impact, a));
  const impact = isChanged ? 7.52 * (loss - 0.029) - 3.25 * (loss - 0.02) ** 15 : 6.42 * loss;
  if (impact <= 0) return 0;
  const exploitability =
    8.22 *
    weigh(weights.AV, av) *
    weigh(weights.AC, ac) *
    weigh(isChanged ? weights.PRchanged : weights.PR, pr) *
    weigh(weights.UI, ui);
  const score = Math.min((isChanged ? 1.08 : 1) * (impact + exploitability), 10);
  return minor === "0" ? Math.ceil(score * 10) / 10 : roundUp(score);
}

/** CVSS v3.1, appendix A: up to one decimal, without what floating point adds. */
function roundUp(score: number): number {
  const whole = Math.round(score * 100_000);
  return whole % 10_000 === 0 ? whole / 100_000 : (Math.floor(whole / 10_000) + 1) / 10;
}

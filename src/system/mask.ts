/** Names of variables whose values must not be recorded. */
const secretNames =
  /(TOKEN|SECRET|PASSWORD|PASSWD|PASSPHRASE|CREDENTIAL|API_?KEY|ACCESS_?KEY|PRIVATE_?KEY|AUTH(?!OR))/i;

/** Values shorter than this are words, whatever their variable is called. */
const shortestSecret = 6;

/** Text of a tool, fit to be kept: credentials in addresses, known forms of tokens, values of secret variables go. */
export function maskSecrets(text: string, environment: NodeJS.ProcessEnv = process.env): string {
  let masked = text
    .replace(/(?<![a-z0-9+.-])([a-z][a-z0-9+.-]{0,30}:\/\/)[^\s/]{1,1000}@/gi, "$1***@")
    .replace(/\b(Bearer|Basic)\s+[A-Za-z0-9._~+/=-]{8,}/gi, "$1 ***")
    .replace(
      /\b(gh[pousr]_|github_pat_|npm_|pypi-|glpat-|xox[abprs]-|[sr]k_live_)[A-Za-z0-9_-]{8,}/g,
      "$1***",
    )
    .replace(/\b(?:AKIA|ASIA)[A-Z0-9]{16}\b/g, "***")
    .replace(/\beyJ[A-Za-z0-9_-]{10,}\.[A-Za-z0-9_-]{10,}\.[A-Za-z0-9_-]*/g, "***")
    .replace(/-----BEGIN [A-Z ]{0,30}PRIVATE KEY-----[\s\S]*?(?:-----END [A-Z ]*PRIVATE KEY-----|$)/g, "***")
    .replace(
      /((?:token|password|passwd|secret|api_?key|_auth)["']?\s{0,5}[=:]\s{0,5})("[^"]*"|'[^']*'|[^\s,;&]+)/gi,
      "$1***",
    );
  for (const [name, value] of Object.entries(environment))
    if (value !== undefined && value.length >= shortestSecret && secretNames.test(name))
      masked = masked.replaceAll(value, "***");
  return masked;
}

/** The last lines of a tool's output, masked and bounded. */
export function lastLines(text: string, most = 10): string {
  return maskSecrets(text.slice(-64_000))
    .trim()
    .split("\n")
    .slice(-most)
    .map((line) => line.slice(0, 300))
    .join("\n");
}

/** Names of variables whose values must not be recorded. */
const secretNames = /(TOKEN|SECRET|PASSWORD|PASSWD|CREDENTIAL|API_?KEY|PRIVATE_?KEY|AUTH(?!OR))/i;

/** Longest text that is looked at: what is recorded is short. */
const mostCharacters = 200_000;

/** Text of a tool, fit to be kept: credentials in addresses, token forms and values of secret variables are masked. */
export function maskSecrets(text: string, environment: NodeJS.ProcessEnv = process.env): string {
  let masked = text
    .slice(0, mostCharacters)
    .replace(/(?<![a-z0-9])([a-z][a-z0-9+.-]{0,20}:\/\/)[^\s/]{1,1000}@/gi, "$1***@")
    .replace(/\b(Bearer|Basic)[ \t]{1,5}[A-Za-z0-9._~+/=-]{8,}/g, "$1 ***")
    .replace(/\b(gh[pousr]_|npm_|pypi-|glpat-|xox[abpr]-)[A-Za-z0-9_-]{8,}/g, "$1***")
    .replace(/((?:token|password|secret|_auth)[ \t]{0,5}[=:][ \t]{0,5})\S+/gi, "$1***");
  for (const [name, value] of Object.entries(environment))
    if (value !== undefined && value.length >= 6 && secretNames.test(name))
      masked = masked.replaceAll(value, "***");
  return masked;
}

/** The last lines of a tool's output, masked and bounded. */
export function lastLines(text: string, most = 10): string {
  const lines = text.trimEnd().split("\n").slice(-most);
  // A line is cut after masking: half a secret would not be recognised.
  return lines
    .map((line) => maskSecrets(line.slice(0, 5000)).slice(0, 300))
    .join("\n")
    .trim();
}

/** Names of variables whose values must not be recorded. */
const secretNames = /(TOKEN|SECRET|PASSWORD|PASSWD|CREDENTIAL|API_?KEY|PRIVATE_?KEY|AUTH)/i;

/** Text of a tool, fit to be kept: credentials in addresses, token forms and values of secret variables are masked. */
export function maskSecrets(text: string, environment: NodeJS.ProcessEnv = process.env): string {
  let masked = text
    .replace(/([a-z][a-z0-9+.-]*:\/\/)[^\s/@]+@/gi, "$1***@")
    .replace(/\b(Bearer|Basic)\s+[A-Za-z0-9._~+/=-]{8,}/g, "$1 ***")
    .replace(/\b(gh[pousr]_|npm_|pypi-|glpat-|xox[abpr]-)[A-Za-z0-9_-]{8,}/g, "$1***")
    .replace(/((?:token|password|secret|_auth|_authToken)\s*[=:]\s*)\S+/gi, "$1***");
  for (const [name, value] of Object.entries(environment))
    if (value !== undefined && value.length >= 6 && secretNames.test(name))
      masked = masked.replaceAll(value, "***");
  return masked;
}

/** The last lines of a tool's output, masked and bounded. */
export function lastLines(text: string, most = 10): string {
  return maskSecrets(text)
    .trim()
    .split("\n")
    .slice(-most)
    .map((line) => line.slice(0, 300))
    .join("\n");
}

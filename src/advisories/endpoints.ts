/** An address that may need credentials, as the user's own client sends them. */
export interface RegistryEndpoint {
  readonly url: string;
  readonly headers?: Readonly<Record<string, string>>;
}

/** Where facts are asked for. Those of OSV, CISA and FIRST have defaults; a package registry's never has. */
export interface Endpoints {
  readonly osvApi: string;
  /** Folder of the ecosystems' export zips: `<base>/<ecosystem>/all.zip`. */
  readonly osvExports: string;
  readonly kev: string;
  readonly epss: string;
  /** The npm registry of the user's own configuration. */
  readonly npm?: RegistryEndpoint;
  /** Base of the Python index' per-project JSON, `<base>/<name>/<version>/json`, of the user's own configuration. */
  readonly pypi?: RegistryEndpoint;
}

export const defaultEndpoints: Endpoints = {
  osvApi: "https://api.osv.dev",
  osvExports: "https://osv-vulnerabilities.storage.googleapis.com",
  kev: "https://www.cisa.gov/sites/default/files/feeds/known_exploited_vulnerabilities.json",
  epss: "https://epss.empiricalsecurity.com/epss_scores-current.csv.gz",
};

/** An address with a path behind it. */
export function under(base: string, ...parts: readonly string[]): string {
  return [base.replace(/\/+$/, ""), ...parts.map(encodeURIComponent)].join("/");
}

import { setGlobalProxyFromEnv } from "node:http";
import type { NpmSettings } from "./npm-rc.ts";

let inUse = "";

/**
 * Has this process reach the network through the proxies that the environment names, else those of npm's own
 * settings, as npm does. Loopback addresses are always reached directly.
 */
export function useProxies(environment: NodeJS.ProcessEnv, settings: NpmSettings): void {
  const either = (name: string): string | undefined =>
    environment[name] ?? environment[name.toUpperCase()] ?? undefined;
  const https = either("https_proxy") ?? settings.get("https-proxy") ?? settings.get("proxy");
  const http = either("http_proxy") ?? settings.get("proxy");
  if (https === undefined && http === undefined) return;
  const direct = settings.get("noproxy") ?? either("no_proxy") ?? "";
  const proxies = {
    ...(http === undefined ? {} : { http_proxy: http }),
    ...(https === undefined ? {} : { https_proxy: https }),
    no_proxy: [direct, "127.0.0.1", "localhost"].filter((one) => one !== "").join(","),
  };
  const wanted = JSON.stringify(proxies);
  if (wanted === inUse) return;
  setGlobalProxyFromEnv(proxies);
  inUse = wanted;
}

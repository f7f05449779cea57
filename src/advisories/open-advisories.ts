import { cacheFolder } from "../system/index.ts";
import { Base, type AdvisoryBase, type Opened } from "./advisory-base.ts";
import type { AdvisoryRequest, Setting } from "./advisory-request.ts";
import { chooseSources, type Place, type Service } from "./choose-sources.ts";
import { defaultEndpoints } from "./endpoints.ts";
import { openPlace } from "./open-place.ts";

/**
 * Opens the sources as one fixed set of advisories.
 * @throws {Failure} `unreadable` for a path that gives nothing, `unavailable` for an online source that does not
 * answer, `storage`, `cancelled`
 */
export async function openAdvisories(request: AdvisoryRequest): Promise<AdvisoryBase> {
  const setting: Setting = {
    ...request,
    folder: request.cacheFolder ?? cacheFolder(),
    endpoints: { ...defaultEndpoints, ...request.endpoints },
    clock: request.clock ?? (() => new Date()),
  };
  const opened: Opened[] = [];
  const base = new Base(opened, setting);
  try {
    for (const source of chooseSources(setting)) opened.push(await open(source, setting));
    base.enrichments = {
      kev: await base.openEnrichment("kev", request.kev),
      epss: await base.openEnrichment("epss", request.epss),
    };
    await base.readNamed();
    return base;
  } catch (error) {
    base.close();
    throw error;
  }
}

async function open(source: Place | Service, setting: Setting): Promise<Opened> {
  if (!("online" in source))
    return { via: "index", place: source, index: await openPlace("osv", source, setting) };
  const { askService } = await import("./ask-service.ts");
  return askService(source, setting);
}

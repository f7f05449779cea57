import { silent, type Progress } from "../system/index.ts";
import type { Setting } from "./advisory-request.ts";
import type { Place } from "./choose-sources.ts";
import { openIndex, type IndexKind } from "./index-store.ts";
import type { KeyedIndex } from "./keyed-index.ts";

/** Opens the index of a place, saying how far it is where it has to be built. @throws {Failure} as `openIndex` */
export async function openPlace(kind: IndexKind, place: Place, setting: Setting): Promise<KeyedIndex> {
  const { folder, progress = silent, signal } = setting;
  let step: ReturnType<Progress["step"]> | undefined;
  const index = await openIndex(place.path, {
    kind,
    folder,
    clock: setting.clock,
    ...(signal === undefined ? {} : { signal }),
    onRecords: (records) => {
      step ??= progress.step(`Reading ${place.id}`);
      step.update(`${records} advisories`);
    },
  });
  step?.done(`${index.facts.records} advisories`);
  return index;
}

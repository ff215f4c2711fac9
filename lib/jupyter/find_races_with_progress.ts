/** `findRaces` as notebooks call it: with a progress bar, and stopped by the stop button. */
import type { FindRacesOptions, Races } from "../check/find_races.ts";
import type { BpfObject } from "../object/bpf_object.ts";
import { withProgress } from "./progress.ts";
import { t } from "../words/translation.ts";

export async function findRacesWithProgress(object: BpfObject, options: FindRacesOptions = {}): Promise<Races> {
  // Loaded by whoever asks for it: most chapters never do.
  const { findRaces } = await import("../check/find_races.ts");
  if (typeof options !== "object" || options === null || options.onProgress) return await findRaces(object, options);
  return await withProgress(t`looking for races`, 1, (tick) => findRaces(object, { ...options, onProgress: tick }));
}

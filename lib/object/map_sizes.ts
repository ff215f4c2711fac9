/** Sizes of maps that the reader sets, as a program's user-space side does (libbpf.c:bpf_map__set_max_entries). */
import type { MapDef } from "./bpf_object.ts";
import { ObjectError } from "./object_error.ts";
import { didYouMean } from "../words/closest_name.ts";

/** By the map's name. */
export type MapSizes = Readonly<Record<string, { readonly maxEntries?: number }>>;

const MOST_ENTRIES = 0xffff_ffff;

/**
 * @throws ObjectError for a map that the object does not have, or a number of entries that no map can have
 */
export function resizedMaps(maps: readonly MapDef[], sizes: MapSizes = {}): readonly MapDef[] {
  const names = maps.filter((map) => !map.data).map((map) => map.name);
  for (const [name, { maxEntries }] of Object.entries(sizes)) {
    if (!names.includes(name)) {
      throw new ObjectError(
        `maps: the object has no map ${name}: it has ${names.join(", ") || "none"}${didYouMean(name, names)}`,
      );
    }
    if (maxEntries === undefined || Number.isInteger(maxEntries) && maxEntries > 0 && maxEntries <= MOST_ENTRIES) {
      continue;
    }
    throw new ObjectError(
      `maps: ${name}: maxEntries is ${maxEntries}; a whole number from 1 to ${MOST_ENTRIES} is needed`,
    );
  }
  return maps.map((map) => {
    const maxEntries = Object.hasOwn(sizes, map.name) ? sizes[map.name].maxEntries : undefined;
    return maxEntries === undefined ? map : { ...map, maxEntries };
  });
}

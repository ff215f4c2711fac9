/** From map definitions to map models (kernel/bpf/syscall.c:map_create). */
import type { MapDef } from "../object/bpf_object.ts";
import { ArrayMap } from "./array.ts";
import type { KernelMap, MapEnvironment } from "./kernel_map.ts";
import { BPF_MAP_TYPE, mapTypeName } from "./map_types.ts";

/** A map that the simulator has no model of. */
export class UnsupportedMap extends Error {
  override name = "UnsupportedMap";
}

export function createMap(def: MapDef, index: number, environment: MapEnvironment): KernelMap {
  switch (def.type) {
    case BPF_MAP_TYPE.ARRAY:
      return new ArrayMap(def, index, environment);
    default:
      throw new UnsupportedMap(
        `map ${def.name}: ${mapTypeName(def.type)} is not modelled; the simulator has ` +
          `${Object.keys(BPF_MAP_TYPE).join(", ")}`,
      );
  }
}

/** Makes every map of an object. */
export function createMaps(defs: readonly MapDef[], environment: Omit<MapEnvironment, "maps">): KernelMap[] {
  const maps: KernelMap[] = [];
  const shared = { ...environment, maps };
  defs.forEach((def, index) => maps.push(createMap(def, index, shared)));
  return maps;
}

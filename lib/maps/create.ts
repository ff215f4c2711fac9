/** From map definitions to map models (kernel/bpf/syscall.c:map_create). */
import type { MapDef } from "../object/bpf_object.ts";
import { ArrayMap } from "./array.ts";
import { FRESH_INNER_MAPS, freshInnerDef, FreshInnerMaps } from "./fresh_inner_maps.ts";
import { HashMap } from "./hash.ts";
import { LruHashMap } from "./lru_hash.ts";
import { ArrayOfMaps, HashOfMaps } from "./map_in_map.ts";
import { PercpuArrayMap } from "./percpu_array.ts";
import { PercpuHashMap } from "./percpu_hash.ts";
import { ProgArrayMap } from "./prog_array.ts";
import type { KernelMap, MapEnvironment } from "./kernel_map.ts";
import { BPF_MAP_TYPE, mapTypeName } from "../uapi/map_types.ts";

/** A map that the simulator has no model of. */
export class UnsupportedMap extends Error {
  override name = "UnsupportedMap";
}

export function createMap(def: MapDef, index: number, environment: MapEnvironment): KernelMap {
  switch (def.type) {
    case BPF_MAP_TYPE.ARRAY:
      return new ArrayMap(def, index, environment);
    case BPF_MAP_TYPE.HASH:
      return new HashMap(def, index, environment);
    case BPF_MAP_TYPE.PERCPU_ARRAY:
      return new PercpuArrayMap(def, index, environment);
    case BPF_MAP_TYPE.PERCPU_HASH:
      return new PercpuHashMap(def, index, environment);
    case BPF_MAP_TYPE.LRU_HASH:
      return new LruHashMap(def, index, environment);
    case BPF_MAP_TYPE.ARRAY_OF_MAPS:
      return new ArrayOfMaps(def, index, environment);
    case BPF_MAP_TYPE.HASH_OF_MAPS:
      return new HashOfMaps(def, index, environment);
    case BPF_MAP_TYPE.PROG_ARRAY:
      return new ProgArrayMap(def, index, environment);
    default:
      throw new UnsupportedMap(
        `map ${def.name}: ${mapTypeName(def.type)} is not modelled; the simulator has ` +
          `${Object.keys(BPF_MAP_TYPE).join(", ")}`,
      );
  }
}

/** Makes every map of an object and, behind them, the spare inner maps of its maps in maps. */
export function createMaps(defs: readonly MapDef[], environment: Omit<MapEnvironment, "maps">): KernelMap[] {
  const maps: KernelMap[] = [];
  const shared = { ...environment, maps };
  const add = (def: MapDef) => {
    const map = createMap(def, maps.length, shared);
    maps.push(map);
    return map;
  };
  defs.forEach(add);
  for (const outer of maps.filter((map) => map.def.inner)) {
    const counter = environment.arena.allocate(4, 4);
    const fresh = Array.from({ length: FRESH_INNER_MAPS }, (_, n) => add(freshInnerDef(outer.def, n)));
    outer.freshInnerMaps = new FreshInnerMaps(outer, counter, fresh);
  }
  return maps;
}

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

/** The map types that have a model, and what models them. */
const MODELS: Partial<
  Record<keyof typeof BPF_MAP_TYPE, new (def: MapDef, index: number, environment: MapEnvironment) => KernelMap>
> = {
  ARRAY: ArrayMap,
  HASH: HashMap,
  PERCPU_ARRAY: PercpuArrayMap,
  PERCPU_HASH: PercpuHashMap,
  LRU_HASH: LruHashMap,
  ARRAY_OF_MAPS: ArrayOfMaps,
  HASH_OF_MAPS: HashOfMaps,
  PROG_ARRAY: ProgArrayMap,
};

/** Their names, without `BPF_MAP_TYPE_`. */
export const MODELLED_MAP_TYPES = Object.keys(MODELS) as readonly (keyof typeof BPF_MAP_TYPE)[];

export function createMap(def: MapDef, index: number, environment: MapEnvironment): KernelMap {
  const name = MODELLED_MAP_TYPES.find((name) => BPF_MAP_TYPE[name] === def.type);
  const Model = name && MODELS[name];
  if (Model) return new Model(def, index, environment);
  throw new UnsupportedMap(
    `map ${def.name}: ${mapTypeName(def.type)} is not modelled; the simulator has ${MODELLED_MAP_TYPES.join(", ")}`,
  );
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

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

type Model = new (def: MapDef, index: number, environment: MapEnvironment) => KernelMap;

/** The model of each map type that has one, by the kernel's name without `BPF_MAP_TYPE_`. */
export const MAP_MODELS: Readonly<Partial<Record<keyof typeof BPF_MAP_TYPE, Model>>> = {
  HASH: HashMap,
  ARRAY: ArrayMap,
  PROG_ARRAY: ProgArrayMap,
  PERCPU_HASH: PercpuHashMap,
  PERCPU_ARRAY: PercpuArrayMap,
  LRU_HASH: LruHashMap,
  ARRAY_OF_MAPS: ArrayOfMaps,
  HASH_OF_MAPS: HashOfMaps,
};
const BY_TYPE = new Map(
  Object.entries(MAP_MODELS).map(([name, model]) => [BPF_MAP_TYPE[name as keyof typeof BPF_MAP_TYPE] as number, model]),
);

/** @throws UnsupportedMap when the type has no model */
export function createMap(def: MapDef, index: number, environment: MapEnvironment): KernelMap {
  const Model = BY_TYPE.get(def.type);
  if (Model) return new Model(def, index, environment);
  throw new UnsupportedMap(
    `map ${def.name}: ${mapTypeName(def.type)} is not modelled; the simulator has ` +
      `${Object.keys(MAP_MODELS).join(", ")}`,
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

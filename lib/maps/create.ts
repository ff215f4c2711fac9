/** From map definitions to map models (kernel/bpf/syscall.c:map_create). */
import type { MapDef } from "../object/bpf_object.ts";
import { ArenaMap } from "./arena_map.ts";
import { ArrayMap } from "./array.ts";
import { BloomFilterMap } from "./bloom_filter.ts";
import { CgroupArrayMap } from "./cgroup_array.ts";
import { DevmapHashMap } from "./devmap_hash.ts";
import { FRESH_INNER_MAPS, freshInnerDef, FreshInnerMaps } from "./fresh_inner_maps.ts";
import { HashMap } from "./hash.ts";
import { LocalStorageMap } from "./local_storage.ts";
import { LruHashMap } from "./lru_hash.ts";
import { LpmTrieMap } from "./lpm_trie.ts";
import { LruPercpuHashMap } from "./lru_percpu_hash.ts";
import { ArrayOfMaps, HashOfMaps } from "./map_in_map.ts";
import { PercpuArrayMap } from "./percpu_array.ts";
import { PercpuHashMap } from "./percpu_hash.ts";
import { PerfEventArrayMap } from "./perf_event_array.ts";
import { ProgArrayMap } from "./prog_array.ts";
import { QueueMap, StackMap } from "./queue_stack.ts";
import { RingbufMap } from "./ringbuf.ts";
import { SockHashMap } from "./sock_hash.ts";
import { StackTraceMap } from "./stack_trace.ts";
import type { KernelMap, MapEnvironment } from "./kernel_map.ts";
import { RedirectMap } from "./redirect_map.ts";
import { UnmodelledMap } from "./unmodelled_map.ts";
import { ACCESS } from "./write_access.ts";
import { BPF_MAP_TYPE } from "../uapi/map_types.ts";

type Model = new (def: MapDef, index: number, environment: MapEnvironment) => KernelMap;

/** The model of each map type that has one, by the kernel's name without `BPF_MAP_TYPE_`. */
export const MAP_MODELS: Readonly<Partial<Record<keyof typeof BPF_MAP_TYPE, Model>>> = {
  HASH: HashMap,
  ARRAY: ArrayMap,
  PROG_ARRAY: ProgArrayMap,
  PERF_EVENT_ARRAY: PerfEventArrayMap,
  STACK_TRACE: StackTraceMap,
  CGROUP_ARRAY: CgroupArrayMap,
  PERCPU_HASH: PercpuHashMap,
  PERCPU_ARRAY: PercpuArrayMap,
  LRU_HASH: LruHashMap,
  LRU_PERCPU_HASH: LruPercpuHashMap,
  ARRAY_OF_MAPS: ArrayOfMaps,
  HASH_OF_MAPS: HashOfMaps,
  LPM_TRIE: LpmTrieMap,
  QUEUE: QueueMap,
  STACK: StackMap,
  RINGBUF: RingbufMap,
  ARENA: ArenaMap,
  BLOOM_FILTER: BloomFilterMap,
  TASK_STORAGE: LocalStorageMap,
  CGRP_STORAGE: LocalStorageMap,
  SK_STORAGE: LocalStorageMap,
  INODE_STORAGE: LocalStorageMap,
  DEVMAP: RedirectMap,
  DEVMAP_HASH: DevmapHashMap,
  SOCKMAP: RedirectMap,
  SOCKHASH: SockHashMap,
  CPUMAP: RedirectMap,
  XSKMAP: RedirectMap,
};
const BY_TYPE = new Map(
  Object.entries(MAP_MODELS).map(([name, model]) => [BPF_MAP_TYPE[name as keyof typeof BPF_MAP_TYPE] as number, model]),
);

export const hasMapModel = (type: number): boolean => BY_TYPE.has(type);

/** The model of a map; one that no call may reach where its type has none. */
function createMap(def: MapDef, index: number, environment: MapEnvironment): KernelMap {
  return new (BY_TYPE.get(def.type) ?? UnmodelledMap)(def, index, environment);
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
  for (const map of maps) map.access = environment.arena.allocate(ACCESS.bytes, 8);
  return maps;
}

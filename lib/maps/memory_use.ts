/** How much memory the kernel charges for a map: what `bpftool map` shows as memlock (map->ops->map_mem_usage). */
import type { MapDef } from "../object/bpf_object.ts";
import { bloomShape } from "./bloom_filter.ts";
import { lruEntries } from "./lru_hash.ts";
import { BPF_F_NO_PREALLOC } from "../uapi/flags.ts";
import { BPF_MAP_TYPE } from "../uapi/map_types.ts";
import { adjust_ringbuf_sz, PAGE_BYTES } from "../uapi/ringbuf.ts";
import { roundUp8 } from "./words.ts";

/** sizeof(struct bpf_array), struct bpf_htab, struct bucket, and struct htab_elem before its key; 6.18, x86-64. */
const BPF_ARRAY = 312;
const BPF_HTAB = 896;
const BUCKET = 16;
const HTAB_ELEM = 48;
const BPF_RINGBUF_MAP = 304, RINGBUF_META_PAGES = 3;
const BPF_QUEUE_STACK = 312;
const BPF_BLOOM_FILTER = 312;
const LPM_TRIE_NODE = 24;
const POINTER = 8;
const LLIST_NODE = 8;

/**
 * Bytes of kernel memory of a map (map->ops->map_mem_usage of kernel/bpf/*.c, 6.18, x86-64).
 *
 * @param def one of an object's `maps`
 * @param nrCpus possible CPUs: a per-CPU map has a value for each
 * @param entries how many entries a BPF_F_NO_PREALLOC map or a trie holds; others take memory for max_entries at once
 * @returns bytes, as `bpftool map` shows them for memlock
 *
 * @example
 * ```ts
 * import { bpf, mapMemoryBytes } from "interleave";
 * const { maps } = await bpf`struct stats { long packets; long bytes; };
 * struct { __uint(type, BPF_MAP_TYPE_HASH); __uint(max_entries, 4); __type(key, int); __type(value, struct stats); }
 * stats SEC(".maps");
 * SEC("raw_tp") int count(void *ctx) {
 *   int key = 1;
 *   struct stats *s = bpf_map_lookup_elem(&stats, &key);
 *   if (s) __sync_fetch_and_add(&s->packets, 1);
 *   return 0;
 * }`;
 * const stats = maps.find((map) => map.name === "stats")!;
 * if (!(mapMemoryBytes(stats, 2) > 4 * 24)) throw new Error("four elements, and the table around them");
 * ```
 */
export function mapMemoryBytes(def: MapDef, nrCpus: number, entries = 0): number {
  const { type, keySize, valueSize, maxEntries, flags } = def;
  for (const [name, value] of Object.entries({ type, keySize, valueSize, maxEntries, flags, nrCpus, entries })) {
    if (Number.isSafeInteger(value) && value >= 0) continue;
    const given = typeof value === "bigint" ? `${value}n, a bigint` : String(value);
    throw new RangeError(
      `mapMemoryBytes: ${name} is ${given}: it must be a whole number, as in mapMemoryBytes(` +
        '{ name: "m", type: 2, keySize: 4, valueSize: 8, maxEntries: 1024, flags: 0 }, 2)',
    );
  }
  const value = roundUp8(def.valueSize), key = roundUp8(def.keySize), max = lruEntries(def, nrCpus);
  switch (def.type) {
    // kernel/bpf/arraymap.c:array_map_mem_usage
    case BPF_MAP_TYPE.ARRAY:
      return BPF_ARRAY + max * value;
    case BPF_MAP_TYPE.PERCPU_ARRAY:
      return BPF_ARRAY + max * POINTER + max * value * nrCpus;
    // kernel/bpf/ringbuf.c:ringbuf_map_mem_usage: pages, and pointers to them; to those of the data twice
    case BPF_MAP_TYPE.RINGBUF: {
      const dataPages = adjust_ringbuf_sz(max) / PAGE_BYTES;
      return BPF_RINGBUF_MAP + (RINGBUF_META_PAGES + dataPages) * PAGE_BYTES +
        (RINGBUF_META_PAGES + 2 * dataPages) * POINTER;
    }
    // kernel/bpf/queue_stack_maps.c:queue_stack_map_mem_usage
    case BPF_MAP_TYPE.QUEUE:
    case BPF_MAP_TYPE.STACK:
      return BPF_QUEUE_STACK + (max + 1) * def.valueSize;
    // kernel/bpf/bloom_filter.c:bloom_map_mem_usage
    case BPF_MAP_TYPE.BLOOM_FILTER:
      return BPF_BLOOM_FILTER + bloomShape(def).bits / 8;
    // kernel/bpf/lpm_trie.c:trie_mem_usage
    case BPF_MAP_TYPE.LPM_TRIE:
      return (LPM_TRIE_NODE + def.keySize - 4 + def.valueSize) * entries;
    case BPF_MAP_TYPE.PERF_EVENT_ARRAY:
      return BPF_ARRAY + (max || nrCpus) * POINTER;
    case BPF_MAP_TYPE.ARRAY_OF_MAPS:
    case BPF_MAP_TYPE.PROG_ARRAY:
      return BPF_ARRAY + max * POINTER;
    default:
      return htab_map_mem_usage();
  }

  // kernel/bpf/hashtab.c:htab_map_mem_usage
  function htab_map_mem_usage(): number {
    const percpu = def.type === BPF_MAP_TYPE.PERCPU_HASH || def.type === BPF_MAP_TYPE.LRU_PERCPU_HASH;
    const lru = def.type === BPF_MAP_TYPE.LRU_HASH;
    const elem = HTAB_ELEM + key + (percpu || def.type === BPF_MAP_TYPE.HASH_OF_MAPS ? POINTER : value);
    const table = BPF_HTAB + BUCKET * 2 ** Math.ceil(Math.log2(max));
    if (def.flags & BPF_F_NO_PREALLOC) {
      const values = percpu ? LLIST_NODE + POINTER + value * nrCpus : 0;
      return table + (elem + LLIST_NODE + values) * entries;
    }
    if (percpu) return table + (elem + value * nrCpus) * max;
    return table + (lru ? elem * max : elem * (max + nrCpus) + POINTER * nrCpus);
  }
}

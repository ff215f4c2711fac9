/** Numbers of include/uapi/linux/bpf.h that maps are made and called with. */
export const BPF_MAP_TYPE = {
  HASH: 1,
  ARRAY: 2,
  PROG_ARRAY: 3,
  PERCPU_HASH: 5,
  PERCPU_ARRAY: 6,
  LRU_HASH: 9,
  ARRAY_OF_MAPS: 12,
  HASH_OF_MAPS: 13,
} as const;

/** Names of every map type by number, for messages about those that are not modelled. */
const NAMES = [
  "UNSPEC",
  "HASH",
  "ARRAY",
  "PROG_ARRAY",
  "PERF_EVENT_ARRAY",
  "PERCPU_HASH",
  "PERCPU_ARRAY",
  "STACK_TRACE",
  "CGROUP_ARRAY",
  "LRU_HASH",
  "LRU_PERCPU_HASH",
  "LPM_TRIE",
  "ARRAY_OF_MAPS",
  "HASH_OF_MAPS",
  "DEVMAP",
  "SOCKMAP",
  "CPUMAP",
  "XSKMAP",
  "SOCKHASH",
  "CGROUP_STORAGE",
  "REUSEPORT_SOCKARRAY",
  "PERCPU_CGROUP_STORAGE",
  "QUEUE",
  "STACK",
  "SK_STORAGE",
  "DEVMAP_HASH",
  "STRUCT_OPS",
  "RINGBUF",
  "INODE_STORAGE",
  "TASK_STORAGE",
  "BLOOM_FILTER",
  "USER_RINGBUF",
  "CGRP_STORAGE",
  "ARENA",
];

export const mapTypeName = (type: number): string => `BPF_MAP_TYPE_${NAMES[type] ?? type}`;

/**
 * Flag of an update: whether the key is there or not (include/uapi/linux/bpf.h). It is what `update` does by itself.
 *
 * @example
 * ```ts
 * import { BPF_ANY, type UserActor } from "interleave";
 * const writer: UserActor = { name: "writer", body: (user) => user.update("stats", 1, { packets: 1 }, BPF_ANY) };
 * ```
 */
export const BPF_ANY = 0n;
/**
 * Flag of an update: only when the key is not there yet, else EEXIST.
 *
 * @example
 * ```ts
 * import { BPF_NOEXIST, type UserActor } from "interleave";
 * const first: UserActor = { name: "first", body: (user) => user.update("stats", 1, { packets: 0 }, BPF_NOEXIST) };
 * ```
 */
export const BPF_NOEXIST = 1n;
/**
 * Flag of an update: only when the key is there, else ENOENT.
 *
 * @example
 * ```ts
 * import { BPF_EXIST, type UserActor } from "interleave";
 * const reset: UserActor = { name: "reset", body: (user) => user.update("stats", 1, { packets: 0 }, BPF_EXIST) };
 * ```
 */
export const BPF_EXIST = 2n;
/**
 * Flag of a lookup or an update: under the value's own bpf_spin_lock. Added to another flag: `BPF_EXIST | BPF_F_LOCK`.
 *
 * @example
 * ```ts
 * import { BPF_F_LOCK, type UserActor } from "interleave";
 * const reader: UserActor = { name: "reader", body: (user) => user.lookup("elems", 0, BPF_F_LOCK) };
 * ```
 */
export const BPF_F_LOCK = 4n;

/** Flags of a map. */
export const BPF_F_NO_PREALLOC = 1;
export const BPF_F_MMAPABLE = 0x400;
export const BPF_F_INNER_MAP = 0x1000;

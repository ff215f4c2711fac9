/**
 * User space's side of a kernel map: one bpf(2) system call each. Results are what the call gives: 0 or a positive
 * count, or a negative errno.
 */
import { libbpf, options } from "./libbpf.ts";
import type { LoadedMap } from "./kernel_object.ts";
import { BPF_MAP_TYPE } from "../../uapi/map_types.ts";

/** Size and offset of elem_flags of struct bpf_map_batch_opts (tools/lib/bpf/bpf.h). */
const BATCH_OPTS_BYTES = 24, BATCH_ELEM_FLAGS = 8;

/** CPUs that could ever be plugged in: slots of a per-CPU value. At least the number of CPUs online. */
export const possibleCpus = (): number => libbpf().libbpf_num_possible_cpus();

export const isPerCpu = (type: number): boolean =>
  type === BPF_MAP_TYPE.PERCPU_HASH || type === BPF_MAP_TYPE.PERCPU_ARRAY || type === BPF_MAP_TYPE.LRU_PERCPU_HASH;

/** Bytes of one value as system calls copy it: per-CPU values are rounded up to 8 and stand one CPU after another. */
export const copiedValueBytes = (map: Pick<LoadedMap, "type" | "valueSize">): number =>
  isPerCpu(map.type) ? Math.ceil(map.valueSize / 8) * 8 * possibleCpus() : map.valueSize;

type Bytes = Uint8Array<ArrayBuffer>;

/** BPF_MAP_LOOKUP_ELEM: the value, or a negative errno. */
export function lookupElem(map: LoadedMap, key: Uint8Array, flags = 0): Bytes | number {
  const value = new Uint8Array(copiedValueBytes(map));
  const failed = libbpf().bpf_map_lookup_elem_flags(map.fd, new Uint8Array(key), value, BigInt(flags));
  return failed < 0 ? failed : value;
}

/** BPF_MAP_UPDATE_ELEM with BPF_ANY (0), BPF_NOEXIST (1), BPF_EXIST (2) and BPF_F_LOCK (4). */
export const updateElem = (map: LoadedMap, key: Uint8Array, value: Uint8Array, flags = 0): number =>
  libbpf().bpf_map_update_elem(map.fd, new Uint8Array(key), new Uint8Array(value), BigInt(flags));

/** BPF_MAP_DELETE_ELEM. */
export const deleteElem = (map: LoadedMap, key: Uint8Array): number =>
  libbpf().bpf_map_delete_elem(map.fd, new Uint8Array(key));

/** BPF_MAP_GET_NEXT_KEY: the key after `key`, the first one for `undefined`; a negative errno (-ENOENT) at the end. */
export function nextKey(map: LoadedMap, key: Uint8Array | undefined): Bytes | number {
  const next = new Uint8Array(map.keySize);
  const failed = libbpf().bpf_map_get_next_key(map.fd, key ? new Uint8Array(key) : null, next);
  return failed < 0 ? failed : next;
}

/** One step of a batch: how many elements were copied, their keys and values one after another, where to go on. */
export interface Batch {
  /** 0, or a negative errno: -ENOENT when this was the last one. */
  readonly errno: number;
  readonly count: number;
  readonly keys: Bytes;
  readonly values: Bytes;
  readonly next: Bytes;
}

/** BPF_MAP_LOOKUP_BATCH: up to `count` elements from where the batch before ended. */
export function lookupBatch(map: LoadedMap, count: number, from: Bytes | undefined, elemFlags = 0): Batch {
  const valueBytes = copiedValueBytes(map);
  // the kernel keeps a bucket number (4 bytes) or a key here
  const next = new Uint8Array(Math.max(4, map.keySize));
  const keys = new Uint8Array(count * map.keySize), values = new Uint8Array(count * valueBytes);
  const counter = new Uint32Array([count]);
  const flags = options(BATCH_OPTS_BYTES, [[BATCH_ELEM_FLAGS, 8, elemFlags]]);
  const errno = libbpf().bpf_map_lookup_batch(map.fd, from ?? null, next, keys, values, counter, flags);
  const found = errno === 0 || errno === -2 ? counter[0] : 0;
  return {
    errno,
    count: found,
    keys: keys.slice(0, found * map.keySize),
    values: values.slice(0, found * valueBytes),
    next,
  };
}

/** BPF_MAP_UPDATE_BATCH: keys and values one after another; gives a negative errno or how many were written. */
export function updateBatch(map: LoadedMap, keys: Uint8Array, values: Uint8Array, elemFlags = 0): number {
  const counter = new Uint32Array([keys.length / map.keySize]);
  const flags = options(BATCH_OPTS_BYTES, [[BATCH_ELEM_FLAGS, 8, elemFlags]]);
  const errno = libbpf().bpf_map_update_batch(map.fd, new Uint8Array(keys), new Uint8Array(values), counter, flags);
  return errno < 0 ? errno : counter[0];
}

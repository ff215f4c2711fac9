/**
 * User space's side of a kernel map: one bpf(2) system call each. Results are what the call gives: 0 or a positive
 * count, or a negative errno.
 */
import type { BatchReply, BatchRequest } from "../../maps/batch.ts";
import { ERRNO } from "../../uapi/errno.ts";
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

/** The kernel takes no pointer where a map has no keys. */
const keyArgument = (key: Uint8Array): Bytes | null => key.length === 0 ? null : new Uint8Array(key);

/** BPF_MAP_LOOKUP_ELEM: the value, or a negative errno. A bloom filter is asked for `wanted`. */
export function lookupElem(map: LoadedMap, key: Uint8Array, flags = 0, wanted?: Uint8Array): Bytes | number {
  const value = new Uint8Array(copiedValueBytes(map));
  if (wanted) value.set(wanted);
  const failed = libbpf().bpf_map_lookup_elem_flags(map.fd, keyArgument(key), value, BigInt(flags));
  return failed < 0 ? failed : value;
}

/** BPF_MAP_UPDATE_ELEM with BPF_ANY (0), BPF_NOEXIST (1), BPF_EXIST (2) and BPF_F_LOCK (4). */
export const updateElem = (map: LoadedMap, key: Uint8Array, value: Uint8Array, flags = 0): number =>
  libbpf().bpf_map_update_elem(map.fd, keyArgument(key), new Uint8Array(value), BigInt(flags));

/** BPF_MAP_DELETE_ELEM. */
export const deleteElem = (map: LoadedMap, key: Uint8Array): number =>
  libbpf().bpf_map_delete_elem(map.fd, keyArgument(key));

/** BPF_MAP_GET_NEXT_KEY: the key after `key`, the first one for `undefined`; a negative errno (-ENOENT) at the end. */
export function nextKey(map: LoadedMap, key: Uint8Array | undefined): Bytes | number {
  const next = new Uint8Array(map.keySize);
  const failed = libbpf().bpf_map_get_next_key(map.fd, key ? new Uint8Array(key) : null, next);
  return failed < 0 ? failed : next;
}

/** BPF_MAP_LOOKUP_AND_DELETE_ELEM: the value that was there, or a negative errno. */
export function takeElem(map: LoadedMap, key: Uint8Array, flags = 0): Bytes | number {
  const value = new Uint8Array(copiedValueBytes(map));
  const failed = libbpf().bpf_map_lookup_and_delete_elem_flags(map.fd, keyArgument(key), value, BigInt(flags));
  return failed < 0 ? failed : value;
}

/** BPF_MAP_FREEZE: 0 or a negative errno. */
export const freezeMap = (map: LoadedMap): number => libbpf().bpf_map_freeze(map.fd);

/** BPF_MAP_LOOKUP_BATCH, BPF_MAP_LOOKUP_AND_DELETE_BATCH, BPF_MAP_UPDATE_BATCH, BPF_MAP_DELETE_BATCH: one system call. */
export function batchCall(map: LoadedMap, request: BatchRequest): BatchReply {
  const { call, count, cursor, entries = [] } = request, { keySize } = map, valueSize = copiedValueBytes(map);
  const keys = new Uint8Array(count * keySize);
  const values = new Uint8Array(call === "delete" ? 0 : count * valueSize);
  entries.forEach(({ key, value }, i) => {
    keys.set(key, i * keySize);
    if (value) values.set(value, i * valueSize);
  });
  const counter = new Uint32Array([count]);
  const flags = options(BATCH_OPTS_BYTES, [[BATCH_ELEM_FLAGS, 8, request.flags]]);
  if (call === "update" || call === "delete") {
    const result = call === "update"
      ? libbpf().bpf_map_update_batch(map.fd, keys, values, counter, flags)
      : libbpf().bpf_map_delete_batch(map.fd, keys, counter, flags);
    // The kernel writes the count unless it refuses the call at once.
    const written = result === 0 || counter[0] < count || count === 0;
    return { result: BigInt(result), count: written ? counter[0] : 0, entries: [] };
  }
  // The kernel keeps the number of a bucket (4 bytes) or a key here, and writes it only where it got so far.
  const next = new Uint8Array(Math.max(4, keySize)), from = cursor ? new Uint8Array(cursor) : null;
  if (from) next.set(from.subarray(0, next.length));
  const result = call === "lookup"
    ? libbpf().bpf_map_lookup_batch(map.fd, from, next, keys, values, counter, flags)
    : libbpf().bpf_map_lookup_and_delete_batch(map.fd, from, next, keys, values, counter, flags);
  const found = result === 0 || result === -ERRNO.ENOENT ? counter[0] : 0;
  return {
    result: BigInt(result),
    count: found,
    entries: Array.from({ length: found }, (_, i) => ({
      key: keys.slice(i * keySize, (i + 1) * keySize),
      value: values.slice(i * valueSize, (i + 1) * valueSize),
    })),
    cursor: count === 0 ? undefined : next.slice(0, isHash(map.type) ? 4 : keySize),
  };
}

/** Whether a batch's cursor is the number of a bucket. */
export const isHash = (type: number): boolean =>
  type === BPF_MAP_TYPE.HASH || type === BPF_MAP_TYPE.PERCPU_HASH || type === BPF_MAP_TYPE.LRU_HASH ||
  type === BPF_MAP_TYPE.LRU_PERCPU_HASH || type === BPF_MAP_TYPE.HASH_OF_MAPS;

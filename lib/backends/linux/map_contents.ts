/** The whole contents of a map, read and put back by system calls. */
import { BackendError } from "../../host/backend_error.ts";
import { errnoName } from "../../uapi/errno.ts";
import type { LoadedMap } from "./kernel_object.ts";
import { isQueueOrStack } from "../../maps/queue_stack.ts";
import {
  copiedValueBytes,
  deleteElem,
  isPerCpu,
  lookupElem,
  nextKey,
  possibleCpus,
  takeElem,
  updateElem,
} from "./map_calls.ts";
import { BPF_F_RDONLY_PROG } from "../../uapi/flags.ts";
import { BPF_MAP_TYPE } from "../../uapi/map_types.ts";

/** Types whose elements are plain bytes and can be written back. */
const RESTORABLE: readonly number[] = [1, 2, 5, 6, 9, 10, BPF_MAP_TYPE.LPM_TRIE];

/** The key of maps that have none. */
const NO_KEY = new Uint8Array();

/** One element as a system call copies it: for per-CPU maps the values of all possible CPUs. */
export interface Element {
  readonly key: Uint8Array;
  /** One value, or one for each possible CPU; each of `valueSize` bytes. */
  readonly values: readonly Uint8Array[];
}

/** Every element of a map, in the kernel's order. Nothing may write the map meanwhile. */
export function readMap(map: LoadedMap): Element[] {
  if (isQueueOrStack(map.type)) return readQueueOrStack(map);
  const elements: Element[] = [];
  for (const key of keysOf(map)) {
    const bytes = lookupElem(map, key);
    if (typeof bytes !== "number") elements.push({ key, values: splitValue(map, bytes) });
  }
  return elements;
}

/** Values from the oldest to the newest, numbered: taken out, and put back. */
function readQueueOrStack(map: LoadedMap): Element[] {
  const values: Uint8Array[] = [];
  for (let bytes = takeElem(map, NO_KEY); typeof bytes !== "number"; bytes = takeElem(map, NO_KEY)) values.push(bytes);
  if (map.type === BPF_MAP_TYPE.STACK) values.reverse();
  for (const bytes of values) updateElem(map, NO_KEY, bytes);
  return values.map((bytes, i) => ({ key: new Uint8Array(new Uint32Array([i]).buffer), values: [bytes] }));
}

/**
 * Makes a map hold exactly these elements again.
 *
 * @throws BackendError when the kernel refuses
 */
export function restoreMap(map: LoadedMap, elements: readonly Element[]): void {
  if (isQueueOrStack(map.type)) {
    while (typeof takeElem(map, NO_KEY) !== "number");
    for (const { values: [bytes] } of elements) updateElem(map, NO_KEY, bytes);
    return;
  }
  if (!RESTORABLE.includes(map.type) || (map.flags & BPF_F_RDONLY_PROG)) return;
  if (!isArray(map)) {
    for (const key of keysOf(map)) deleteElem(map, key);
  }
  for (const { key, values } of elements) {
    const bytes = joinValue(map, values);
    if (isArray(map) && sameBytes(lookupElem(map, key), bytes)) continue;
    const failed = updateElem(map, key, bytes);
    if (failed < 0) throw new BackendError(`map ${map.name} cannot be reset: ${errnoName(failed)}`);
  }
}

/** Splits what a lookup copied into one value per possible CPU (or just the value). */
export function splitValue(map: LoadedMap, bytes: Uint8Array): Uint8Array[] {
  if (!isPerCpu(map.type)) return [bytes];
  const stride = bytes.length / possibleCpus();
  return Array.from({ length: possibleCpus() }, (_, cpu) => bytes.slice(cpu * stride, cpu * stride + map.valueSize));
}

/** The inverse of {@link splitValue}. */
export function joinValue(map: LoadedMap, values: readonly Uint8Array[]): Uint8Array {
  if (!isPerCpu(map.type)) return values[0];
  const bytes = new Uint8Array(copiedValueBytes(map)), stride = bytes.length / possibleCpus();
  values.forEach((value, cpu) => bytes.set(value, cpu * stride));
  return bytes;
}

const isArray = (map: LoadedMap): boolean => map.type === BPF_MAP_TYPE.ARRAY || map.type === BPF_MAP_TYPE.PERCPU_ARRAY;

function keysOf(map: LoadedMap): Uint8Array[] {
  const keys: Uint8Array[] = [];
  for (let key = nextKey(map, undefined); typeof key !== "number"; key = nextKey(map, key)) {
    keys.push(key);
    if (keys.length > map.maxEntries) break;
  }
  return keys;
}

function sameBytes(a: Uint8Array | number, b: Uint8Array): boolean {
  return typeof a !== "number" && a.length === b.length && a.every((byte, index) => byte === b[index]);
}

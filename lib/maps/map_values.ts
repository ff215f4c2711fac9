/** Final shared state by name, as outcomes and reports compare and print it. */
import type { Memory } from "../cpu/memory.ts";
import type { Btf } from "../object/btf.ts";
import type { Values } from "../report/result.ts";
import type { MapDef } from "../object/bpf_object.ts";
import type { KernelMap } from "./kernel_map.ts";
import { BPF_MAP_TYPE } from "../uapi/map_types.ts";
import { fieldNames, ownedValues } from "./owned_values.ts";
import { hex, type Leaf, leavesOf, readLeaf } from "./value_layout.ts";
import { isZero } from "./words.ts";

/** Arrays with more entries than this show only those that are not all zero. */
const ALWAYS_SHOWN = 64;

/**
 * Every global variable and every map entry: `counter`, `stats[3].bytes`, and with `@cpu2` behind the key the value
 * of one CPU. Read-only data is left out; so are inner maps that were not made yet, and the zero entries of arrays with more than 64,
 * which are always there ({@link leftOutValue}).
 */
export function mapValues(maps: readonly KernelMap[], btf: Btf | undefined, memory: Memory): Values {
  const values: Values = {};
  const spare = new Set(maps.flatMap((map) => map.freshInnerMaps?.maps ?? []));
  for (const map of maps) for (const inner of map.freshInnerMaps?.created(memory) ?? []) spare.delete(inner);
  for (const map of maps) {
    if (spare.has(map)) continue;
    if (map.def.data) globalValues(map, memory, values);
    else entryValues(map, btf, memory, values);
  }
  return values;
}

function globalValues(map: KernelMap, memory: Memory, values: Values): void {
  if (map.def.data?.readonly) return;
  for (const { addr } of map.entries(memory)) {
    for (const leaf of map.valueLeaves) values[leaf.path] = readLeaf(memory.bytes, leaf, addr);
    addOwned(map, memory, addr, "", values);
  }
}

function entryValues(map: KernelMap, btf: Btf | undefined, memory: Memory, values: Values): void {
  const keyLeaves = keyLeavesOf(btf, map.def);
  const sparse = isSparse(map.def);
  for (const { key, addr, cpu, field, size } of map.entries(memory, sparse)) {
    if (sparse && isZero(memory, addr, map.def.valueSize)) continue;
    const where = map.name + (field ?? `[${formatKey(key, keyLeaves)}]`) + (cpu === undefined ? "" : `@cpu${cpu}`);
    for (const leaf of size === undefined ? map.valueLeaves : leavesOf(undefined, undefined, size)) {
      values[where + leaf.path] = map.formatLeaf(readLeaf(memory.bytes, leaf, addr));
    }
    addOwned(map, memory, addr, where, values);
  }
}

/** The objects that a value leads to. */
function addOwned(map: KernelMap, memory: Memory, addr: number, value: string, values: Values): void {
  const { fields, def, environment: { owner, btf } } = map;
  if (fields.length === 0) return;
  ownedValues(owner?.own, btf, memory, { fields, addr, pathOf: fieldNames(btf, def, value) }, values);
}

/** The numbers of a map's keys; of a map without keys, that of a number. */
export const keyLeavesOf = (btf: Btf | undefined, { keyType, keySize }: MapDef): Leaf[] =>
  keySize === 0 ? leavesOf(undefined, undefined, 4) : leavesOf(btf, keyType, keySize);

/** Whether all entries of a map are always there, and too many to show those that are zero. */
export const isSparse = ({ type, maxEntries }: MapDef): boolean =>
  maxEntries > ALWAYS_SHOWN && (type === BPF_MAP_TYPE.ARRAY || type === BPF_MAP_TYPE.PERCPU_ARRAY);

/** What a name stands for that {@link mapValues} left out because its entry is zero; undefined for any other name. */
export function leftOutValue(maps: readonly KernelMap[], name: string): bigint | string | undefined {
  const [, mapName, index, cpu, path] = /^(.+?)\[(\d+)\](?:@cpu(\d+))?(.*)$/.exec(name) ?? [];
  const map = maps.find((map) => map.name === mapName && !map.def.data && isSparse(map.def));
  const leaf = map?.valueLeaves.find((leaf) => leaf.path === path);
  if (!map || !leaf || String(Number(index)) !== index || Number(index) >= map.def.maxEntries) return undefined;
  if (map.isPerCpu ? !(Number(cpu) < map.environment.possibleCpus) : cpu !== undefined) return undefined;
  return map.formatLeaf(readLeaf(new Uint8Array(map.def.valueSize), leaf));
}

/** A key in the form that reports print: a number, `a,b` for a struct, hex for anything else. */
export function formatKey(key: Uint8Array, leaves: readonly Leaf[]): string {
  if (leaves.length === 1 && leaves[0].path === "") return formatSingle(key, leaves[0]) ?? hex(key);
  const padding = paddingOf(key, leaves);
  return leaves.map((leaf) => String(readLeaf(key, leaf))).join(",") + (padding === undefined ? "" : ` +${padding}`);
}

/** A key in memory; one that is a single number is read where it stands. */
export function formatKeyAt({ bytes }: Memory, at: number, size: number, leaves: readonly Leaf[]): string {
  const number = leaves.length === 1 && leaves[0].path === "" ? formatSingle(bytes, leaves[0], at) : undefined;
  return number ?? formatKey(bytes.slice(at, at + size), leaves);
}

function formatSingle(bytes: Uint8Array, leaf: Leaf, at = 0): string | undefined {
  const value = readLeaf(bytes, leaf, at);
  return typeof value === "bigint" ? String(value) : undefined;
}

/** Bytes between a key's fields, in hex, where any is not zero: keys that differ there are different keys. */
function paddingOf(key: Uint8Array, leaves: readonly Leaf[]): string | undefined {
  const rest = key.filter((_, at) => !leaves.some(({ offset, size }) => at >= offset && at < offset + size));
  return rest.some((byte) => byte !== 0) ? hex(rest) : undefined;
}

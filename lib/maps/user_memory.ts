/** Memory that user space has mapped: global variables, and arrays with BPF_F_MMAPABLE. No system call, no lock. */
import type { Width } from "../cpu/memory.ts";
import { load, type Model, type RmwOp, store } from "../cpu/operation.ts";
import type { Btf } from "../object/btf.ts";
import { ArrayMap } from "./array.ts";
import { decodeValue, encodeValue, type MapInput, type MapValue } from "./btf_value.ts";
import type { KernelMap } from "./kernel_map.ts";
import { BPF_F_MMAPABLE } from "../uapi/flags.ts";
import type { Leaf } from "./value_layout.ts";
import { setWord, wordAt, wordsOf } from "./words.ts";

/** Where something that a reader names stands. */
interface Place {
  readonly addr: number;
  readonly size: number;
  readonly type: number | undefined;
  readonly leaf?: Leaf;
}

/**
 * Finds `counter`, `stats.bytes`, `table[3]` among the global variables, `map[3].bytes` among mapped arrays.
 *
 * @throws RangeError when there is nothing of that name
 */
function findPlace(maps: readonly KernelMap[], name: string): Place {
  for (const map of maps) {
    if (!(map instanceof ArrayMap) || !(map.def.flags & BPF_F_MMAPABLE)) continue;
    const place = map.def.data ? globalPlace(map, name) : elementPlace(map, name);
    if (place) return place;
  }
  const known = maps.flatMap((map) => map.def.data?.variables.map((variable) => variable.name) ?? []).join(", ");
  throw new RangeError(`no global variable ${name}; there is ${known || "none"}`);
}

function globalPlace(map: ArrayMap, name: string): Place | undefined {
  const variable = map.def.data!.variables.find((variable) => variable.name === name);
  const leaf = map.valueLeaves.find((leaf) => leaf.path === name);
  if (leaf) return { addr: map.valueAddr(0) + leaf.offset, size: leaf.size, type: undefined, leaf };
  return variable && { addr: map.valueAddr(0) + variable.offset, size: variable.size, type: variable.type };
}

function elementPlace(map: ArrayMap, name: string): Place | undefined {
  const match = /^(\w+)\[(\d+)\](.*)$/.exec(name);
  if (!match || match[1] !== map.name || Number(match[2]) >= map.def.maxEntries) return undefined;
  const base = map.valueAddr(Number(match[2])), leaf = map.valueLeaves.find((leaf) => leaf.path === match[3]);
  if (leaf) return { addr: base + leaf.offset, size: leaf.size, type: undefined, leaf };
  return match[3] === "" ? { addr: base, size: map.def.valueSize, type: map.def.valueType } : undefined;
}

/**
 * Atomic operations on mapped memory.
 *
 * @internal
 */
export type AtomicOpName = RmwOp["op"];
const ATOMIC_OPS: readonly string[] = ["add", "or", "and", "xor", "xchg", "cmpxchg"] satisfies AtomicOpName[];

/**
 * The operands of an atomic operation, as numbers of so many bytes.
 *
 * @throws TypeError for another operation, for what is no whole number, for a cmpxchg without `expected`
 */
export function atomicOperands(
  name: string,
  op: AtomicOpName,
  value: bigint | number,
  expected: bigint | number | undefined,
): { readonly value: bigint; readonly expected?: bigint } {
  if (!ATOMIC_OPS.includes(op)) {
    throw new TypeError(`${name}: no atomic operation is called ${op}; there is ${ATOMIC_OPS.join(", ")}`);
  }
  if ((op === "cmpxchg") !== (expected !== undefined)) {
    throw new TypeError(`${name}: cmpxchg, and no other operation, is given what it expects to find`);
  }
  const whole = (given: bigint | number): bigint => {
    if (typeof given === "bigint" || Number.isSafeInteger(given)) return BigInt(given);
    throw new TypeError(`${name}: a whole number is wanted, not ${given}`);
  };
  return { value: whole(value), expected: expected === undefined ? undefined : whole(expected) };
}

/** An atomic operation on a number of 4 or 8 bytes: one read-modify-write. */
export function* atomicMapped(
  maps: readonly KernelMap[],
  name: string,
  op: AtomicOpName,
  value: bigint | number,
  expected?: bigint | number,
): Model<bigint> {
  const { leaf, addr, size } = findPlace(maps, name), operands = atomicOperands(name, op, value, expected);
  if (!isAtomicSize(leaf)) throw new TypeError(notAtomic(name));
  const old = yield { kind: "rmw", op, addr, size: size as Width, ...operands, label: name, mapped: true };
  return leaf!.signed ? BigInt.asIntN(8 * size, old) : old;
}

export const isAtomicSize = (leaf: Leaf | undefined): boolean =>
  !!leaf && !leaf.bits && (leaf.size === 4 || leaf.size === 8);
export const notAtomic = (name: string): string => `${name}: atomic operations want one number of 4 or 8 bytes`;

const isOneLoad = (leaf: Leaf | undefined): boolean => !!leaf && !leaf.bits && [1, 2, 4, 8].includes(leaf.size);

/** Reads a variable: one load for a number, one for each word of anything larger. */
export function* readMapped(maps: readonly KernelMap[], btf: Btf | undefined, name: string): Model<MapValue> {
  const place = findPlace(maps, name);
  if (isOneLoad(place.leaf)) {
    const value = yield { ...load(place.addr, place.size as Width, name), mapped: true };
    return place.leaf!.signed ? BigInt.asIntN(8 * place.size, value) : value;
  }
  const bytes = new Uint8Array(place.size);
  for (const word of wordsOf(place.size)) {
    setWord(bytes, word, yield { ...load(place.addr + word.offset, word.size, name), mapped: true });
  }
  return decodeValue(btf, place.type, bytes);
}

/** Writes a variable: one store for a number, one for each word of anything larger. */
export function* writeMapped(
  maps: readonly KernelMap[],
  btf: Btf | undefined,
  name: string,
  input: MapInput,
): Model<void> {
  const place = findPlace(maps, name), bytes = encodeValue(btf, place.type, place.size, input, name);
  for (const word of isOneLoad(place.leaf) ? [{ offset: 0, size: place.size as Width }] : wordsOf(place.size)) {
    yield { ...store(place.addr + word.offset, word.size, wordAt(bytes, word), name), mapped: true };
  }
}

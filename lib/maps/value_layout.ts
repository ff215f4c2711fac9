/** What BTF says about a value: its fields, and where its lock stands. */
import type { Variable } from "../object/bpf_object.ts";
import type { Btf } from "../object/btf.ts";
import { resolveType, sizeOfType } from "../object/btf_types.ts";

/** A number (or a run of bytes) inside a value. `path` is `.field`, `[3]`, or empty for a value that is one number. */
export interface Leaf {
  readonly path: string;
  /** Path of the struct or array that it is a part of; nothing for a value that is one number. */
  readonly parent?: string;
  readonly offset: number;
  readonly size: number;
  readonly signed: boolean;
  /** Bit-fields: which bits of the bytes. */
  readonly bits?: { readonly offset: number; readonly size: number };
}

const SPIN_LOCKS = new Set(["bpf_spin_lock", "bpf_res_spin_lock"]);

export const isSpinLock = (btf: Btf, type: number): boolean => SPIN_LOCKS.has(resolveType(btf, type).name);

/** What the kernel keeps in values and objects for itself: no numbers of the program's. */
const LINKS = new Set(["bpf_list_head", "bpf_list_node", "bpf_rb_root", "bpf_rb_node", "bpf_refcount"]);
const isHidden = (name: string): boolean => SPIN_LOCKS.has(name) || LINKS.has(name);

/** Byte offset of the bpf_spin_lock in a value of this type, nested structs included (kernel/bpf/btf.c:btf_parse_fields). */
export function spinLockOffset(btf: Btf, type: number): number | undefined {
  const struct = resolveType(btf, type);
  if (struct.kind !== "struct") return undefined;
  if (SPIN_LOCKS.has(struct.name)) return 0;
  for (const member of struct.members ?? []) {
    const inside = spinLockOffset(btf, member.type);
    if (inside !== undefined) return (member.bitOffset >>> 3) + inside;
  }
  return undefined;
}

/** Structs in values that stand for callbacks (maps/async_callbacks.ts): all zero to user space, and not copied. */
const ASYNC_STRUCTS = new Map<string, "timer" | "work">([["bpf_timer", "timer"], ["bpf_wq", "work"]]);

/** A timer or work queue in a value; `path` names it as a {@link Leaf} is named. */
export interface AsyncField {
  readonly kind: "timer" | "work";
  readonly offset: number;
  readonly path: string;
}

/** Where the timers and works of a value stand (kernel/bpf/btf.c:btf_parse_fields). */
export function asyncFieldsOf(btf: Btf, type: number): AsyncField[] {
  const struct = resolveType(btf, type), kind = ASYNC_STRUCTS.get(struct.name);
  if (struct.kind !== "struct") return [];
  if (kind) return [{ kind, offset: 0, path: "" }];
  return (struct.members ?? []).flatMap((member) =>
    asyncFieldsOf(btf, member.type).map((field) => ({
      kind: field.kind,
      offset: (member.bitOffset >>> 3) + field.offset,
      path: (member.name === "" ? "" : `.${member.name}`) + field.path,
    }))
  );
}

/** Every number inside a value of a BTF type, in order; locks are left out, and what a damaged type has past its end. */
export function leavesOf(btf: Btf | undefined, type: number | undefined, size: number): Leaf[] {
  const found: Leaf[] = [];
  if (btf && type) collect(btf, type, { path: "" }, 0, size, found);
  const leaves = found.filter((leaf) => leaf.offset + leaf.size <= size);
  if (leaves.length === 0 && btf && type && LINKS.has(resolveType(btf, type).name)) return [];
  return leaves.length > 0 ? leaves : [{ path: "", offset: 0, size, signed: false }];
}

/** Every number inside a global variable; paths begin with its name, offsets count from its section. */
export function variableLeaves(btf: Btf | undefined, variable: Variable): Leaf[] {
  return leavesOf(btf, variable.type, variable.size).map((leaf) => ({
    ...leaf,
    path: variable.name + leaf.path,
    parent: leaf.parent === undefined ? undefined : variable.name + leaf.parent,
    offset: variable.offset + leaf.offset,
  }));
}

function collect(
  btf: Btf,
  id: number,
  at: Pick<Leaf, "path" | "parent">,
  offset: number,
  end: number,
  leaves: Leaf[],
): void {
  if (offset >= end) return;
  const type = resolveType(btf, id), { path } = at;
  if (type.kind === "struct" || type.kind === "union") {
    if (isHidden(type.name) || ASYNC_STRUCTS.has(type.name)) return;
    for (const member of type.members ?? []) {
      const within = member.name === "" ? at : { path: `${path}.${member.name}`, parent: path };
      if (member.bitSize > 0) {
        const byte = offset + (member.bitOffset >> 3);
        const bits = { offset: member.bitOffset & 7, size: member.bitSize };
        const width = Math.ceil((bits.offset + bits.size) / 8);
        leaves.push({ ...within, offset: byte, size: width, signed: isSigned(btf, member.type), bits });
      } else collect(btf, member.type, within, offset + (member.bitOffset >>> 3), end, leaves);
    }
    return;
  }
  if (type.kind === "array") {
    const element = resolveType(btf, type.type ?? 0), stride = sizeOfType(btf, type.type ?? 0);
    const nelems = stride > 0 ? Math.min(type.nelems ?? 0, Math.ceil((end - offset) / stride)) : 0;
    if (element.size === 1 && element.kind === "int") {
      leaves.push({ ...at, offset, size: nelems, signed: false });
      return;
    }
    for (let i = 0; i < nelems; i++) {
      collect(btf, type.type ?? 0, { path: `${path}[${i}]`, parent: path }, offset + i * stride, end, leaves);
    }
    return;
  }
  const size = sizeOfType(btf, id);
  if (size > 0) leaves.push({ ...at, offset, size, signed: isSigned(btf, id) });
}

function isSigned(btf: Btf, id: number): boolean {
  const type = resolveType(btf, id);
  return (type.kind === "int" || type.kind === "enum" || type.kind === "enum64") && type.signed === true;
}

const isWidth = (size: number): boolean => size === 8 || size === 4 || size === 2 || size === 1;

/** A number of up to 8 bytes, and its bytes as memory has them. */
const word64 = new BigUint64Array(1), wordBytes = new Uint8Array(word64.buffer);

/** A leaf's value: a number, or hex text for a run of bytes that no number holds. */
export function readLeaf(bytes: Uint8Array, leaf: Leaf, at = 0): bigint | string {
  const start = at + leaf.offset;
  if (!isWidth(leaf.size) && !leaf.bits) return hex(bytes.subarray(start, start + leaf.size));
  let value: bigint;
  if (leaf.size <= 8) {
    word64[0] = 0n;
    for (let i = 0; i < leaf.size; i++) wordBytes[i] = bytes[start + i];
    value = word64[0];
  } else {
    value = 0n;
    for (let i = leaf.size - 1; i >= 0; i--) value = (value << 8n) | BigInt(bytes[start + i]);
  }
  const width = leaf.bits?.size ?? 8 * leaf.size;
  value >>= BigInt(leaf.bits?.offset ?? 0);
  return leaf.signed ? BigInt.asIntN(width, value) : BigInt.asUintN(width, value);
}

/** Puts a number into a leaf's bytes. */
export function writeLeaf(bytes: Uint8Array, leaf: Leaf, value: bigint): void {
  const shift = BigInt(leaf.bits?.offset ?? 0), width = leaf.bits?.size ?? 8 * leaf.size;
  const mask = ((1n << BigInt(width)) - 1n) << shift;
  let all = 0n;
  for (let i = leaf.size - 1; i >= 0; i--) all = (all << 8n) | BigInt(bytes[leaf.offset + i]);
  all = (all & ~mask) | ((value << shift) & mask);
  for (let i = 0; i < leaf.size; i++, all >>= 8n) bytes[leaf.offset + i] = Number(all & 0xffn);
}

export const hex = (bytes: Uint8Array): string =>
  Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");

/** Gives the bytes of shared memory the names that C gives them. */
import type { Btf } from "../object/btf.ts";
import { resolveType, sizeOfType } from "../object/btf_types.ts";
import type { Values } from "./result.ts";

/** Longer arrays inside a value are given as one hex text. */
const MAX_ARRAY_ELEMENTS = 64;

/**
 * Splits a value into its numbers: `counter`, `m[0].count`, `m[0].words[3]`. A `struct bpf_spin_lock` is left out.
 *
 * @param name what the whole value is called
 * @param typeId its BTF type; without one a value of 1, 2, 4 or 8 bytes is a number and any other a hex text
 */
export function namedValue(name: string, bytes: Uint8Array, btf?: Btf, typeId?: number): Values {
  const values: Values = {};
  addValue(values, name, bytes, btf, typeId);
  return values;
}

function addValue(values: Values, name: string, bytes: Uint8Array, btf?: Btf, typeId?: number): void {
  const type = btf && typeId ? resolveType(btf, typeId) : undefined;
  if (btf && (type?.kind === "struct" || type?.kind === "union")) {
    if (type.name === "bpf_spin_lock") return;
    for (const member of type.members ?? []) {
      const size = sizeOfType(btf, member.type), offset = member.bitOffset >> 3;
      addValue(
        values,
        member.name ? `${name}.${member.name}` : name,
        bytes.subarray(offset, offset + size),
        btf,
        member.type,
      );
    }
  } else if (btf && type?.kind === "array" && (type.nelems ?? 0) <= MAX_ARRAY_ELEMENTS) {
    const size = sizeOfType(btf, type.type ?? 0);
    for (let index = 0; index < (type.nelems ?? 0); index++) {
      addValue(values, `${name}[${index}]`, bytes.subarray(index * size, (index + 1) * size), btf, type.type);
    }
  } else {
    values[name] = scalar(bytes, type?.signed === true);
  }
}

function scalar(bytes: Uint8Array, signed: boolean): bigint | string {
  if (![1, 2, 4, 8].includes(bytes.length)) return hexText(bytes);
  const number = bytes.reduceRight((sum, byte) => (sum << 8n) | BigInt(byte), 0n);
  return signed ? BigInt.asIntN(bytes.length * 8, number) : number;
}

/** `0a1b...`, two digits a byte in the order of memory. */
export const hexText = (bytes: Uint8Array): string =>
  [...bytes].map((byte) => byte.toString(16).padStart(2, "0")).join("");

/** A key as it stands between brackets: a number when it is one, the fields of a struct, else hex text. */
export function keyText(bytes: Uint8Array, btf?: Btf, typeId?: number): string {
  return Object.values(namedValue("", bytes, btf, typeId)).join(", ");
}

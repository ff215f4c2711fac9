/** CO-RE relocations: their kinds, and what an answer to one is. */
import { CORE_RELO } from "../../uapi/core_relo.ts";

/** As messages of libbpf call them (relo_core.c:core_relo_kind_str). */
export const CORE_RELO_NAMES: readonly string[] = [
  "byte_off",
  "byte_sz",
  "field_exists",
  "signed",
  "lshift_u64",
  "rshift_u64",
  "local_type_id",
  "target_type_id",
  "type_exists",
  "type_size",
  "enumval_exists",
  "enumval_value",
  "type_matches",
];

export const isTypeBased = (kind: number): boolean =>
  kind >= CORE_RELO.TYPE_ID_LOCAL && kind <= CORE_RELO.TYPE_SIZE || kind === CORE_RELO.TYPE_MATCHES;
export const isValueBased = (kind: number): boolean =>
  kind === CORE_RELO.ENUMVAL_EXISTS || kind === CORE_RELO.ENUMVAL_VALUE;

/** What the instruction is to hold. */
export interface CoreValue {
  readonly value: bigint;
  /** Bytes of a plain number, which a load or store takes over. */
  readonly bytes?: number;
  /** The kernel's field has another size, which a load or store cannot take over. */
  readonly hasOtherSize?: boolean;
}

/** `undefined`: as it was compiled; `"missing"`: the kernel has no such thing; `"unknown"`: there is no telling. */
export type CoreAnswer = CoreValue | "missing" | "unknown" | undefined;

/** `task_struct___old` is a flavour of `task_struct`. */
export const essentialName = (name: string): string => name.replace(/___.*$/, "");

/** A bit field: bytes of its type, its first bit from the start of the outermost struct, and its length. */
export interface BitField {
  readonly size: number;
  readonly offset: number;
  readonly count: number;
}

/** It lies in the smallest aligned word that holds all of it, of its type's size at least (bpf_core_calc_field_relo). */
export function bitFieldValue({ size, offset, count }: BitField, kind: number): CoreAnswer {
  let bytes = size, start = 0;
  const place = () => Math.floor((offset >> 3) / bytes) * bytes;
  for (start = place(); offset + count > (start + bytes) * 8; start = place()) {
    if (bytes >= 8) return "missing";
    bytes *= 2;
  }
  switch (kind) {
    case CORE_RELO.OFFSET:
      return { value: BigInt(start) };
    case CORE_RELO.SIZE:
      return { value: BigInt(bytes) };
    case CORE_RELO.LSHIFT:
      return { value: BigInt(64 - (offset + count - start * 8)) };
    case CORE_RELO.RSHIFT:
      return { value: BigInt(64 - count) };
    default:
      return "unknown";
  }
}

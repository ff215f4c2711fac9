/** Kinds of CO-RE relocations, as `.BTF.ext` numbers them. */

/** enum bpf_core_relo_kind (include/uapi/linux/bpf.h). */
export const CORE_RELO = {
  OFFSET: 0,
  SIZE: 1,
  EXISTS: 2,
  SIGNED: 3,
  LSHIFT: 4,
  RSHIFT: 5,
  TYPE_ID_LOCAL: 6,
  TYPE_ID_TARGET: 7,
  TYPE_EXISTS: 8,
  TYPE_SIZE: 9,
  ENUMVAL_EXISTS: 10,
  ENUMVAL_VALUE: 11,
  TYPE_MATCHES: 12,
} as const;

export type CoreRelocationKind = typeof CORE_RELO[keyof typeof CORE_RELO];

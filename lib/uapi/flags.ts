/** Flags of map calls, of maps and of programs (include/uapi/linux/bpf.h). */

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

/** Flags of a map, for BPF_MAP_CREATE. */
export const BPF_F_NO_PREALLOC = 1 << 0;
export const BPF_F_NO_COMMON_LRU = 1 << 1;
export const BPF_F_NUMA_NODE = 1 << 2;
export const BPF_F_RDONLY = 1 << 3;
export const BPF_F_WRONLY = 1 << 4;
export const BPF_F_STACK_BUILD_ID = 1 << 5;
export const BPF_F_ZERO_SEED = 1 << 6;
export const BPF_F_RDONLY_PROG = 1 << 7;
export const BPF_F_WRONLY_PROG = 1 << 8;
export const BPF_F_CLONE = 1 << 9;
export const BPF_F_MMAPABLE = 1 << 10;
export const BPF_F_PRESERVE_ELEMS = 1 << 11;
export const BPF_F_INNER_MAP = 1 << 12;

/** Flag of a program, for BPF_PROG_LOAD: it may sleep. */
export const BPF_F_SLEEPABLE = 1 << 4;
/** Flag of BPF_PROG_TEST_RUN: on the CPU that the call names. */
export const BPF_F_TEST_RUN_ON_CPU = 1 << 0;

/** Flags of bpf_get_stackid and bpf_get_stack: how many frames to leave out, and the rest. */
export const BPF_F_SKIP_FIELD_MASK = 0xffn;
export const BPF_F_USER_STACK = 1n << 8n;
export const BPF_F_FAST_STACK_CMP = 1n << 9n;
export const BPF_F_REUSE_STACKID = 1n << 10n;
export const BPF_F_USER_BUILD_ID = 1n << 11n;

/** Flags of helpers for packets. */
export const BPF_F_HDR_FIELD_MASK = 0xfn;
export const BPF_F_PSEUDO_HDR = 1n << 4n;
export const BPF_F_MARK_MANGLED_0 = 1n << 5n;
export const BPF_F_MARK_ENFORCE = 1n << 6n;
export const BPF_F_RECOMPUTE_CSUM = 1n << 0n;
export const BPF_F_INVALIDATE_HASH = 1n << 1n;
export const BPF_F_INGRESS = 1n << 0n;
export const BPF_F_BROADCAST = 1n << 3n;
export const BPF_F_EXCLUDE_INGRESS = 1n << 4n;

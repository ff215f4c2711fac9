/** Error numbers as maps and system calls return them, and the error that user space gets. */
import { ERRNO } from "../uapi/errno.ts";

/** Names of the error numbers that maps and system calls return. */
export type ErrnoName =
  | "EPERM"
  | "ENOENT"
  | "E2BIG"
  | "EAGAIN"
  | "ENOMEM"
  | "EFAULT"
  | "EBUSY"
  | "EEXIST"
  | "EINVAL"
  | "ENOSPC"
  | "EDEADLK"
  | "EOPNOTSUPP"
  | "ENOTSUPP"
  | "ERANGE";

const MEANING = {
  EPERM: "not permitted",
  ENOENT: "no such key",
  E2BIG: "the map is full, or the index is beyond max_entries",
  EAGAIN: "try again",
  ENOMEM: "no memory",
  EFAULT: "bad address",
  EBUSY: "in use: a bucket that this CPU has locked, a map that is being written",
  EEXIST: "the key exists already",
  EINVAL: "an argument that the call does not take",
  ENOSPC: "the buffer is too small",
  EDEADLK: "taking the lock would deadlock",
  EOPNOTSUPP: "not supported by this map type",
  ENOTSUPP: "not supported by this map type",
  ERANGE: "a number that does not fit",
} as const satisfies Readonly<Record<ErrnoName & keyof typeof ERRNO, string>>;

/** What a kernel function returns for an error: `-EEXIST` is `errno("EEXIST")`. */
export const errno = (name: ErrnoName): bigint => -BigInt(ERRNO[name]);

/** The name of a (positive or negative) error number. */
export function errnoName(number: number | bigint): ErrnoName | undefined {
  const positive = Math.abs(Number(number));
  return (Object.keys(MEANING) as ErrnoName[]).find((name) => ERRNO[name] === positive);
}

/**
 * A system call that failed, or a map that can't be made; `code` is the errno's name, for `catch` in an actor's body.
 *
 * @example
 * ```ts
 * import { bpf, BPF_NOEXIST, KernelError, simulate } from "interleave";
 * const counts = await bpf`struct stats { long packets; long bytes; };
 * struct { __uint(type, BPF_MAP_TYPE_HASH); __uint(max_entries, 4); __type(key, int); __type(value, struct stats); }
 * stats SEC(".maps");
 * SEC("raw_tp") int count(void *ctx) {
 *   int key = 1;
 *   struct stats *s = bpf_map_lookup_elem(&stats, &key);
 *   if (s) __sync_fetch_and_add(&s->packets, 1);
 *   return 0;
 * }`;
 * const run = await simulate(counts, {
 *   cpus: 1,
 *   invocations: 1,
 *   user: [{
 *     name: "twice",
 *     *body(user) {
 *       yield* user.update("stats", 1, { packets: 0 }, BPF_NOEXIST);
 *       try {
 *         yield* user.update("stats", 1, { packets: 0 }, BPF_NOEXIST);
 *       } catch (error) {
 *         return (error as KernelError).code;
 *       }
 *     },
 *   }],
 * });
 * if (run.returned.twice !== "EEXIST") throw new Error("the key was there already");
 * ```
 */
export class KernelError extends Error {
  /** Tells it from other errors. */
  override name = "KernelError";
  /**
   * The failure of one call.
   *
   * @param code the errno's name
   * @param what the call that failed, for the message
   * @param count of a batch call, how many entries it had done
   */
  constructor(readonly code: ErrnoName, what: string, readonly count?: number) {
    super(`${what}: ${code} (${MEANING[code]})`);
  }
}

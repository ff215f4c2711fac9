/**
 * What the document "Concurrency" claims, sentence by sentence, and what a running kernel says to it.
 *
 * The book tests a Chinese translation. Its English original is a page of ebpf-docs, and has changed since: where the
 * two differ, a claim says what the original said when it was translated, and what it says today.
 *
 * Figures: kernel 6.18.44, x86-64, 2 CPUs, KVM guest, preempt none, 2026-11. Sources are file:function of that kernel.
 */

import { translated } from "../../words/translation.ts";

/** The document, and the two states of its original that the ledger speaks of. */
export const DOCUMENT = {
  title: "Concurrency",
  project: "ebpf-docs",
  url: "https://docs.ebpf.io/linux/concepts/concurrency/",
  repository: "https://github.com/isovalent/ebpf-docs",
  path: "docs/linux/concepts/concurrency.md",
  /**
   * The translation has the examples that came on 2024-03-29 (5ab7ccb), and renders a slip of the pen that went on
   * 2024-10-11 (e4f7a81): it was made between the two.
   */
  then: "2024-03 to 2024-10",
  /** Last change of the page when it was read, at commit 18ec5e9 of 2026-07-17. */
  now: "2025-06-07 (0f84b1e)",
} as const;

/**
 * What the English original says, in our words, where the translation differs from one of its states.
 *
 * @internal
 */
export interface Original {
  /** When the translation was made. */
  readonly then: string;
  /** Today, with the date and the commit of the change. */
  readonly now: string;
}

/** `true`, `true if ...` (the condition is in `found`), or `wrong`. */
export type ClaimVerdict = "true" | "true if" | "wrong";

/** One sentence of the document, and what became of it. */
export interface Claim {
  /** Number in the ledger: section, then sentence. */
  readonly id: string;
  /** What the document says, in our words. */
  readonly says: string;
  /** What became of it: `true if` has a condition. */
  readonly verdict: ClaimVerdict;
  /** Absent where the original says the same, then and now. */
  readonly original?: Original;
  /** What the running kernel showed. */
  readonly kernel: string;
  /** The kernel source that explains it. */
  readonly source?: string;
}

export const SECTIONS: Readonly<Record<string, string>> = translated({
  "0": "Introduction",
  "1": "Atomics",
  "2": "Spin locks",
  "3": "Per-CPU maps",
  "4": "Map RCU",
  "5": "Map-in-map swap",
});

export const LEDGER: readonly Claim[] = translated([
  {
    id: "0.1",
    says: "One program can be run by many kernel threads at the same time.",
    verdict: "true",
    kernel: "the same program ran on both CPUs at once for 95-99 % of every two-CPU run",
    source: "kernel/trace/bpf_trace.c:__bpf_trace_run (only a nested run on the same CPU is skipped)",
  },
  {
    id: "0.2",
    says: "The only guarantee is that one invocation stays on one logical CPU.",
    verdict: "true if",
    kernel: "no change of CPU in 19,264 runs; but there are more guarantees: RCU protection of what was looked up, " +
      "the recursion guard, interrupts off inside a spin lock",
    source: "include/linux/filter.h:bpf_prog_run_pin_on_cpu",
  },
  {
    id: "0.3",
    says: "Memory that several programs or invocations share is subject to races.",
    verdict: "true",
    kernel: "counter += 1 on 2 CPUs loses 49.2 % (48.5 to 49.6)",
  },
  {
    id: "0.4",
    says: "A program and user space on the same map value race as well.",
    verdict: "true",
    kernel:
      "user lookup + update, both with BPF_F_LOCK, while BPF counts under the lock: 43-57 % of the increments gone",
  },
  {
    id: "1.1",
    says: "i += 1 is a load, an add and a store.",
    verdict: "true",
    kernel: "ldx, add, stx; but clang folds a loop of 1000 increments into one += 1000 unless the counter is volatile",
  },
  { id: "1.2", says: "So i += 1 can lose updates.", verdict: "true", kernel: "2.5 % to 49.9 % lost, by private work" },
  {
    id: "1.3",
    says: "There are single instructions, serialised by the hardware, behind the __sync builtins.",
    verdict: "true",
    kernel: "lock add, lock xadd, lock cmpxchg, xchg in the JIT's output",
    source: "arch/x86/net/bpf_jit_comp.c:emit_atomic_rmw",
  },
  {
    id: "1.4",
    says: "__sync_fetch_and_add returns the new value.",
    verdict: "wrong",
    original: { then: "the new value", now: "the original value (mended 2025-01-13, 10d4248)" },
    kernel: "10 + 5 returns 10: the old value",
  },
  {
    id: "1.5",
    says: "__sync_fetch_and_sub returns the new value.",
    verdict: "wrong",
    original: { then: "the new value", now: "the original value (mended 2025-01-13, 10d4248)" },
    kernel: "10 - 5 returns 10: the old value",
  },
  {
    id: "1.6",
    says: "__sync_fetch_and_or returns the new value.",
    verdict: "wrong",
    original: { then: "the new value", now: "the original value (mended 2025-01-13, 10d4248)" },
    kernel: "10 | 5 returns 10: the old value",
  },
  {
    id: "1.7",
    says: "__sync_fetch_and_xor returns the new value.",
    verdict: "wrong",
    original: { then: "the new value", now: "the original value (mended 2025-01-13, 10d4248)" },
    kernel: "10 ^ 6 returns 10: the old value",
  },
  {
    id: "1.8",
    says: "A compare-and-swap that succeeds returns the original value.",
    verdict: "true",
    kernel: "a = 10, compare 10, swap 99: returns 10, a = 99",
  },
  {
    id: "1.9",
    says: "A compare-and-swap that fails returns its third argument.",
    verdict: "wrong",
    original: { then: "its third argument", now: "always the original value (mended 2025-06-07, 0f84b1e)" },
    kernel: "a = 10, compare 11, swap 99: returns 10, the value found; a stays 10",
  },
  {
    id: "1.10",
    says: "__sync_lock_test_and_set returns the original value.",
    verdict: "true",
    kernel: "a = 10, set 77: returns 10, a = 77; a full exchange",
  },
  {
    id: "1.11",
    says: "The builtins are called with *a.",
    verdict: "wrong",
    kernel: "they take the pointer a; *a does not compile",
  },
  {
    id: "1.12",
    says: "The six builtins are the list.",
    verdict: "true if",
    kernel: "__sync_fetch_and_and is missing from the list and works; nand and __sync_synchronize do not compile",
  },
  {
    id: "1.13",
    says: "A counter raised by __sync_fetch_and_add is exact.",
    verdict: "true",
    kernel: "0 lost in every run",
  },
  {
    id: "1.14",
    says: "Atomics work on variables of 1, 2, 4 or 8 bytes.",
    verdict: "wrong",
    kernel: "read-modify-write: 4 and 8 only, clang and the verifier refuse 1 and 2 (invalid atomic operand size); " +
      "load-acquire and store-release (-mcpu=v4) take all four",
    source: "kernel/bpf/verifier.c:check_atomic_rmw",
  },
  {
    id: "1.15",
    says: "Anything larger than 8 bytes needs several atomics or another means.",
    verdict: "true",
    kernel: "__sync_fetch_and_add_16 does not exist",
  },
  { id: "1.16", says: "The first listing works.", verdict: "true", kernel: "compiles; accepted in tp_btf/sys_enter" },
  {
    id: "1.17",
    says: "Atomics are slower than plain accesses.",
    verdict: "true",
    kernel: "7.2 against 1.05 ns on one CPU, 42 against 3.4 ns on two",
  },
  {
    id: "2.1",
    says: "eBPF has spin locks for map values.",
    verdict: "true",
    kernel: "also in global data, local storage and allocated objects",
  },
  {
    id: "2.2",
    says: "A spin lock makes several fields change together.",
    verdict: "true if",
    kernel: "both sides lock: 0 torn in 47.6 million reads; a reader or writer that forgets: up to 55 % torn",
  },
  {
    id: "2.3",
    says: "The lock must stand at the top of the value.",
    verdict: "wrong",
    kernel: "accepted at the end and inside a nested struct; it needs BTF, one per value, natural alignment",
    source: "kernel/bpf/btf.c:btf_parse_fields",
  },
  {
    id: "2.4",
    says: "The second listing declares the value.",
    verdict: "wrong",
    kernel: "error: expected ';' after struct",
  },
  {
    id: "2.5",
    says: "Between lock and unlock you do whatever you need.",
    verdict: "wrong",
    kernel: "a helper call is refused: function calls are not allowed while holding a lock; static functions, " +
      "bounded loops and atomics are fine",
    source: "kernel/bpf/verifier.c:do_check",
  },
  {
    id: "2.6",
    says: "The second listing's program works in tp_btf/sys_enter.",
    verdict: "true",
    kernel: "accepted once the semicolon is there; its NOEXIST update costs 18 of 41 ns",
  },
  {
    id: "2.7",
    says: "The verifier refuses a path that keeps the lock.",
    verdict: "true",
    kernel: "BPF_EXIT instruction in main prog cannot be used inside bpf_spin_lock-ed region",
    source: "kernel/bpf/verifier.c:check_resource_leak",
  },
  {
    id: "2.8",
    says: "You should not use several locks at once.",
    verdict: "true if",
    kernel: "you cannot: the second lock is refused; one after another is fine",
    source: "kernel/bpf/verifier.c:do_check",
  },
  {
    id: "2.9",
    says: "Not every program type may use the lock.",
    verdict: "true",
    kernel:
      "socket filters and kprobe, tracepoint, raw_tp, perf_event programs are refused; tp_btf, tc, xdp, cgroup, " +
      "syscall and others accepted",
    source: "kernel/bpf/verifier.c:check_map_prog_compatibility",
  },
  {
    id: "2.10",
    says: "User space takes the lock with BPF_F_LOCK in lookup and update.",
    verdict: "true",
    kernel: "on arrays and hashes with a lock, batches too; EINVAL on other maps; the lock word reads as 0",
  },
  {
    id: "3.1",
    says: "A per-CPU map is a copy of the map for each logical CPU.",
    verdict: "true if",
    kernel: "of each value, for each possible CPU",
  },
  {
    id: "3.2",
    says: "There is no shared access, so nothing to synchronise.",
    verdict: "wrong",
    kernel: "an interrupt on the same CPU loses 3-564 of 1000 updates by window; a program that sleeps in the window " +
      "loses all: 1 instead of 101; other CPUs' slots can be reached",
    source: "include/linux/filter.h (migrate_disable keeps the CPU, not the turn)",
  },
  {
    id: "3.3",
    says: "It is the most CPU-efficient way for much writing.",
    verdict: "true",
    kernel: "1.83 ns against 42 (atomic), 174 (lock), 463 (copy and update) on 2 CPUs",
  },
  {
    id: "3.4",
    says: "It costs memory per CPU.",
    verdict: "true",
    kernel: "1024 values of 64 bytes on 2 CPUs: array 65,848 bytes, per-CPU array 139,576",
  },
  {
    id: "3.5",
    says: "User space must read more and add up.",
    verdict: "true",
    kernel: "344 against 319 ns; the CPUs are copied one after another, so the sum is no snapshot",
  },
  {
    id: "4.1",
    says: "One can get rid of the helpers' built-in RCU logic.",
    verdict: "wrong",
    original: { then: "one may get away with it, that is, make do with it", now: "the same as then" },
    kernel: "a slip of the translation, not of the original: the logic is always there",
  },
  {
    id: "4.2",
    says: "Copy the value to the BPF stack and modify it there.",
    verdict: "true if",
    kernel: "up to 512 bytes: beyond, clang refuses",
  },
  {
    id: "4.3",
    says: "The update helper takes readers cleanly from the old state to the new.",
    verdict: "true if",
    kernel: "hash maps only, and only for a reader that is done before the old element is used again; an array is " +
      "copied in place",
    source: "kernel/bpf/hashtab.c:alloc_htab_elem, kernel/bpf/arraymap.c:array_map_update_elem",
  },
  {
    id: "4.4",
    says: "That helps when fields belong together.",
    verdict: "wrong",
    kernel: "see 4.6: the fields do not stay together",
  },
  { id: "4.5", says: "Updates may be lost.", verdict: "true", kernel: "44-50 % on 2 CPUs, at every size" },
  {
    id: "4.6",
    says: "Values are never mixed.",
    verdict: "wrong",
    kernel: "64 bytes: 633 torn reads a million (hash), 7,750 with the pointer held, 99,750 (array, held); another " +
      "key's value in 23-87 %; and eight equal words end unequal for good in 5 of 5 runs",
    source: "kernel/bpf/hashtab.c:alloc_htab_elem (extra_elems), kernel/bpf/memalloc.c:unit_free",
  },
  {
    id: "4.6b",
    says: "(not in the document) A lookup of a key that always exists can find nothing.",
    verdict: "true",
    kernel: "260 to 3,410 a million while another CPU updates two or more keys",
    source: "kernel/bpf/hashtab.c:lookup_nulls_elem_raw",
  },
  {
    id: "4.7",
    says: "It makes an extra copy but neither blocks nor synchronises.",
    verdict: "wrong",
    kernel: "the update takes the bucket lock with interrupts off: 487 ns on 2 CPUs against 38 ns alone",
    source: "kernel/bpf/hashtab.c:htab_lock_bucket",
  },
  {
    id: "4.8",
    says: "It is faster or slower than a lock, depending on the size of the value.",
    verdict: "true if",
    kernel: "one CPU: the lock always wins; two CPUs: about equal, and half of the copies are lost",
  },
  {
    id: "4.9",
    says: "Updates from user space always work this way.",
    verdict: "wrong",
    kernel: "arrays and per-CPU maps are written in place: 12,141 torn reads a million",
    source: "kernel/bpf/arraymap.c:array_map_update_elem",
  },
  {
    id: "4.10",
    says: "The difference matters for BPF programs only.",
    verdict: "wrong",
    kernel: "user-space lookups tear too: 51,206 a million (array)",
  },
  {
    id: "5.1",
    says: "User space can't read a whole map at once.",
    verdict: "true if",
    kernel: "a batch copies many entries a call: 64 us for 1024; a hash bucket at a time, under its lock",
    source: "kernel/bpf/hashtab.c:__htab_map_lookup_and_delete_batch",
  },
  {
    id: "5.2",
    says: "So values change while it walks.",
    verdict: "true",
    kernel: "counters raised in rotation differ by 344 (array walk), 61 (batch), at most 1 (map-in-map)",
  },
  {
    id: "5.3",
    says: "A BPF program looks the inner map up in the outer one.",
    verdict: "true",
    kernel:
      "one load more: 2.1 against 1.6 ns; a program cannot swap: cannot pass map_type 12 into func bpf_map_update_elem#2",
  },
  {
    id: "5.4",
    says: "User space swaps the inner map to get a snapshot.",
    verdict: "true if",
    kernel: "the swap waits for running programs (median 5-13 ms): 0 late writes; sleepable programs are not waited " +
      "for: 11-29 of 40 writes came late",
    source: "kernel/bpf/syscall.c:maybe_wait_bpf_programs",
  },
  {
    id: "5.5",
    says: "It works like multiple buffering.",
    verdict: "true",
    kernel: "the fresh map has to be emptied first, by user space",
  },
], ["says", "kernel", "then", "now"]);

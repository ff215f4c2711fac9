/** Which resilient spin locks each CPU holds or waits for (include/asm-generic/rqspinlock.h: struct rqspinlock_held). */
import type { Memory } from "../cpu/memory.ts";
import type { TaskContext } from "../cpu/operation.ts";
import { ERRNO } from "../uapi/errno.ts";

/** RES_NR_HELD: a CPU that nests more locks is beyond what deadlock detection sees. */
const RES_NR_HELD = 31;
/**
 * struct rqspinlock_held. Its pointers are linear addresses here, with {@link ATTEMPTED} added while the CPU still waits:
 * the kernel's own checks cannot tell, so it counts for the search of a ring only.
 */
const HELD = { bytes: 128, cnt: 0, locks: 4 } as const;

const ATTEMPTED = 1;

const DEADLOCK = -BigInt(ERRNO.EDEADLK);
const TIMEOUT = -BigInt(ERRNO.ETIMEDOUT);

/** What takes a stretch of memory that starts as zeroes. */
interface Allocator {
  allocate(size: number): number;
}

export class HeldLocks {
  readonly #base: number;

  constructor(arena: Allocator, readonly nrCpus: number) {
    this.#base = arena.allocate(nrCpus * HELD.bytes);
  }

  /** Address of a CPU's table. */
  at(cpu: number): number {
    return this.#base + cpu * HELD.bytes;
  }

  count(memory: Memory, cpu: number): number {
    return memory.getU32(this.at(cpu) + HELD.cnt);
  }

  /** include/asm-generic/rqspinlock.h:grab_held_lock_entry; gives how many the CPU has now. */
  grab(memory: Memory, cpu: number, lock: number, isTaken: boolean): bigint {
    const cnt = this.count(memory, cpu) + 1;
    memory.setU32(this.at(cpu) + HELD.cnt, cnt);
    if (cnt <= RES_NR_HELD) memory.setU32(this.#entry(cpu, cnt - 1), isTaken ? lock : lock + ATTEMPTED);
    return BigInt(cnt);
  }

  /** The CPU has got the lock that it waited for. */
  take(memory: Memory, cpu: number): bigint {
    const cnt = this.count(memory, cpu), top = this.#entry(cpu, cnt - 1);
    if (cnt <= RES_NR_HELD) memory.setU32(top, memory.getU32(top) & ~ATTEMPTED);
    return 0n;
  }

  /** The first half of res_spin_unlock and release_held_lock_entry: the entry on top is empty, and still counts. */
  clear(memory: Memory, cpu: number): bigint {
    const cnt = this.count(memory, cpu);
    if (cnt <= RES_NR_HELD) memory.setU32(this.#entry(cpu, cnt - 1), 0);
    return 0n;
  }

  /** The second half. */
  drop(memory: Memory, cpu: number): bigint {
    memory.setU32(this.at(cpu) + HELD.cnt, this.count(memory, cpu) - 1);
    return 0n;
  }

  /**
   * What a CPU that waits for a lock would find now: 0n, -EDEADLK, or -ETIMEDOUT where waiting has no end.
   *
   * A wait has none in a ring of CPUs that each wait for a lock of the next. Two of them find each other
   * (check_deadlock_ABBA); for more the kernel has its time limit alone, a quarter of a second: far more than anything
   * else takes that a program can wait for here.
   */
  trouble({ memory, cpu }: TaskContext, lock: number): bigint {
    if (this.#check_deadlock_AA(memory, cpu, lock) || this.#check_deadlock_ABBA(memory, cpu, lock)) return DEADLOCK;
    return this.#isInRing(memory, cpu, lock) ? TIMEOUT : 0n;
  }

  /** kernel/bpf/rqspinlock.c:check_deadlock_AA. */
  #check_deadlock_AA(memory: Memory, cpu: number, lock: number): boolean {
    const cnt = Math.min(RES_NR_HELD, this.count(memory, cpu));
    return this.#has(memory, cpu, cnt - 1, lock);
  }

  /** kernel/bpf/rqspinlock.c:check_deadlock_ABBA. */
  #check_deadlock_ABBA(memory: Memory, cpu: number, lock: number): boolean {
    const own = Math.min(RES_NR_HELD, this.count(memory, cpu));
    for (let other = 0; other < this.nrCpus; other++) {
      const cnt = this.count(memory, other);
      if (other === cpu || cnt < 2 || cnt > RES_NR_HELD) continue;
      const attempted = memory.getU32(this.#entry(other, cnt - 1)) & ~ATTEMPTED;
      if (attempted === 0 || !this.#has(memory, other, cnt - 1, lock)) continue;
      return this.#has(memory, cpu, own - 1, attempted);
    }
    return false;
  }

  /** Whether the owner of the lock waits for a lock whose owner waits, and so on, without an end. */
  #isInRing(memory: Memory, cpu: number, lock: number): boolean {
    const seen = new Set([cpu]);
    for (let wanted = lock;;) {
      const owner = this.#owner(memory, wanted);
      if (owner === undefined) return this.#someAreUnseen(memory);
      const cnt = this.count(memory, owner), top = memory.getU32(this.#entry(owner, cnt - 1));
      if (cnt > RES_NR_HELD || !(top & ATTEMPTED)) return false;
      if (seen.has(owner)) return true;
      seen.add(owner);
      wanted = top & ~ATTEMPTED;
    }
  }

  #owner(memory: Memory, lock: number): number | undefined {
    for (let cpu = 0; cpu < this.nrCpus; cpu++) {
      const cnt = Math.min(RES_NR_HELD, this.count(memory, cpu));
      for (let i = 0; i < cnt; i++) if (memory.getU32(this.#entry(cpu, i)) === lock) return cpu;
    }
    return undefined;
  }

  #someAreUnseen(memory: Memory): boolean {
    for (let cpu = 0; cpu < this.nrCpus; cpu++) if (this.count(memory, cpu) > RES_NR_HELD) return true;
    return false;
  }

  /** Whether one of a CPU's first entries is a lock, taken or not. */
  #has(memory: Memory, cpu: number, entries: number, lock: number): boolean {
    for (let i = 0; i < entries; i++) if ((memory.getU32(this.#entry(cpu, i)) & ~ATTEMPTED) === lock) return true;
    return false;
  }

  #entry(cpu: number, i: number): number {
    return this.at(cpu) + HELD.locks + 4 * i;
  }
}

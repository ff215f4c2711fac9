/**
 * Who waits for a lock: the queue of the kernel's qspinlock (kernel/locking/qspinlock.c).
 *
 * Bare metal: the first waiter sets the pending bit, the second heads the queue; both watch the lock word, the others a
 * word of their own. As a guest (qspinlock_paravirt.h) all waiters queue, and only the head watches; until it has told
 * so by the pending bit, a newcomer may steal a lock that is free. bpf_spin_lock knows both; the locks of hash buckets
 * (rqspinlock.c) are never paravirtual.
 */

export class LockQueue {
  readonly #cpus: number[] = [];
  /** Whether the head watches the lock word: from then on no newcomer steals. */
  #pending = false;

  constructor(readonly paravirtual: boolean) {}

  get size(): number {
    return this.#cpus.length;
  }

  get isEmpty(): boolean {
    return this.#cpus.length === 0;
  }

  /** Whether a newcomer finds the lock taken even when it is free: others come first. */
  get isClosed(): boolean {
    return this.#cpus.length > 0 && (!this.paravirtual || this.#pending);
  }

  join(cpu: number): void {
    this.#cpus.push(cpu);
  }

  /** Whether a waiting CPU looks at the lock word itself. */
  watches(cpu: number): boolean {
    const watchers = this.#watchers;
    return this.#cpus[0] === cpu || (watchers > 1 && this.#cpus[1] === cpu);
  }

  /** Whether the lock, once free, is this CPU's. */
  isFirst(cpu: number): boolean {
    return this.#cpus[0] === cpu;
  }

  /** The head has looked at the lock word, and said so. */
  look(): void {
    this.#pending = true;
  }

  /** The first waiter has taken the lock. Gives the CPU that now begins to watch the lock word, if there is one. */
  take(): number | undefined {
    this.#cpus.shift();
    this.#pending = false;
    return this.#cpus[this.#watchers - 1];
  }

  /** The CPU that is first now. */
  get first(): number | undefined {
    return this.#cpus[0];
  }

  get #watchers(): number {
    return this.paravirtual ? 1 : 2;
  }
}

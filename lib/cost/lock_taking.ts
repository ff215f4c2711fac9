/** How a core waits for a lock and takes it: the kernel's slow path, as operations on cache lines. */
import { type Core, WAIT } from "./core.ts";
import { LockQueue } from "./lock_queue.ts";
import type { TimingEngine } from "./timing.ts";

/** How far a core has come with taking a lock. */
const STAGE = { start: 0, entering: 1, queued: 2, taken: 3 } as const;

export class LockTaking {
  readonly #engine: TimingEngine;
  /** By address of the lock word: who waits for it. */
  readonly #queues = new Map<number, LockQueue>();

  constructor(engine: TimingEngine) {
    this.#engine = engine;
  }

  /** Who waits for the lock at an address; undefined when no core does. */
  queueAt(addr: number): LockQueue | undefined {
    return this.#queues.get(addr);
  }

  /**
   * Waits for a lock and takes it (kernel/locking/qspinlock.c:queued_spin_lock_slowpath): a locked instruction to join
   * the queue; those in front watch the lock; a locked instruction to take it; in a guest one more to empty the queue
   * when no core is behind.
   */
  take(core: Core): void {
    const line = this.#engine.lines.at(core.addr);
    if (core.stage === STAGE.start) {
      core.stage = STAGE.entering;
      core.operationAt = core.now + this.#engine.profile.work.lockQueue;
      return this.#engine.plan(core);
    }
    if (core.stage === STAGE.entering) {
      if (!this.#engine.ready(core, line)) return;
      this.#engine.locked(core, line);
      let queue = this.#queues.get(core.addr);
      if (!queue) this.#queues.set(core.addr, queue = new LockQueue(core.paravirtual));
      queue.join(core.id);
      core.stage = STAGE.queued;
      if (!queue.watches(core.id)) return this.#engine.hold(core, WAIT.turn);
      core.operationAt = core.now;
      return this.#engine.plan(core);
    }
    if (core.stage === STAGE.taken) {
      if (!this.#engine.ready(core, line)) return;
      this.#engine.locked(core, line);
      return this.#holdsLock(core);
    }
    if (!this.#engine.maySee(core, line)) return;
    const queue = this.#queues.get(core.addr)!;
    queue.look();
    if (!this.#engine.source.isReady(core) || !queue.isFirst(core.id)) return this.#engine.watchOn(core, line);
    if (!this.#engine.ready(core, line)) return;
    this.#engine.source.readModifyWrite(core, false);
    this.#engine.locked(core, line);
    const next = queue.take();
    if (next !== undefined) {
      const behind = this.#engine.cores[next];
      behind.goOn(core.now + this.#handOver(core.id, next));
      this.#engine.plan(behind);
    }
    if (!queue.isEmpty) return this.#holdsLock(core);
    this.#queues.delete(core.addr);
    if (!queue.paravirtual) return this.#holdsLock(core);
    core.stage = STAGE.taken;
    core.operationAt = core.now;
    this.#engine.plan(core);
  }

  #holdsLock(core: Core): void {
    core.stage = STAGE.start;
    this.#engine.leaveLoop(core);
    this.#engine.next(core);
  }

  /**
   * The next in turn spins on a word of its own: its line goes to the CPU that tells it so, and comes back
   * (kernel/locking/mcs_spinlock.h).
   */
  #handOver(from: number, to: number): number {
    const { sameCore, sameGroup, otherGroup, otherSocket } = this.#engine.profile.transferNs;
    return 2 * [0, sameCore, sameGroup, otherGroup, otherSocket][this.#engine.lines.places.distance(from, to)];
  }
}

/**
 * The timing engine: lets many CPUs run at their own pace, and performs their memory operations in the order of time.
 *
 * Each core has two things that can happen next: its pending operation, and its oldest store leaving the store buffer.
 * A winner tree over the cores finds the earliest, so that an event costs log(CPUs). Beside them cache lines change
 * hands, in the order of a heap.
 *
 * Programs are stepped in order, but the core they run on is out of order: private work goes on ahead of a load that
 * waits for its line (core.ts: `issued`), and what was issued early asks for its line early.
 */
import type { Memory } from "../cpu/memory.ts";
import { SeededRandom } from "../schedulers/random_numbers.ts";
import { WinnerTree } from "../schedulers/winner_tree.ts";
import { CacheLines, type Line, type LineUser } from "./cache_lines.ts";
import { Core, OP, WAIT } from "./core.ts";
import { LockQueue } from "./lock_queue.ts";
import { type Profile, stallOfCall } from "./profile.ts";
import { FOUND, write } from "./store_buffer.ts";

/** Where cores get their operations from. */
export interface OperationSource {
  /** Goes on behind a core's operation (its result is in `low` and `high`) and puts the next one into the core. */
  next(core: Core): void;
  /**
   * Performs the core's pending read-modify-write on memory; leaves the old value in `low` and `high`.
   *
   * @param queued whether CPUs are queued for a lock at this address: the lock word says so, and is not free then
   */
  readModifyWrite(core: Core, queued: boolean): void;
  /** Whether the value that the core waits for is there; leaves it in `low` and `high`. */
  isReady(core: Core): boolean;
}

/** How far a core has come with taking a lock. */
const STAGE = { start: 0, handedOver: 1, entering: 2, pending: 3, queued: 4, taken: 5 } as const;

/** How often a condition that is no value of one line is looked at. */
const POLL_NS = 1000;
/** A line leaves after the store that it stayed for. */
const JUST_AFTER_NS = 0.001;
/** Events of one core without its operation getting anywhere, after which something is wrong. */
const MAX_EVENTS = 4_000_000_000;

export class TimingEngine implements LineUser {
  readonly cores: readonly Core[];
  readonly lines: CacheLines;
  readonly #tree: WinnerTree;
  readonly #random: SeededRandom;
  /** By address of a lock word: which cores wait for it. */
  readonly #queues = new Map<number, LockQueue>();
  #stopped = false;

  constructor(
    readonly profile: Profile,
    nrCpus: number,
    readonly memory: Memory,
    readonly source: OperationSource,
    seed: number,
  ) {
    this.#random = new SeededRandom(seed);
    this.cores = Array.from({ length: nrCpus }, (_, id) => new Core(id, profile));
    this.lines = new CacheLines(profile, nrCpus, memory.bytes.length, this, this.#random);
    this.#tree = new WinnerTree(nrCpus);
  }

  /** Stops the run after the event under way. */
  stop(): void {
    this.#stopped = true;
  }

  /** Runs until every core is done. */
  run(): void {
    const start = this.profile.transferNs.sameGroup;
    for (const core of this.cores) {
      // No two cores start at exactly the same time.
      core.issued = core.startedAt = core.startsAt + start * this.#random.unit();
      this.#fetch(core);
    }
    for (let events = 0; !this.#stopped && events < MAX_EVENTS; events++) {
      const core = this.cores[this.#tree.first], at = this.#tree.clock(core.id);
      if (this.lines.nextTime <= at) {
        if (this.lines.nextTime === Infinity) return;
        this.lines.serve();
      } else if (core.commitAt <= core.operationAt) this.#commit(core);
      else this.#perform(core);
    }
  }

  granted(cpu: number, line: Line, from: number): void {
    const core = this.cores[cpu];
    if (core.waitsFor === WAIT.line && core.line === line) {
      if (core.wantsToWrite && this.profile.atomicRestartNs > 0) {
        from += this.profile.atomicRestartNs;
        this.lines.used(line, from + this.profile.atomicNs);
      }
      core.goOn(from);
      core.arrived = line;
    }
    this.#planCommit(core);
  }

  drainsUntil(cpu: number, line: Line, time: number): number {
    const core = this.cores[cpu], { stores, profile, committedAt } = core;
    const stays = this.#storesSoon(core, line, time);
    if (stays > time) return stays;
    if (profile.burstStores === 0 || stores.isEmpty || stores.line !== line || line.from > time) return time;
    const drained = stores.drainTime(line, time, profile.burstStores, profile.drainNs, profile.drainSameLineNs);
    return Math.max(time, Math.min(committedAt + drained, time + drained));
  }

  /** Where a store to the line is about to be written that stands right behind the load which the line came for: when. */
  #storesSoon(core: Core, line: Line, time: number): number {
    const { profile, stores } = core, { storeStayNs = 0 } = profile;
    if (storeStayNs === 0 || line.from > time) return time;
    const executed = !stores.isEmpty && stores.line === line && stores.entries > 0;
    const follows = core.op === OP.store && core.operationAt <= time && this.lines.at(core.addr) === line;
    const retiredAt = executed
      ? stores.retiredAt
      : follows && stores.isEmpty
      ? Math.max(core.retired, core.loaded)
      : NaN;
    const written = retiredAt + profile.commitNs + JUST_AFTER_NS;
    return written > time && written <= line.from + storeStayNs ? written : time;
  }

  lost(cpu: number, line: Line, time: number): void {
    const core = this.cores[cpu];
    if (core.waitsFor === WAIT.value && core.line === line) {
      // A watching CPU reads on: it asks for the line again at once.
      core.waitsFor = WAIT.line;
      this.#readOn(core, line, time);
    }
    const { stores } = core;
    if (!stores.isEmpty && stores.line === line) this.lines.request(cpu, line, true, Math.max(stores.retiredAt, time));
    this.#planCommit(core);
  }

  #readOn(core: Core, line: Line, time: number): void {
    this.lines.request(core.id, line, false, time + this.profile.spinNs * this.#random.unit());
  }

  #fetch(core: Core): void {
    core.arrived = undefined;
    core.insns =
      core.privateStores =
      core.workNs =
      core.stallNs =
      core.serialNs =
        0;
    core.block = false;
    this.source.next(core);
    if (core.op === OP.done) {
      core.issue(1);
      core.wait(WAIT.done, undefined);
    } else {
      if (core.issued > core.disturbedAt && this.profile.disturbanceNs > 0) this.#disturb(core);
      core.issue(1 + this.profile.jitter * (2 * this.#random.unit() - 1));
    }
    this.#plan(core);
  }

  /** Something holds the core up; the next time comes after an exponentially distributed while. */
  #disturb(core: Core): void {
    if (core.disturbedAt > 0) core.serialNs += this.profile.disturbanceNs;
    core.disturbedAt = core.issued - this.profile.disturbanceEveryNs * Math.log(1 - this.#random.unit());
  }

  #plan(core: Core): void {
    const at = core.operationAt < core.commitAt ? core.operationAt : core.commitAt;
    if (this.#tree.clock(core.id) !== at) this.#tree.set(core.id, at);
  }

  /** Works out when the oldest store can be written. */
  #planCommit(core: Core): void {
    const { stores, profile } = core;
    if (stores.isEmpty) core.commitAt = Infinity;
    else {
      const line = stores.line;
      const before = stores.privateBefore, same = before === 0 && core.lastLine === line;
      const gap = before * profile.drainSameLineNs + (same ? profile.drainSameLineNs : profile.drainNs);
      let at = Math.max(stores.retiredAt + profile.commitNs, core.committedAt + gap * stores.entries);
      if (line.owner === core.id && line.readers === undefined) at = Math.max(at, line.from);
      else if (line.queue?.has(core.id)) {
        line.queue.exclusive[core.id] = 1;
        at = Infinity;
      }
      core.commitAt = at;
    }
    this.#plan(core);
  }

  #commit(core: Core): void {
    const { stores, profile } = core, line = stores.line, time = core.commitAt;
    if (!line.mayWrite(core.id, time)) {
      core.commitAt = Infinity;
      this.lines.request(core.id, line, true, Math.max(stores.retiredAt, line.usedUntil));
      this.#plan(core);
      return;
    }
    const rest = stores.commit(this.memory);
    line.dirty = true;
    this.lines.used(line, time);
    core.committedAt = time;
    if (!stores.isEmpty) this.#askAhead(core);
    core.lastLine = line;
    core.privateDrained = rest > 0 ? time + rest * profile.drainSameLineNs : 0;
    if (line.watchers) this.#wakeWatchers(line, time);
    if (core.waitsFor === WAIT.room && !stores.isFull) {
      if (time > core.issued) core.issued = time;
      core.goOn(time);
    } else if (core.waitsFor === WAIT.drain && stores.isEmpty) core.goOn(Math.max(time, core.privateDrained));
    this.#planCommit(core);
  }

  #perform(core: Core): void {
    core.now = core.operationAt;
    switch (core.op) {
      case OP.load:
        return this.#load(core);
      case OP.store:
        return this.#store(core);
      case OP.rmw:
      case OP.lockedStore:
        return this.#atomic(core);
      case OP.watch:
        return this.#watch(core);
      case OP.take:
        return this.#take(core);
      case OP.wait:
        if (this.source.isReady(core)) this.#next(core);
        else {
          core.operationAt = core.now + POLL_NS;
          this.#plan(core);
        }
        return;
      default:
        this.#next(core);
    }
  }

  #next(core: Core): void {
    core.operations++;
    this.#fetch(core);
  }

  #hold(core: Core, what: number, line?: Line): void {
    core.wait(what, line);
    this.#plan(core);
  }

  #load(core: Core): void {
    const { stores, profile, now } = core;
    if (stores.isFull) return this.#hold(core, WAIT.room);
    const found = stores.find(core.addr, core.size);
    if (found === FOUND.mustDrain) return this.#hold(core, WAIT.drain);
    if (found === FOUND.value) {
      core.low = stores.low;
      core.high = stores.high;
      // The value is that of a store which may itself wait for a load before it: of its own, not of any other counter's.
      if (profile.forwardNs > 0 || profile.forwardAwayNs > 0) core.now = Math.max(now, stores.readyAt);
      const ready = core.now + this.#forwardNs(core);
      core.loaded = ready;
      core.complete(ready);
      return this.#next(core);
    }
    const line = this.lines.at(core.addr);
    if (!line.mayRead(core.id, now) && core.arrived !== line) {
      this.#hold(core, WAIT.line, line);
      const asked = Math.max(Math.min(now, Math.max(core.issued, core.addressKnown())), core.fence);
      this.lines.request(core.id, line, false, asked);
      return;
    }
    this.#read(core);
    if (line.owner === core.id && line.readers === undefined) this.lines.used(line, now);
    const ready = now + profile.loadNs;
    core.loaded = ready;
    core.remember(core.low, ready);
    core.complete(ready);
    this.#next(core);
  }

  /** A load that finds its bytes in the store buffer takes longer while the store still waits for its line. */
  #forwardNs(core: Core): number {
    const { forwardNs, forwardAwayNs } = this.profile;
    if (forwardAwayNs <= forwardNs) return forwardNs;
    const line = this.lines.at(core.addr);
    return line.owner === core.id && line.readers === undefined && line.from <= core.now ? forwardNs : forwardAwayNs;
  }

  #read(core: Core): void {
    const { view } = this.memory, { addr, size } = core;
    core.high = 0;
    if (size === 8) {
      core.low = view.getInt32(addr, true);
      core.high = view.getInt32(addr + 4, true);
    } else if (size === 4) core.low = view.getInt32(addr, true);
    else core.low = size === 2 ? view.getUint16(addr, true) : view.getUint8(addr);
  }

  #store(core: Core): void {
    const { stores, now } = core;
    if (stores.isFull) return this.#hold(core, WAIT.room);
    const line = this.lines.at(core.addr);
    core.complete(Math.max(now, core.loaded));
    stores.add(core.addr, core.size, core.low, core.high, line, core.retired, core.block, core.loaded);
    this.#askAhead(core);
    this.#planCommit(core);
    this.#next(core);
  }

  /** Lines are asked for as soon as their stores have retired, also behind others that wait. */
  #askAhead(core: Core): void {
    const { stores } = core;
    for (;;) {
      const line = stores.nextToAsk(this.profile.storeLinesAhead);
      if (!line) return;
      if (line.owner !== core.id || line.readers !== undefined) this.lines.request(core.id, line, true, stores.askAt);
    }
  }

  /** x86: a locked operation waits until all before it are done, and all after it wait for it. */
  #ready(core: Core, line: Line): boolean {
    if (!core.stores.isEmpty) {
      this.#hold(core, WAIT.drain);
      return false;
    }
    const start = Math.max(core.now, core.loaded, core.retired, core.privateDrained);
    if (start > core.now) {
      core.operationAt = start;
      this.#plan(core);
      return false;
    }
    if (line.mayWrite(core.id, core.now)) return true;
    this.#hold(core, WAIT.line, line);
    core.wantsToWrite = true;
    this.lines.request(core.id, line, true, core.now);
    return false;
  }

  #atomic(core: Core): void {
    const line = this.lines.at(core.addr);
    if (!this.#ready(core, line)) return;
    if (core.op === OP.lockedStore) write(this.memory, core.addr, core.size, core.low, core.high);
    else {
      const queue = this.#queues.get(core.addr);
      this.source.readModifyWrite(core, queue?.isClosed ?? false);
      // Stealing takes a second try (qspinlock_paravirt.h:pv_hybrid_queued_unfair_trylock).
      if (queue && !queue.isClosed) core.now += this.profile.atomicNs;
    }
    this.#locked(core, line);
    this.#next(core);
  }

  /**
   * Waits for a lock and takes it (kernel/locking/qspinlock.c:queued_spin_lock_slowpath, kernel/bpf/rqspinlock.c:
   * resilient_queued_spin_lock_slowpath): a locked instruction to join the queue; those in front watch the lock; the first
   * of all, whom the pending bit stands for, takes it by a store, others by a locked instruction; in a guest one more to
   * empty the queue when no core is behind.
   */
  #take(core: Core): void {
    const line = this.lines.at(core.addr), queue = this.#queues.get(core.addr);
    switch (core.stage) {
      case STAGE.start: {
        // A lock that is free and has one waiter is about to be that waiter's: who comes now waits for that.
        const handsOver = !core.paravirtual && queue?.size === 1 && this.source.isReady(core);
        core.stage = handsOver ? STAGE.handedOver : STAGE.entering;
        // Who comes first sets the pending bit, without a node of the queue; in a guest all queue.
        const queues = core.paravirtual || (queue !== undefined && !handsOver), { work, mispredictNs } = this.profile;
        core.operationAt = core.now + (queues ? work.lockQueue : mispredictNs);
        return this.#plan(core);
      }
      case STAGE.handedOver:
        if (!this.#maySee(core, line)) return;
        if (queue?.size === 1 && this.source.isReady(core)) return this.#watchOn(core, line);
        core.stage = STAGE.entering;
        core.operationAt = core.now;
        return this.#plan(core);
      case STAGE.entering:
        return this.#join(core, line);
      case STAGE.taken:
        if (!this.#ready(core, line)) return;
        this.#locked(core, line);
        return this.#holdsLock(core);
    }
    if (!this.#maySee(core, line)) return;
    queue!.look();
    if (!this.source.isReady(core) || !queue!.isFirst(core.id)) return this.#watchOn(core, line);
    if (core.stage !== STAGE.pending && !this.#ready(core, line)) return;
    this.source.readModifyWrite(core, false);
    if (core.stage === STAGE.pending) this.#setLocked(core, line);
    else this.#locked(core, line);
    const next = queue!.take();
    if (next !== undefined) {
      const behind = this.cores[next];
      behind.goOn(core.now + this.#handOver(core.id, next));
      this.#plan(behind);
    }
    if (!queue!.isEmpty) return this.#holdsLock(core);
    this.#queues.delete(core.addr);
    if (!queue!.paravirtual) return this.#holdsLock(core);
    core.stage = STAGE.taken;
    core.operationAt = core.now;
    this.#plan(core);
  }

  #join(core: Core, line: Line): void {
    if (!this.#ready(core, line)) return;
    this.#locked(core, line);
    let queue = this.#queues.get(core.addr);
    if (!queue) this.#queues.set(core.addr, queue = new LockQueue(core.paravirtual));
    core.stage = queue.isEmpty && !queue.paravirtual ? STAGE.pending : STAGE.queued;
    queue.join(core.id);
    if (!queue.watches(core.id)) return this.#hold(core, WAIT.turn);
    core.operationAt = core.now;
    this.#plan(core);
  }

  /**
   * kernel/locking/qspinlock.h:clear_pending_set_locked: a store, behind which the core goes on. No other core takes the
   * lock before it is written, since the pending bit stands until then; so here the value is in memory already.
   */
  #setLocked(core: Core, line: Line): void {
    core.loaded = core.now + this.profile.loadNs;
    core.complete(core.loaded);
    core.stores.add(core.addr, 0, 0, 0, line, core.retired, false, core.loaded);
    this.#askAhead(core);
    this.#planCommit(core);
  }

  /** The way back from the function that waited. */
  #holdsLock(core: Core): void {
    core.stage = STAGE.start;
    this.#leaveLoop(core);
    core.issued = Math.max(core.issued, core.fence) + stallOfCall(this.profile, this.profile.work.call);
    this.#next(core);
  }

  /**
   * The next in turn spins on a word of its own: its line goes to the CPU that tells it so, and comes back
   * (kernel/locking/mcs_spinlock.h).
   */
  #handOver(from: number, to: number): number {
    const { sameCore, sameGroup, otherGroup, otherSocket } = this.profile.transferNs;
    return 2 * [0, sameCore, sameGroup, otherGroup, otherSocket][this.lines.places.distance(from, to)];
  }

  /** What a locked instruction does to the clocks. */
  #locked(core: Core, line: Line): void {
    line.dirty = true;
    const done = core.now + this.profile.atomicNs;
    this.lines.used(line, done);
    core.loaded = core.fence = done;
    core.complete(done);
    core.now = done;
    core.privateDrained = 0;
    if (line.watchers) this.#wakeWatchers(line, done);
  }

  #watch(core: Core): void {
    const line = this.lines.at(core.addr);
    if (!core.stores.isEmpty) return this.#hold(core, WAIT.drain);
    if (!this.#maySee(core, line)) return;
    if (!this.source.isReady(core)) return this.#watchOn(core, line);
    core.loaded = core.now + this.profile.loadNs;
    core.complete(core.loaded);
    if (core.hasWatched) this.#leaveLoop(core);
    this.#next(core);
  }

  /** Whether a core that watches a line has it, or its contents; asks for it otherwise. */
  #maySee(core: Core, line: Line): boolean {
    if (core.arrived === line || line.mayRead(core.id, core.now)) return true;
    this.#hold(core, WAIT.line, line);
    this.lines.request(core.id, line, false, core.now);
    return false;
  }

  /** The processor does not foresee the end of a loop that spins: what comes after it begins anew. */
  #leaveLoop(core: Core): void {
    core.hasWatched = false;
    core.issued = Math.max(core.issued, core.now + this.profile.mispredictNs);
  }

  #watchOn(core: Core, line: Line): void {
    const has = line.mayRead(core.id, core.now);
    this.#hold(core, has ? WAIT.value : WAIT.line, line);
    core.hasWatched = true;
    if (!has) return this.#readOn(core, line, core.now);
    line.watchers ??= [];
    if (!line.watchers.includes(core.id)) line.watchers.push(core.id);
  }

  /** Lets watchers on the same CPU (another task of it wrote) look again; those on other CPUs have lost the line. */
  #wakeWatchers(line: Line, time: number): void {
    const watchers = line.watchers!;
    for (let i = watchers.length - 1; i >= 0; i--) {
      const core = this.cores[watchers[i]];
      if (core.waitsFor === WAIT.value && core.line === line) {
        if (!line.mayRead(core.id, time)) continue;
        core.goOn(time);
        this.#plan(core);
      }
      watchers.splice(i, 1);
    }
  }
}

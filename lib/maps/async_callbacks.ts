/**
 * What stands behind struct bpf_timer and struct bpf_wq in values of maps: struct bpf_hrtimer and struct bpf_work, and the
 * queues of each CPU (kernel/bpf/helpers.c, kernel/time/hrtimer.c, kernel/workqueue.c). Who runs callbacks stands in
 * machine/deferred.ts.
 */
import type { Memory } from "../cpu/memory.ts";
import { load, type Model, store, type TaskContext } from "../cpu/operation.ts";
import { bpf_spin_lock, bpf_spin_unlock } from "../locks/spin_lock.ts";
import type { MapDef } from "../object/bpf_object.ts";
import { RcuPool } from "../rcu/rcu_pool.ts";
import { BPF_MAP_TYPE } from "../uapi/map_types.ts";
import type { Arena } from "./arena.ts";
import { errno } from "./errno.ts";
import type { Span } from "./kernel_map.ts";

export type AsyncKind = "timer" | "work";

/** struct bpf_async_kern, as it stands in a value. */
export const ASYNC_FIELD = { cb: 0, lock: 8, bytes: 16 } as const;
/** Offsets in a callback: the kernel's struct bpf_async_cb, and where it waits. */
const CB = {
  bytes: 80,
  map: 0,
  prog: 4,
  value: 8,
  callback: 16,
  state: 24,
  cpu: 28,
  /** Among those that wait on its CPU: how many were started before it. */
  order: 32,
  /** The CPU that runs it, plus one. */
  running: 36,
  expiresNs: 40,
  delayNs: 48,
  /** How many callbacks in a row, each started by the one before, led to this one. */
  chain: 56,
  cancelling: 60,
  kind: 64,
  isAbsolute: 68,
} as const;
/** `left`: started once too often by its own callbacks (limits.rearms): nothing runs it. */
const STATE = { idle: 0, queued: 1, left: 2 } as const;
/** Of a CPU: timers and works that wait, and what it runs of either. */
const ON_CPU = {
  bytes: 64,
  waiting: (kind: AsyncKind) => kind === "timer" ? 0 : 4,
  running: (kind: AsyncKind) => kind === "timer" ? 8 : 12,
};
/** Behind the last CPU: nanoseconds passed over, and whether any callback was left waiting. */
const LEFT = 8;
/** Callbacks of one machine. */
const MOST_CALLBACKS = 16_384;

/** Maps that may hold timers and work. */
const HOLDERS: readonly number[] = [BPF_MAP_TYPE.HASH, BPF_MAP_TYPE.LRU_HASH, BPF_MAP_TYPE.ARRAY];

/** How many callbacks there can be: one in each element, and as many again that wait for a grace period. */
export const asyncCount = (maps: readonly MapDef[], nrCpus: number): number =>
  Math.min(
    MOST_CALLBACKS,
    maps.reduce((sum, { type, maxEntries, data }) => sum + (HOLDERS.includes(type) && !data ? maxEntries : 0), 0) * 2 +
      4 * nrCpus,
  );

/** A callback that waits to be run. */
export interface Waiting {
  readonly cb: number;
  readonly expiresNs: bigint;
}

export class AsyncCallbacks {
  readonly #pool: RcuPool;
  readonly #base: number;
  readonly #cpus: number;

  /** @param rearms how many times in a row callbacks may start themselves again */
  constructor(arena: Arena, readonly count: number, readonly nrCpus: number, tasks: number, readonly rearms = 0) {
    this.#base = arena.allocate(count * CB.bytes);
    this.#pool = new RcuPool(arena.allocate(RcuPool.bytes(count, tasks)), count, tasks);
    this.#cpus = arena.allocate((nrCpus + 1) * ON_CPU.bytes);
  }

  // What helpers and kernel functions do. `at` is the address of the field in a value.

  /** kernel/bpf/helpers.c:__bpf_async_init. */
  *init(ctx: TaskContext, at: number, kind: AsyncKind, map: number, value: bigint): Model {
    if (ctx.from === "nmi") return errno("EOPNOTSUPP");
    yield* bpf_spin_lock(ctx, at + ASYNC_FIELD.lock);
    let result = 0n;
    if ((yield load(at + ASYNC_FIELD.cb, 8, "async.cb")) !== 0n) result = errno("EBUSY");
    else {
      const slot = yield* this.#pool.alloc(`${kind} alloc`);
      if (slot < 0n) result = errno("ENOMEM");
      else {
        const cb = this.#base + Number(slot) * CB.bytes;
        yield {
          kind: "private",
          label: kind,
          run: (memory) => {
            memory.clear(cb, CB.bytes);
            memory.setU32(cb + CB.map, map + 1);
            memory.write(cb + CB.value, 8, value);
            memory.setU32(cb + CB.kind, kind === "timer" ? 1 : 2);
            return 0n;
          },
        };
        yield store(at + ASYNC_FIELD.cb, 8, BigInt(cb), "async.cb");
      }
    }
    yield* bpf_spin_unlock(ctx, at + ASYNC_FIELD.lock);
    return result;
  }

  /** kernel/bpf/helpers.c:__bpf_async_set_callback. */
  *setCallback(ctx: TaskContext, at: number, func: bigint): Model {
    if (ctx.from === "nmi") return errno("EOPNOTSUPP");
    yield* bpf_spin_lock(ctx, at + ASYNC_FIELD.lock);
    const cb = Number(yield load(at + ASYNC_FIELD.cb, 8, "async.cb"));
    if (cb !== 0) {
      yield store(cb + CB.prog, 4, 1n, "cb.prog");
      yield store(cb + CB.callback, 8, func, "cb.callback_fn");
    }
    yield* bpf_spin_unlock(ctx, at + ASYNC_FIELD.lock);
    return cb === 0 ? errno("EINVAL") : 0n;
  }

  /**
   * kernel/bpf/helpers.c:bpf_timer_start. It waits on this CPU, or where its callback runs now (switch_hrtimer_base).
   *
   * @param nowNs the clock, where there is one
   */
  *startTimer(ctx: TaskContext, at: number, ns: bigint, isAbsolute: boolean, nowNs: () => bigint): Model {
    if (ctx.from === "nmi") return errno("EOPNOTSUPP");
    yield* bpf_spin_lock(ctx, at + ASYNC_FIELD.lock);
    const cb = Number(yield load(at + ASYNC_FIELD.cb, 8, "async.cb"));
    const isReady = cb !== 0 && (yield load(cb + CB.prog, 4, "cb.prog")) !== 0n;
    if (isReady) {
      yield {
        kind: "atomic",
        addr: cb + CB.state,
        label: "hrtimer_start",
        run: (memory) => {
          this.#dequeue(memory, cb);
          const running = memory.getU32(cb + CB.running);
          memory.write(cb + CB.delayNs, 8, ns);
          memory.write(cb + CB.expiresNs, 8, BigInt.asUintN(64, isAbsolute ? ns : nowNs() + ns));
          memory.setU32(cb + CB.isAbsolute, isAbsolute ? 1 : 0);
          this.#enqueue(memory, ctx, cb, "timer", running === 0 ? ctx.cpu : running - 1);
          return 0n;
        },
      };
    }
    yield* bpf_spin_unlock(ctx, at + ASYNC_FIELD.lock);
    return isReady ? 0n : errno("EINVAL");
  }

  /** kernel/bpf/helpers.c:bpf_wq_start: no lock; work that waits already is not queued twice (schedule_work). */
  *startWork(ctx: TaskContext, at: number): Model {
    if (ctx.from === "nmi") return errno("EOPNOTSUPP");
    const cb = Number(yield load(at + ASYNC_FIELD.cb, 8, "async.cb"));
    if (cb === 0 || (yield load(cb + CB.prog, 4, "cb.prog")) === 0n) return errno("EINVAL");
    yield {
      kind: "atomic",
      addr: cb + CB.state,
      label: "schedule_work",
      run: (memory) => {
        if (memory.getU32(cb + CB.state) !== STATE.idle) return 0n;
        const running = memory.getU32(cb + CB.running);
        this.#enqueue(memory, ctx, cb, "work", running === 0 ? ctx.cpu : running - 1);
        return 0n;
      },
    };
    return 0n;
  }

  /**
   * kernel/bpf/helpers.c:bpf_timer_cancel: 1n for a timer that waited, 0n for one that did not; comes back when its
   * callback has ended. The callback has to be set anew then.
   */
  *cancelTimer(ctx: TaskContext, at: number): Model {
    if (ctx.from === "nmi") return errno("EOPNOTSUPP");
    yield* bpf_spin_lock(ctx, at + ASYNC_FIELD.lock);
    const cb = Number(yield load(at + ASYNC_FIELD.cb, 8, "async.cb")), own = yield* this.#runningHere(ctx);
    let result = cb === 0 ? errno("EINVAL") : cb === own ? errno("EDEADLK") : 0n, isCounted = false;
    if (result === 0n && own !== 0) {
      // A callback that cancels another timer: not while another one cancels its own.
      yield { kind: "rmw", op: "add", addr: cb + CB.cancelling, size: 4, value: 1n, label: "cancelling" };
      isCounted = true;
      if ((yield load(own + CB.cancelling, 4, "cancelling")) !== 0n) result = errno("EDEADLK");
    }
    if (result === 0n) yield* this.#dropProg(cb);
    yield* bpf_spin_unlock(ctx, at + ASYNC_FIELD.lock);
    if (result === 0n) result = yield* this.#hrtimerCancel(cb);
    if (isCounted) yield { kind: "rmw", op: "add", addr: cb + CB.cancelling, size: 4, value: -1n, label: "cancelling" };
    return result;
  }

  /** kernel/bpf/helpers.c:bpf_timer_cancel_and_free, bpf_wq_cancel_and_free: the value is no more, or is another one. */
  *cancelAndFree(ctx: TaskContext, at: number, kind: AsyncKind): Model<void> {
    if ((yield load(at + ASYNC_FIELD.cb, 8, "async.cb")) === 0n) return;
    yield* bpf_spin_lock(ctx, at + ASYNC_FIELD.lock);
    const cb = Number(yield load(at + ASYNC_FIELD.cb, 8, "async.cb"));
    if (cb !== 0) {
      yield* this.#dropProg(cb);
      yield store(at + ASYNC_FIELD.cb, 8, 0n, "async.cb");
    }
    yield* bpf_spin_unlock(ctx, at + ASYNC_FIELD.lock);
    if (cb === 0) return;
    // A callback does not wait for others' (a worker does then, which nothing can tell from this), nobody for work.
    const waits = kind === "timer" && (yield* this.#runningHere(ctx)) === 0;
    if (waits) yield* this.#hrtimerCancel(cb);
    else yield { kind: "atomic", addr: cb + CB.state, label: "cancel", run: (memory) => this.#dequeue(memory, cb) };
    yield* this.#pool.free((cb - this.#base) / CB.bytes, true, `${kind} free`);
  }

  /** drop_prog_refcnt. */
  *#dropProg(cb: number): Model<void> {
    if ((yield load(cb + CB.prog, 4, "cb.prog")) === 0n) return;
    yield store(cb + CB.prog, 4, 0n, "cb.prog");
    yield store(cb + CB.callback, 8, 0n, "cb.callback_fn");
  }

  /** kernel/time/hrtimer.c:hrtimer_cancel: spins while the callback runs. */
  *#hrtimerCancel(cb: number): Model {
    for (;;) {
      const result = yield {
        kind: "atomic",
        addr: cb + CB.state,
        label: "hrtimer_try_to_cancel",
        run: (memory) => memory.getU32(cb + CB.running) !== 0 ? 2n : this.#dequeue(memory, cb),
      };
      if (result !== 2n) return result;
      yield {
        kind: "await",
        addr: cb + CB.running,
        size: 4,
        until: (cpu) => cpu === 0n,
        label: "callback of the timer",
      };
    }
  }

  *#runningHere(ctx: TaskContext): Model<number> {
    const at = this.#cpu(ctx.cpu) + ON_CPU.running("timer");
    return Number(yield { kind: "private", label: "hrtimer_running", run: (memory) => BigInt(memory.getU32(at)) });
  }

  // What the machine asks.

  /** What stands in the memory of callbacks, said to be a map's that holds any. */
  spans(map: number): Span[] {
    const fields = [["isAbsolute"], ["kind"], ["cancelling"], ["chain"], ["delayNs", "delay"], [
      "expiresNs",
      "expires",
    ]];
    fields.push(["running"], ["order"], ["cpu"], ["state"], ["callback", "callback_fn"], ["value"], ["prog"], ["map"]);
    const end = this.#base + this.count * CB.bytes;
    return [{
      start: this.#base,
      end,
      map,
      placeOf: (offset, memory) => {
        const cb = Math.floor(offset / CB.bytes), inside = offset % CB.bytes;
        const kind = memory.getU32(this.#base + cb * CB.bytes + CB.kind) === 2 ? "work" : "timer";
        const [of, name] = fields.find(([field]) => inside >= CB[field as keyof typeof CB])!;
        return { name: `${kind} ${cb}: ${name ?? of}`, touches: "timer" };
      },
    }];
  }

  /** How many wait on a CPU, of those that anything will run. */
  waitingOn(memory: Memory, cpu: number, kind: AsyncKind): number {
    return memory.getU32(this.#cpu(cpu) + ON_CPU.waiting(kind));
  }

  /** Whether none waits on any CPU, and none runs. */
  isIdle(memory: Memory): boolean {
    for (let cpu = 0; cpu < this.nrCpus; cpu++) {
      const at = this.#cpu(cpu);
      for (const kind of ["timer", "work"] as const) {
        if (memory.getU32(at + ON_CPU.waiting(kind)) !== 0 || memory.getU32(at + ON_CPU.running(kind)) !== 0) {
          return false;
        }
      }
    }
    return true;
  }

  /**
   * Those that may be run next on a CPU: of work the first that was queued; of timers, by the clock, the earliest; where
   * time is open, each one that no other timer has to come before: one that was started earlier and for no longer.
   */
  next(memory: Memory, cpu: number, kind: AsyncKind, timeIsOpen: boolean): Waiting[] {
    if (this.waitingOn(memory, cpu, kind) === 0) return [];
    const all = this.#queue(memory, cpu, kind);
    if (kind === "work") return all.slice(0, 1);
    if (!timeIsOpen) return [all.reduce((a, b) => b.expiresNs < a.expiresNs ? b : a)];
    const delay = ({ cb }: Waiting) => memory.read(cb + CB.delayNs, 8);
    const isAbsolute = ({ cb }: Waiting) => memory.getU32(cb + CB.isAbsolute) !== 0;
    return all.filter((one, i) =>
      !all.some((other, j) => {
        const [a, b] = [isAbsolute(one), isAbsolute(other)];
        // Two times of one clock compare as they are; a time and a delay do not.
        return a && b
          ? delay(other) < delay(one) || (delay(other) === delay(one) && j < i)
          : !a && !b && j < i && delay(other) <= delay(one);
      })
    );
  }

  /** __run_hrtimer, process_one_work: off its queue, and under way. */
  begin(memory: Memory, cb: number, cpu: number, kind: AsyncKind): void {
    this.#dequeue(memory, cb);
    memory.setU32(cb + CB.running, cpu + 1);
    memory.setU32(this.#cpu(cpu) + ON_CPU.running(kind), cb);
  }

  /** Whether any was left waiting because of `limits.rearms`. */
  leftAny(memory: Memory): boolean {
    return memory.getU32(this.#cpu(this.nrCpus) + LEFT) !== 0;
  }

  skippedNs(memory: Memory): number {
    return Number(memory.read(this.#cpu(this.nrCpus), 8));
  }

  /** Passes time over until it is what a timer that is due waits for. */
  skipTo(memory: Memory, cb: number, nowNs: number): void {
    const ahead = Number(memory.read(cb + CB.expiresNs, 8)) - nowNs;
    if (ahead > 0) memory.write(this.#cpu(this.nrCpus), 8, BigInt(this.skippedNs(memory) + ahead));
  }

  end(memory: Memory, cb: number, cpu: number, kind: AsyncKind): void {
    memory.setU32(cb + CB.running, 0);
    memory.setU32(this.#cpu(cpu) + ON_CPU.running(kind), 0);
  }

  callbackAt = (cb: number): number => cb + CB.callback;

  /** `map << 64 | value`: the map, by index, and the pointer to the value that a callback is called with. */
  valueOf(memory: Memory, cb: number): bigint {
    return (BigInt(memory.getU32(cb + CB.map) - 1) << 64n) | memory.read(cb + CB.value, 8);
  }

  /** In the order in which they were started. */
  #queue(memory: Memory, cpu: number, kind: AsyncKind): Waiting[] {
    const found: (Waiting & { readonly order: number })[] = [], wanted = kind === "timer" ? 1 : 2;
    for (let cb = this.#base; cb < this.#base + this.count * CB.bytes; cb += CB.bytes) {
      if (memory.getU32(cb + CB.state) !== STATE.queued || memory.getU32(cb + CB.kind) !== wanted) continue;
      if (memory.getU32(cb + CB.cpu) !== cpu) continue;
      found.push({ cb, expiresNs: memory.read(cb + CB.expiresNs, 8), order: memory.getU32(cb + CB.order) });
    }
    return found.sort((a, b) => a.order - b.order);
  }

  #enqueue(memory: Memory, ctx: TaskContext, cb: number, kind: AsyncKind, cpu: number): void {
    const [timer, work] = (["timer", "work"] as const).map((one) =>
      memory.getU32(this.#cpu(ctx.cpu) + ON_CPU.running(one))
    );
    const by = ctx.defers === "timer" ? timer : ctx.defers === "work" ? work : 0;
    const chain = by === 0 ? 0 : memory.getU32(by + CB.chain) + 1, waiting = this.#cpu(cpu) + ON_CPU.waiting(kind);
    memory.setU32(cb + CB.chain, chain);
    memory.setU32(cb + CB.cpu, cpu);
    if (chain > this.rearms) {
      memory.setU32(this.#cpu(this.nrCpus) + LEFT, 1);
      memory.setU32(cb + CB.state, STATE.left);
      return;
    }
    const order = memory.getU32(waiting);
    memory.setU32(cb + CB.order, order);
    memory.setU32(cb + CB.state, STATE.queued);
    memory.setU32(waiting, order + 1);
  }

  /** Takes it off its queue; 1n where it was on one. Orders stay those of the ones that wait, without gaps. */
  #dequeue(memory: Memory, cb: number): bigint {
    const state = memory.getU32(cb + CB.state), cpu = memory.getU32(cb + CB.cpu);
    if (state === STATE.idle) return 0n;
    memory.setU32(cb + CB.state, STATE.idle);
    if (state === STATE.left) return 1n;
    const kind = memory.getU32(cb + CB.kind) === 1 ? "timer" : "work", order = memory.getU32(cb + CB.order);
    for (const other of this.#queue(memory, cpu, kind)) {
      const behind = memory.getU32(other.cb + CB.order);
      if (behind > order) memory.setU32(other.cb + CB.order, behind - 1);
    }
    memory.setU32(cb + CB.order, 0);
    const waiting = this.#cpu(cpu) + ON_CPU.waiting(kind);
    memory.setU32(waiting, memory.getU32(waiting) - 1);
    return 1n;
  }

  #cpu(cpu: number): number {
    return this.#cpus + cpu * ON_CPU.bytes;
  }
}

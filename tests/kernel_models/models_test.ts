/** Kernel models by themselves, in every interleaving of a small scope, without programs and without a search. */
import { describe, expect, it } from "vitest";
import { CPU, RUN } from "../../lib/cpu/layout.ts";
import { load, store } from "../../lib/cpu/operation.ts";
import { bpf_spin_lock, bpf_spin_unlock } from "../../lib/locks/spin_lock.ts";
import { DEADLOCK, raw_res_spin_lock_irqsave, raw_res_spin_unlock_irqrestore } from "../../lib/locks/raw_spin_lock.ts";
import { testAndSetLock } from "../../lib/locks/test_and_set.ts";
import { ticketLock } from "../../lib/locks/ticket_lock.ts";
import { BPF_MAP_TYPE } from "../../lib/uapi/map_types.ts";
import { runAtOnce } from "../../lib/maps/run_at_once.ts";
import { rcu_read_lock, rcu_read_unlock, synchronize_rcu } from "../../lib/rcu/grace_period.ts";
import {
  type Body,
  context,
  everyInterleaving,
  interleave,
  makeKernel,
  map,
  objectOf,
  randomly,
  setRunState,
} from "./driver.ts";

const plain = objectOf([map("m", BPF_MAP_TYPE.ARRAY, { maxEntries: 2, valueSize: 16 })]);

/** Words of the array's first value: a lock, and what it protects. */
const words = (kernel: ReturnType<typeof makeKernel>) => {
  const lock = Number(BigInt.asUintN(32, kernel.valuePointer(0, 0)));
  return { lock, counter: lock + 8 };
};

const irqOff = (kernel: ReturnType<typeof makeKernel>, cpu: number) =>
  kernel.memory.getU32(kernel.memory.layout.cpus + cpu * CPU.bytes + CPU.irqOff);

describe("locks keep two CPUs apart", () => {
  const kernels = { bpf_spin_lock, bpf_spin_unlock };
  const locks = { "bpf_spin_lock": kernels, "ticket lock": ticketLock, "test and set": testAndSetLock };
  for (const [name, lock] of Object.entries(locks)) {
    it(`${name}: in every interleaving of two increments`, () => {
      const increment: Body = function* (ctx, kernel) {
        const { lock: addr, counter } = words(kernel);
        yield* lock.bpf_spin_lock(ctx, addr);
        const value = yield load(counter, 8);
        yield store(counter, 8, value + 1n);
        yield* lock.bpf_spin_unlock(ctx, addr);
      };
      const schedules = everyInterleaving(
        () => ({ kernel: makeKernel(plain, 2), bodies: [increment, increment] }),
        ({ deadlock }, kernel) => {
          expect(deadlock).toBe(false);
          expect(kernel.memory.read(words(kernel).counter, 8)).toBe(2n);
          expect([irqOff(kernel, 0), irqOff(kernel, 1)]).toEqual([0, 0]);
        },
      );
      expect(schedules).toBeGreaterThan(2);
    });
  }

  it("without a lock the same increments lose one", () => {
    const seen = new Set<bigint>();
    const increment: Body = function* (_ctx, kernel) {
      const { counter } = words(kernel), value = yield load(counter, 8);
      yield store(counter, 8, value + 1n);
    };
    const schedules = everyInterleaving(
      () => ({ kernel: makeKernel(plain, 2), bodies: [increment, increment] }),
      (_result, kernel) => seen.add(kernel.memory.read(words(kernel).counter, 8)),
    );
    // Two sequences of two steps merge in 4! / (2! 2!) ways.
    expect(schedules).toBe(6);
    expect([...seen].sort()).toEqual([1n, 2n]);
  });

  it("a bucket lock says so when this CPU holds it already, and leaves interrupts as they were", () => {
    const kernel = makeKernel(plain, 1), ctx = context(kernel, 0), { lock } = words(kernel);
    const taken = interleave(kernel, [function* () {
      const first = yield* raw_res_spin_lock_irqsave(ctx, lock, "lock");
      const second = yield* raw_res_spin_lock_irqsave(ctx, lock, "lock");
      const inside = irqOff(kernel, 0);
      yield* raw_res_spin_unlock_irqrestore(lock, "unlock");
      return [first, second, inside];
    }], randomly(1));
    expect(taken.results[0]).toEqual([0n, DEADLOCK, 1]);
    expect(irqOff(kernel, 0)).toBe(0);
  });
});

describe("synchronize_rcu", () => {
  it("returns after every reader that was under way, in every interleaving", () => {
    // The reader looks whether the writer has gone on, twice; the writer publishes, waits, then takes back.
    const reader: Body = function* (ctx, kernel) {
      yield* rcu_read_lock(ctx);
      const pointer = yield load(words(kernel).lock, 8);
      const freed = yield load(words(kernel).counter, 8);
      yield* rcu_read_unlock(ctx);
      return [pointer, freed];
    };
    const writer: Body = function* (ctx, kernel) {
      yield store(words(kernel).lock, 8, 1n);
      yield* synchronize_rcu(ctx);
      yield store(words(kernel).counter, 8, 1n);
    };
    const seen = new Set<string>();
    everyInterleaving(
      () => ({ kernel: makeKernel(plain, 2), bodies: [reader, writer] }),
      ({ results, deadlock }) => {
        expect(deadlock).toBe(false);
        seen.add(String(results[0]));
      },
    );
    // Whoever still saw the old pointer never sees it freed; whoever saw the new one may.
    expect([...seen].sort()).toEqual(["0,0", "1,0", "1,1"]);
  });

  it("does not wait for runs that began later, nor for sleepable ones", () => {
    for (const state of [RUN.none, RUN.sleepable]) {
      const kernel = makeKernel(plain, 2);
      setRunState(kernel.memory, 1, state);
      expect(interleave(kernel, [synchronize_rcu], randomly(1)).deadlock).toBe(false);
    }
    const kernel = makeKernel(plain, 2);
    setRunState(kernel.memory, 1, RUN.nonSleepable);
    expect(interleave(kernel, [synchronize_rcu], randomly(1)).deadlock).toBe(true);

    const later = makeKernel(plain, 2), waiting = synchronize_rcu(context(later, 0));
    setRunState(later.memory, 1, RUN.nonSleepable);
    let next = waiting.next();
    while (!next.done && next.value.kind !== "wait") {
      next = waiting.next(next.value.kind === "atomic" ? next.value.run(later.memory) : 0n);
    }
    const until = !next.done && next.value.kind === "wait" ? next.value.until : () => false;
    expect(until(later.memory)).toBe(false);
    setRunState(later.memory, 1, RUN.none);
    expect(until(later.memory)).toBe(true);
    setRunState(later.memory, 1, RUN.nonSleepable);
    expect(until(later.memory)).toBe(true);
  });
});

describe("bad pointers handed to helpers", () => {
  const call = (helper: number, args: readonly bigint[]) => {
    const kernel = makeKernel(objectOf([map("m", BPF_MAP_TYPE.HASH)]), 1);
    const filled = [0, 1, 2, 3, 4].map((i) => args[i] === -1n ? kernel.mapPointer(0) : args[i] ?? 0n);
    const result = kernel.helper(helper)!(
      kernel,
      context(kernel, 0),
      filled as [bigint, bigint, bigint, bigint, bigint],
    );
    return () => typeof result === "bigint" ? result : runAtOnce(kernel.memory, result);
  };
  const cases = [
    { helper: 1, args: [5n], message: "bpf_map_lookup_elem: the first argument is not a map" },
    { helper: 1, args: [-1n], message: "bpf_map_lookup_elem(m): key: read of 4 bytes through a null pointer" },
    {
      helper: 2,
      args: [-1n, 7n << 40n],
      message: "bpf_map_update_elem(m): key: read of 4 bytes through a value that is no",
    },
    { helper: 93, args: [0n], message: "bpf_spin_lock: write of 4 bytes through a null pointer" },
    { helper: 12, args: [0n, -1n], message: "bpf_tail_call: the second argument is no PROG_ARRAY" },
  ];
  for (const { helper, args, message } of cases) it(message, () => expect(call(helper, args)).toThrow(message));
});

describe("element lifetimes, step by step", () => {
  const key = (k: number) => ({ bytes: new Uint8Array(new Uint32Array([k]).buffer) });
  const value = (n: number) => ({ bytes: new Uint8Array(new BigUint64Array([BigInt(n)]).buffer) });

  for (const [name, flags] of [["preallocated", 0], ["BPF_F_NO_PREALLOC", 1]] as const) {
    it(`${name}: the next update on this CPU takes the replaced element, another CPU's does not`, () => {
      const kernel = makeKernel(objectOf([map("m", BPF_MAP_TYPE.HASH, { flags })]), 2), [hash] = kernel.maps;
      const update = (cpu: number, k: number, n: number) =>
        runAtOnce(kernel.memory, hash.map_update_elem(context(kernel, cpu), key(k), value(n), 0n));
      const lookup = (k: number) => {
        const found = hash.map_lookup_elem(context(kernel, 0), key(k));
        return typeof found === "bigint" ? found : runAtOnce(kernel.memory, found);
      };
      update(0, 1, 10);
      update(0, 2, 20);
      const held = lookup(1), addr = Number(BigInt.asUintN(32, held));
      update(0, 1, 11);
      expect(kernel.memory.read(addr, 8)).toBe(10n);
      update(1, 2, 21);
      expect(kernel.memory.read(addr, 8)).toBe(10n);
      update(0, 2, 22);
      // The held pointer of key 1 now shows key 2's value: its element was used again.
      expect(lookup(2)).toBe(held);
      expect(kernel.memory.read(addr, 8)).toBe(22n);
    });
  }
});

/** Store buffers in searches and runs: against a naive reference, by names of litmus tests, and with everything on and off. */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { simulate } from "../../lib/backends/simulator.ts";
import { replay } from "../../lib/schedulers/replay.ts";
import { formatSchedule, parseSchedule } from "../../lib/schedulers/schedule.ts";
import { explore, type ExploreOptions } from "../../lib/search/explore.ts";
import type { MemoryModel } from "../../lib/workload/memory_model.ts";
import { finalStates } from "../reference/total_store_order.ts";
import { type Access, accessPrograms, finalState, MOST_LOADS } from "./access_programs.ts";

type Threads = readonly (readonly Access[])[];

/** Two words, and threads with an atomic each: enough for every shape of two to four accesses. */
const BYTES = 16;

const workloadOf = (threads: Threads, memory: MemoryModel): ExploreOptions => ({
  cpus: threads.length,
  invocations: 1,
  programs: threads.map((_, t) => ({ prog: `t${t}`, cpus: [t] })),
  memory,
  verify: false,
});

async function found(threads: Threads, memory: MemoryModel, more: Partial<ExploreOptions> = {}) {
  const object = accessPrograms(threads, BYTES);
  const all = await explore(object, { ...workloadOf(threads, memory), ...more });
  expect(all.complete).toBe(true);
  return { all, object, states: new Set(all.outcomes.map(({ values }) => finalState(values, threads, BYTES))) };
}

const x = 0, y = 8;
const store = (at: number, value: number, size: Access["size"] = 8): Access => ({ does: "store", at, size, value });
const load = (at: number, size: Access["size"] = 8): Access => ({ does: "load", at, size, value: 0 });
const add = (at: number, value = 0): Access => ({ does: "add", at, size: 8, value });

const access: fc.Arbitrary<Access> = fc.oneof(
  { weight: 8, arbitrary: fc.constantFrom(load(x), load(y), load(x, 4), load(x + 2, 2), load(y + 1, 1)) },
  {
    weight: 8,
    arbitrary: fc.tuple(
      fc.constantFrom(store(x, 0), store(y, 0), store(x, 0, 4), store(x + 2, 0, 2), store(x + 1, 0, 1)),
      fc.integer({ min: 1, max: 3 }),
    ).map(([one, value]) => ({ ...one, value: value * (one.size > 2 ? 0x10101 : 1) })),
  },
  { weight: 3, arbitrary: fc.constantFrom(add(x, 1), add(y, 1)) },
);
const few = (thread: readonly Access[]) => thread.filter(({ does }) => does !== "store").length <= MOST_LOADS;
const threads: fc.Arbitrary<Threads> = fc.oneof(
  { weight: 4, arbitrary: fc.tuple(...[1, 2].map(() => fc.array(access, { minLength: 1, maxLength: 4 }).filter(few))) },
  { weight: 1, arbitrary: fc.tuple(...[1, 2, 3].map(() => fc.array(access, { minLength: 1, maxLength: 2 }))) },
);

/** An atomic in the reference adds to the lowest byte alone: nothing else may have put a large number there. */
const noCarry = (all: Threads) => all.flat().every(({ does, value }) => does !== "add" || value < 4);

describe("the outcomes are those of the reference", () => {
  it("x86 and sc, on programs of every shape; sc is a part of x86", async () => {
    await fc.assert(
      fc.asyncProperty(threads.filter(noCarry), async (all) => {
        const x86 = await found(all, "x86"), sc = await found(all, "sc");
        expect(x86.states).toEqual(finalStates(all, BYTES, true));
        expect(sc.states).toEqual(finalStates(all, BYTES, false));
        expect([...sc.states].filter((state) => !x86.states.has(state))).toEqual([]);
        // Where no buffer is there, none was needed.
        if (!x86.all.memory.buffered) expect(x86.states).toEqual(sc.states);
      }),
      { numRuns: 250 },
    );
  });

  it("reductions on and off, tasks taken for one another or not, every witness replayed, every run foreseen", async () => {
    await fc.assert(
      fc.asyncProperty(threads.filter(noCarry), fc.boolean(), async (some, alike) => {
        const all = alike ? some.map(() => some[0].slice(0, 3)) : some;
        const { all: reduced, object, states } = await found(all, "x86");
        const plain = await found(all, "x86", { reduction: false, symmetry: false });
        expect(plain.states).toEqual(states);
        expect(reduced.states).toBeLessThanOrEqual(plain.all.states);
        for (const { values, witness } of [...reduced.outcomes, ...plain.all.outcomes]) {
          expect(formatSchedule(parseSchedule(witness))).toBe(witness);
          const again = await simulate(object, { ...workloadOf(all, "x86"), scheduler: replay(witness) });
          expect(again.final).toEqual(values);
        }
        for (let seed = 1; seed <= 8; seed++) {
          for (const scheduler of ["random", "pct", "round_robin", "clock"] as const) {
            const run = await simulate(object, { ...workloadOf(all, "x86"), seed, scheduler });
            expect(states).toContain(finalState(run.final, all, BYTES));
            const again = await simulate(object, { ...workloadOf(all, "x86"), scheduler: replay(run.schedule()) });
            expect(again.final).toEqual(run.final);
          }
        }
      }),
      { numRuns: 40 },
    );
  });

  it("the same program on every CPU: symmetry counts fewer states and finds the same", async () => {
    const object = accessPrograms([[store(x, 1), load(y), store(y, 1), load(x)]], BYTES);
    const search = async (symmetry: boolean) =>
      await explore(object, { cpus: 3, invocations: 1, programs: ["t0"], verify: false, symmetry, reduction: false });
    const one = await search(true), other = await search(false);
    expect(one.memory.buffered && one.symmetry.used).toBe(true);
    expect(one.states).toBeLessThan(other.states / 3);
    const ends = (all: typeof one) => new Set(all.outcomes.map(({ key }) => key));
    expect(ends(one)).toEqual(ends(other));
  });
});

/** What each thread reads and what memory holds at the end: whether that can be, under sc and under x86. */
const LITMUS: readonly {
  readonly name: string;
  readonly threads: Threads;
  readonly read: readonly (readonly number[])[];
  readonly memory?: readonly [number, number];
  readonly sc: boolean;
  readonly x86: boolean;
}[] = [
  { name: "SB", threads: [[store(x, 1), load(y)], [store(y, 1), load(x)]], read: [[0], [0]], sc: false, x86: true },
  {
    name: "SB with a fetching add between",
    threads: [[store(x, 1), add(x), load(y)], [store(y, 1), add(y), load(x)]],
    read: [[1, 0], [1, 0]],
    sc: false,
    x86: false,
  },
  {
    name: "SB with one barrier",
    threads: [[store(x, 1), add(x), load(y)], [store(y, 1), load(x)]],
    read: [[1, 0], [0]],
    sc: false,
    x86: true,
  },
  {
    name: "SB+rfi-pos: each CPU sees its own store first",
    threads: [[store(x, 1), load(x), load(y)], [store(y, 1), load(y), load(x)]],
    read: [[1, 0], [1, 0]],
    sc: false,
    x86: true,
  },
  { name: "MP", threads: [[store(x, 1), store(y, 1)], [load(y), load(x)]], read: [[], [1, 0]], sc: false, x86: false },
  { name: "LB", threads: [[load(x), store(y, 1)], [load(y), store(x, 1)]], read: [[1], [1]], sc: false, x86: false },
  {
    name: "IRIW",
    threads: [[store(x, 1)], [store(y, 1)], [load(x), load(y)], [load(y), load(x)]],
    read: [[], [], [1, 0], [1, 0]],
    sc: false,
    x86: false,
  },
  {
    name: "2+2W",
    threads: [[store(x, 1), store(y, 2)], [store(y, 1), store(x, 2)]],
    read: [[], []],
    memory: [1, 1],
    sc: false,
    x86: false,
  },
  {
    name: "R: a store, and a load behind another one",
    threads: [[store(x, 1), store(y, 1)], [store(y, 2), load(x)]],
    read: [[], [0]],
    memory: [1, 2],
    sc: false,
    x86: true,
  },
  {
    name: "n6 (Sewell and others, section 2): forwarding, and a store that comes late",
    threads: [[store(x, 1), load(x), load(y)], [store(y, 2), store(x, 2)]],
    read: [[1, 0], []],
    memory: [1, 2],
    sc: false,
    x86: true,
  },
  {
    name: "n5: no CPU sees the other's store after its own and before",
    threads: [[store(x, 1), load(x)], [store(x, 2), load(x)]],
    read: [[2], [1]],
    sc: false,
    x86: false,
  },
  {
    name: "n4: nor before and after",
    threads: [[load(x), store(x, 1), load(x)], [load(x), store(x, 2), load(x)]],
    read: [[2, 1], [1, 2]],
    sc: false,
    x86: false,
  },
  {
    name: "an atomic drains what has waited until then",
    threads: [[store(x, 1), load(y), add(y, 1)], [load(y), load(x)], [store(y, 4)]],
    read: [[0, 0], [1, 0], []],
    sc: false,
    x86: false,
  },
  {
    name: "SB within one word: a load that only half is forwarded to",
    threads: [[store(x, 1, 4), load(x)], [store(x + 4, 1, 4), add(y), load(x, 4)]],
    read: [[1], [0, 0]],
    sc: false,
    x86: true,
  },
  {
    name: "a load of eight bytes takes two from its own store, the rest from memory",
    threads: [[store(x + 2, 1, 2), load(x), load(y)], [store(y, 1), store(x, 7, 1), load(x, 4)]],
    read: [[0x10000, 0], [7]],
    sc: false,
    x86: true,
  },
];

describe("litmus tests of the literature", () => {
  for (const { name, threads, read, memory, sc, x86 } of LITMUS) {
    it(name, async () => {
      for (const [model, allowed] of [["sc", sc], ["x86", x86]] as const) {
        const { all } = await found(threads, model);
        const wanted = all.outcomes.some(({ values }) => {
          const word = (i: number) => Number(values[`w${i}`] ?? 0);
          return read.every((loads, t) =>
            loads.every((value, i) => word((BYTES >> 3) + MOST_LOADS * t + i) === value)
          ) &&
            (!memory || (word(0) === memory[0] && word(1) === memory[1]));
        });
        expect({ model, wanted }).toEqual({ model, wanted: allowed });
      }
    });
  }
});

import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { bpf } from "../../lib/compile/bpf.ts";
import { simulate } from "../../lib/backends/simulator.ts";
import { pct, pctGuarantee, pctMissing } from "../../lib/schedulers/pct.ts";
import { replay } from "../../lib/schedulers/replay.ts";
import { roundRobin } from "../../lib/schedulers/round_robin.ts";
import { WinnerTree } from "../../lib/schedulers/winner_tree.ts";
import { formatSchedule, parseSchedule } from "../../lib/schedulers/schedule.ts";
import type { Scheduler } from "../../lib/schedulers/scheduler.ts";

const racy = () =>
  bpf`volatile int counter;
SEC("raw_tp") int count(void *ctx) { counter += 1; return 0; }
`;

describe("schedule text", () => {
  it("reads back what it wrote", () => {
    fc.assert(fc.property(fc.array(fc.nat(255), { maxLength: 200 }), (tasks) => {
      if (tasks.length > 0) expect(parseSchedule(formatSchedule(tasks))).toEqual(tasks);
    }));
  });
  it("names the part that is wrong", () => {
    expect(() => parseSchedule("0 1*x 2")).toThrow('"1*x"');
  });
});

describe("winner tree", () => {
  it("always has the smallest clock first, ties to the smaller index", () => {
    const step = fc.record({ at: fc.nat(20), clock: fc.nat(10) });
    fc.assert(fc.property(fc.integer({ min: 1, max: 21 }), fc.array(step, { maxLength: 100 }), (n, steps) => {
      const tree = new WinnerTree(n), clocks = Array<number>(n).fill(Infinity);
      for (const { at, clock } of steps) {
        tree.set(at % n, clock);
        clocks[at % n] = clock;
        const least = Math.min(...clocks);
        expect(tree.first).toBe(clocks.indexOf(least));
      }
    }));
  });
});

describe("simulate", () => {
  for (const scheduler of ["random", "round_robin", "pct", "clock"] as const) {
    it(`${scheduler}: the same seed gives the same run; its schedule replays to the same end`, async () => {
      const options = { cpus: 3, invocations: 20, seed: 7, scheduler };
      const first = await simulate(await racy(), options), second = await simulate(await racy(), options);
      expect(second.final).toEqual(first.final);
      expect(second.schedule()).toBe(first.schedule());
      const again = await simulate(await racy(), { ...options, scheduler: replay(first.schedule()) });
      expect(again.final).toEqual(first.final);
      expect(again.steps).toBe(first.steps);
      const stores = first.trace().filter((step) => step.kind === "store");
      expect(stores.length).toBe(60);
      expect(stores.at(-1)!.after).toBe(first.final.counter);
    });
  }
  it("loses nothing on one CPU, whatever the scheduler", async () => {
    for (const scheduler of ["random", "round_robin", "pct", "clock"] as const) {
      const run = await simulate(await racy(), { cpus: 1, invocations: 100, scheduler });
      expect(run.lost).toBe(0);
      expect(run.final.counter).toBe(100n);
    }
  });
  it("takes 1 to 512 CPUs, and says so otherwise", async () => {
    const run = await simulate(await racy(), { cpus: 512, invocations: 4 });
    expect(run.serial!.counter).toBe(2048n);
    await expect(simulate(await racy(), { cpus: 0 })).rejects.toThrow(
      "cpus is 0: it must be a whole number from 1 to 512",
    );
    await expect(simulate(await racy(), { cpus: 513 })).rejects.toThrow("513");
    await expect(simulate(await racy(), { invocations: 1.5 })).rejects.toThrow("invocations is 1.5");
  });
  it("refuses a choice that a scheduler may not make", async () => {
    const stubborn = { name: "stubborn", reset() {}, next: () => 5 };
    await expect(simulate(await racy(), { scheduler: stubborn })).rejects.toThrow("stubborn chose task 5");
  });
});

it("round robin gives turns of its quantum", async () => {
  const run = await simulate(await racy(), { cpus: 2, invocations: 3, scheduler: roundRobin(2) });
  expect(run.schedule()).toBe("0*2 1*2 0*2 1*2 0*2 1*2");
});

it("replay goes on with the last task where the schedule ends", async () => {
  const run = await simulate(await racy(), { cpus: 2, invocations: 1, scheduler: replay("1") });
  expect(run.schedule()).toBe("1*2 0*2");
});

describe("PCT", () => {
  it("finds a bug of depth 2 at least as often as its guarantee says", async () => {
    const object = await racy(), tasks = 2, steps = 4, runs = 400;
    let found = 0;
    for (let seed = 1; seed <= runs; seed++) {
      const run = await simulate(object, { cpus: tasks, invocations: 1, seed, scheduler: pct(2, steps) });
      if (run.final.counter !== 2n) found++;
    }
    expect(pctGuarantee(tasks, steps, 2)).toBe(1 / 8);
    expect(pctMissing(tasks, steps, 2, 10)).toBe((7 / 8) ** 10);
    // The true chance is at least 1/8; 400 draws fall below 0.08 with probability under 0.4 %.
    expect(found / runs).toBeGreaterThan(0.08);
  });

  it("learns the number of choices, and finds a bug of depth 2 as often as that number promises", async () => {
    const object = await racy(), runs = 500;
    let found = 0;
    for (let seed = 1; seed <= runs; seed++) {
      const run = await simulate(object, { cpus: 2, invocations: 1, seed, scheduler: "pct" });
      if (run.final.counter !== 2n) found++;
    }
    // Of four steps the last is never a choice. The seeds are fixed: there is no chance in this.
    expect(found / runs).toBeGreaterThan(pctGuarantee(2, 3, 2));
  });

  it("is told of choices only: steps of a random run before the first task of two is done", async () => {
    const object = await racy();
    let told: number[] = [];
    const first: Scheduler = {
      name: "first",
      learn: (choices) => told.push(choices),
      reset() {},
      next: ({ enabled }) => enabled[0],
    };
    for (let seed = 1; seed <= 20; seed++) {
      const options = { cpus: 2, invocations: 3, seed };
      const tasks = parseSchedule((await simulate(object, options)).schedule()), last = tasks.at(-1)!;
      const alone = tasks.length - 1 - tasks.lastIndexOf(1 - last);
      told = [];
      await simulate(object, { ...options, scheduler: first });
      expect(told).toEqual([tasks.length - alone]);
      await simulate(object, { ...options, cpus: 1, scheduler: first });
      expect(told.at(-1)).toBe(0);
    }
  });

  it("learns nothing from other workloads: the same run after a long one, by the same object", async () => {
    const object = await racy(), scheduler = pct(3), options = { cpus: 3, invocations: 2, seed: 11 };
    const before = (await simulate(object, { ...options, scheduler })).schedule();
    const long = await simulate(object, { cpus: 4, invocations: 200, seed: 3, scheduler });
    const after = await simulate(object, { ...options, scheduler });
    expect(long.steps).toBe(1600);
    expect(after.schedule()).toBe(before);
    expect((await simulate(object, { ...options, scheduler: pct(3) })).schedule()).toBe(before);
  });

  it("keeps its change points for steps that are a choice", () => {
    for (let seed = 1; seed <= 20; seed++) {
      const steady = pct(1, 1), changing = pct(2, 1);
      for (const scheduler of [steady, changing]) scheduler.reset(2, seed);
      // the rest of a run in which one task waits: no other can go on
      for (let step = 0; step < 5; step++) expect(changing.next({ enabled: [1], last: 1, step })).toBe(1);
      const choices = { enabled: [0, 1], last: 1, step: 5 }, higher = steady.next(choices);
      expect(changing.next(choices)).toBe(1 - higher);
      expect(changing.next(choices)).toBe(1 - higher);
    }
  });

  it("draws d - 1 change points among all of its k choices, and no others", () => {
    for (const [depth, steps] of [[1, 4], [2, 4], [3, 4]]) {
      const changedAt = new Set<number>();
      for (let seed = 1; seed <= 200; seed++) {
        const scheduler = pct(depth, steps), enabled = [0, 1, 2, 3];
        scheduler.reset(4, seed);
        const taken = Array.from({ length: 8 }, (_, step) => scheduler.next({ enabled, last: -1, step }));
        const changes = taken.flatMap((task, at) => at > 0 && task !== taken[at - 1] ? [at] : []);
        expect(changes.length).toBeLessThan(depth);
        for (const at of changes) changedAt.add(at);
      }
      expect([...changedAt].sort()).toEqual(depth === 1 ? [] : [1, 2, 3]);
    }
  });

  it("refuses a depth or a number of steps that is none", () => {
    for (const [depth, steps] of [[0, 4], [2, 0], [1.5, 4], [2, -1]]) {
      expect(() => pct(depth, steps)).toThrow(RangeError);
    }
  });
});

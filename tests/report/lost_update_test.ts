import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { findLostUpdates, stepsOfLostUpdate } from "../../lib/report/lost_update.ts";
import { partsAround } from "../../lib/report/parts.ts";
import { LOCKED, LOST, racyTrace, traceOf } from "./traces.ts";

const lostCount = (trace: Parameters<typeof findLostUpdates>[0]): number =>
  findLostUpdates(trace).reduce((sum, update) => sum + update.lost.length, 0);

const schedules = fc.integer({ min: 1, max: 6 }).chain((cpus) =>
  fc.array(fc.integer({ min: 0, max: cpus - 1 }), { maxLength: 120 })
);

describe("lost updates in a trace", () => {
  it("are exactly as many as the counter falls short, in any schedule", () => {
    fc.assert(fc.property(schedules, (schedule) => {
      const { trace, increments, counter } = racyTrace(schedule);
      expect(lostCount(trace)).toBe(increments - counter);
    }));
  });

  it("name the load, the overwriting store and the lost one", () => {
    expect(findLostUpdates(LOST)).toEqual([{ target: "counter", load: 0, store: 3, lost: [2], broughtBack: 0 }]);
  });

  it("are none when each increment is done before the next", () => {
    expect(findLostUpdates(racyTrace([0, 0, 1, 1, 0, 0]).trace)).toEqual([]);
  });

  it("are none under a lock", () => {
    expect(findLostUpdates(LOCKED)).toEqual([]);
  });

  it("are none for atomics, and an atomic's update can be lost to a store", () => {
    const atomics = traceOf([
      { kind: "rmw", cpu: 0, before: 0, after: 1 },
      { kind: "rmw", cpu: 1, before: 1, after: 2 },
    ]);
    expect(findLostUpdates(atomics)).toEqual([]);
    const mixed = traceOf([
      { kind: "load", cpu: 0, before: 0 },
      { kind: "rmw", cpu: 1, before: 0, after: 1 },
      { kind: "store", cpu: 0, before: 1, after: 1 },
    ]);
    expect(findLostUpdates(mixed)).toEqual([{ target: "counter", load: 0, store: 2, lost: [1], broughtBack: 0 }]);
  });

  it("are none for a store whose run never read: it is no update", () => {
    const reset = traceOf([
      { kind: "load", cpu: 0, before: 5, invocation: 0 },
      { kind: "store", cpu: 1, before: 5, after: 6 },
      { kind: "store", cpu: 0, before: 6, after: 0, invocation: 1 },
    ]);
    expect(findLostUpdates(reset)).toEqual([]);
  });

  it("are found per address", () => {
    const two = traceOf([
      { kind: "load", cpu: 0, target: "a", before: 0 },
      { kind: "load", cpu: 1, target: "b", before: 0 },
      { kind: "store", cpu: 1, target: "b", before: 0, after: 1 },
      { kind: "store", cpu: 0, target: "a", before: 0, after: 1 },
    ]);
    expect(findLostUpdates(two)).toEqual([]);
  });

  it("do not count what a later store brings back", () => {
    // CPU 0 reads 1, CPU 1 wipes that 1 out with its own, then CPU 0 stores 2: the first update is there again.
    const { trace, increments, counter } = racyTrace([1, 0, 0, 0, 1, 0]);
    expect([increments, counter]).toEqual([3, 2]);
    expect(findLostUpdates(trace).flatMap(({ lost }) => lost)).toEqual([4]);
  });
});

describe("the steps around a lost update", () => {
  it("hold what matters and no more than asked for, in any trace", () => {
    fc.assert(fc.property(schedules, fc.integer({ min: 6, max: 24 }), (schedule, most) => {
      const { trace } = racyTrace(schedule);
      for (const update of findLostUpdates(trace)) {
        const parts = partsAround(trace.length, stepsOfLostUpdate(trace, update), most);
        const shown = new Set(parts.flatMap(({ from, to }) => Array.from({ length: to - from }, (_, i) => from + i)));
        expect(shown.size).toBeLessThanOrEqual(most + 5);
        for (const index of [update.load, update.store, update.lost.at(-1)!]) expect(shown.has(index)).toBe(true);
        expect(parts.every((part, i) => part.from < part.to && (i === 0 || part.from > parts[i - 1].to))).toBe(true);
      }
    }));
  });
});

import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { type AxisUse, makeAxis } from "../../lib/plot/axes.ts";

const ticks = (values: readonly number[], log: false | 2 | 10, use: AxisUse = "y"): readonly number[] =>
  makeAxis({ title: "time", log }, values, use).ticks;

describe("ticks", () => {
  it("of a linear axis are multiples of 1, 2 or 5", () => {
    expect(ticks([0.3], false)).toEqual([0, 0.05, 0.1, 0.15, 0.2, 0.25, 0.3]);
    expect(ticks([13], false)).toEqual([0, 2, 4, 6, 8, 10, 12]);
    expect(ticks([1, 16], false, "x")).toEqual([2, 4, 6, 8, 10, 12, 14, 16]);
  });

  it("of base 2 are powers of two, or the places themselves where they are few", () => {
    expect(ticks([1, 128], 2)).toEqual([1, 2, 4, 8, 16, 32, 64, 128]);
    expect(ticks([1, 2 ** 20], 2)).toEqual([0, 2, 4, 6, 8, 10, 12, 14, 16, 18, 20].map((n) => 2 ** n));
    expect(ticks([1, 2, 3, 12], 2, "x")).toEqual([1, 2, 3, 12]);
  });

  it("of base 10 are powers of ten, with 2 and 5 between where they are few, and linear ones within a decade", () => {
    expect(ticks([1, 1000], 10)).toEqual([1, 10, 100, 1000]);
    expect(ticks([1, 1e12], 10)).toEqual([1, 1e2, 1e4, 1e6, 1e8, 1e10, 1e12]);
    expect(ticks([1.05, 462], 10)).toEqual([2, 5, 10, 20, 50, 100, 200]);
    expect(ticks([10, 46], 10)).toEqual([10, 20, 30, 40]);
    expect(ticks([50, 56], 10)).toEqual([10, 20, 50, 100]);
  });

  it("are at least two, rise, and lie on the axis, at their labels' values", () => {
    const ends = fc.tuple(fc.integer({ min: -3, max: 9 }), fc.double({ min: 1, max: 10, noNaN: true }));
    const decades = fc.double({ min: 0.01, max: 8, noNaN: true });
    fc.assert(
      fc.property(
        ends,
        decades,
        fc.constantFrom<false | 2 | 10>(false, 2, 10),
        fc.constantFrom<AxisUse>("x", "y", "bars"),
        ([exponent, digits], decades, log, use) => {
          const from = digits * 10 ** exponent, to = from * 10 ** decades;
          const axis = makeAxis({ title: "time", log, format: String }, [from, to], use),
            places = axis.ticks.map(axis.place);
          expect(axis.ticks.length).toBeGreaterThanOrEqual(2);
          expect(axis.ticks.length).toBeLessThanOrEqual(13);
          expect(axis.labels.map(Number)).toEqual(axis.ticks);
          expect(places).toEqual([...places].sort((a, b) => a - b));
          expect(places[0]).toBeGreaterThanOrEqual(0);
          expect(places.at(-1)).toBeLessThanOrEqual(1);
          expect(axis.place(axis.domain[0])).toBe(0);
          expect(axis.place(axis.domain[1])).toBeCloseTo(1, 12);
        },
      ),
      { numRuns: 2000, seed: 20261129 },
    );
  });
});

/** Shards of a sweep, merged in any order, are exactly the sweep in one go. */
import { describe, expect, it } from "vitest";
import { mergeSweeps, parseShard, sweep, type SweepOptions } from "../../lib/sweeps/seed_grid.ts";
import { bpf } from "../../lib/compile/bpf.ts";

const racy = await bpf`int counter; SEC("raw_tp") int count(void *ctx) { counter += 1; return 0; }`;

describe("merged shards equal one run", () => {
  const cases: SweepOptions[] = [
    { cpus: [1, 2, 3], invocations: [2, 5], seeds: [1, 10] },
    { cpus: [2], invocations: [3], seeds: [7, 8], scheduler: "pct" },
    { cpus: [1, 2], invocations: [1, 2], how: "explore" },
  ];
  for (const options of cases) {
    for (const count of [1, 2, 3, 7]) {
      it(`${options.how ?? "simulate"}, ${count} shards`, async () => {
        const whole = await sweep(racy, options);
        const parts = [];
        for (let index = 1; index <= count; index++) {
          parts.unshift(await sweep(racy, { ...options, shard: { index, count } }));
        }
        const merged = mergeSweeps(JSON.parse(JSON.stringify(parts)));
        expect(merged).toEqual(JSON.parse(JSON.stringify(whole)));
      });
    }
  }
});

it("half of a merge says which half", async () => {
  const options = { cpus: [2], invocations: [1], seeds: [1, 9] } as const;
  const parts = await Promise.all([1, 3].map((index) => sweep(racy, { ...options, shard: { index, count: 3 } })));
  const merged = mergeSweeps(parts);
  expect(merged.shards).toEqual([1, 3]);
  expect(merged.points[0].runs).toBe(6);
  expect(() => mergeSweeps([...parts, parts[0]])).toThrow(/twice/);
  const other = await sweep(racy, { ...options, seeds: [1, 8], shard: { index: 2, count: 3 } });
  expect(() => mergeSweeps([...parts, other])).toThrow(/different/);
});

it("reads i/n", () => {
  expect(parseShard("2/8")).toEqual({ index: 2, count: 8 });
  for (const text of ["0/4", "5/4", "1", "a/b"]) expect(() => parseShard(text)).toThrow(RangeError);
});

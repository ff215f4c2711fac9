/** Damaged and mixed-up shards are refused by the file's name; none merges into a result that no sweep gives. */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { mergeSweeps, sweep } from "../../lib/sweeps/seed_grid.ts";
import { openSweep, sealSweep } from "../../lib/sweeps/shard_file.ts";
import { bpf } from "../../lib/compile/bpf.ts";

const racy = await bpf`int counter; SEC("raw_tp") int count(void *ctx) { counter += 1; return 0; }`;
const atomic = await bpf`
int counter;
SEC("raw_tp") int count(void *ctx) { __sync_fetch_and_add(&counter, 1); return 0; }
`;
const options = { cpus: [1, 2], invocations: [3], seeds: [1, 8] } as const;
const shards = await Promise.all([1, 2].map((index) => sweep(racy, { ...options, shard: { index, count: 2 } })));
const texts = shards.map(sealSweep);

describe("shard files", () => {
  it("come back as they were written, and merge into the whole", async () => {
    const merged = mergeSweeps(texts.map((text, i) => openSweep(text, `${i}.json`)));
    expect(merged).toEqual(JSON.parse(JSON.stringify(await sweep(racy, options))));
  });

  it("one changed, lost or added character is told with the file's name", () => {
    const at = fc.integer({ min: 0, max: texts[0].length - 1 });
    const damage = fc.tuple(
      at,
      fc.constantFrom("replace", "delete", "insert", "cut"),
      fc.string({ minLength: 1, maxLength: 1 }),
    );
    fc.assert(
      fc.property(damage, ([where, how, character]) => {
        const text = texts[0];
        const damaged = how === "cut"
          ? text.slice(0, where)
          : text.slice(0, where) + (how === "delete" ? "" : character) + text.slice(where + (how === "insert" ? 0 : 1));
        let opened: unknown;
        try {
          opened = openSweep(damaged, "part 1.json");
        } catch (error) {
          expect(error).toBeInstanceOf(RangeError);
          expect((error as Error).message).toMatch(/^part 1\.json: /);
          return;
        }
        expect(opened).toEqual(
          JSON.parse(texts[0], (key, value) => key === "format" || key === "digest" ? undefined : value),
        );
      }),
      { numRuns: 3000 },
    );
  });

  it("what is no shard, or of another version, is told so", () => {
    for (const text of ["null", "[]", "3", '"a"', "{}", '{"format": 1}']) {
      expect(() => openSweep(text, "x.json")).toThrow(/^x\.json: this is no shard of a sweep/);
    }
    expect(() => openSweep(texts[0].replace("sweep 2", "sweep 1"), "x.json")).toThrow(/run the shard again/);
  });

  it("shards of another listing or of other seeds do not merge", async () => {
    const shard = { index: 2, count: 2 };
    const others = [
      await sweep(atomic, { ...options, shard }),
      await sweep(racy, { ...options, seeds: [1, 9], shard }),
    ];
    expect(() => mergeSweeps([shards[0], others[0]])).toThrow(/different sweeps: listing is/);
    expect(() => mergeSweeps([shards[0], others[1]])).toThrow(/different sweeps: seeds is 1,9/);
  });

  it("a grid that would never end, and seeds the wrong way round, are refused", async () => {
    await expect(sweep(racy, { ...options, seeds: [1, 2 ** 40] })).rejects.toThrow(/at most 100000000/);
    await expect(sweep(racy, { ...options, seeds: [9, 1] })).rejects.toThrow(/above the last/);
  });
});

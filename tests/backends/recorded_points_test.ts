/** What was recorded, as points of figures: nothing is left out without a word, and nothing stands for another thing. */
import { describe, expect, it } from "vitest";
import { figures, recordedCall, recordedCosts, recordedKernel, recordedLosses, recordedTears } from "../../lib/mod.ts";

/** The lines of a figure's text twin, below its caption. */
const tableOf = ({ text }: { text: string }) => text.slice(text.indexOf("\n\n") + 2).split("\n");

describe("recorded points", () => {
  it("are the medians and ranges of the data file, for every number of CPUs", () => {
    const kernel = recordedKernel();
    const own = kernel.operations.filter(({ id }) => id === "lock_array");
    expect(recordedCosts({ lock_array: "spin_lock" }).map(({ cpus, ns, low, high }) => [cpus, ns, low, high]))
      .toEqual(own.map(({ cpus, nsPerOp: { median, min, max } }) => [cpus, median, min, max]));
  });

  it("have shares from 0 to 1 with the range around the median", () => {
    for (const { lost, low, high } of recordedLosses("between load and store")) {
      expect(low).toBeLessThanOrEqual(lost);
      expect(high).toBeGreaterThanOrEqual(lost);
      expect(high).toBeLessThan(1);
    }
  });

  it("name what there is, where something else was asked for", () => {
    expect(() => recordedTears(128)).toThrow("no value of 128 bytes was recorded: 64, 256, 1024, 4096 were");
    expect(() => recordedCosts({ atomic: "atomic" })).toThrow(/no operation "atomic".*atomic_add/);
    expect(() => recordedCall("open")).toThrow(/no call "open".*lookup array 64B/);
  });
});

describe("the chapters' figures", () => {
  it("show torn reads of every map, held and not, in the order of the maps", () => {
    const text = tableOf(figures.tears(256)).slice(2).map((line) => line.split(/ {2,}/)[0]);
    expect(text.filter((line) => line.endsWith("pointer held")).length).toBeGreaterThan(2);
    expect(text[0]).toBe("array");
  });

  it("draw techniques that lose nothing as one line", () => {
    const point = (technique: "racy" | "atomic" | "per_cpu" | "copy_update", cpus: number, lost: number) => ({
      technique,
      cpus,
      lost,
      ns: 1,
      on: "a machine",
      bytes: 0,
      perSecond: 1,
      shares: [1],
      transfersPerOp: 0,
      waiting: { medianNs: 0, p99Ns: 0 } as never,
    });
    const points = [1, 2].flatMap((cpus) => [
      point("racy", cpus, cpus === 1 ? 0 : 0.5),
      point("copy_update", cpus, cpus === 1 ? 0 : 0.4),
      point("atomic", cpus, 0),
      point("per_cpu", cpus, 0),
    ]);
    const figure = figures.lostByCpus(points);
    expect(tableOf(figure)[0]).toContain("atomic, per-CPU");
    expect(figure.caption).toContain("At 2 CPUs a plain increment loses 50 %, copy and update 40 %; 2 of 4 nothing");
  });
});

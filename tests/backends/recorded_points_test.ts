/** What was recorded, as points of figures: nothing is left out without a word, and nothing stands for another thing. */
import { describe, expect, it } from "vitest";
import {
  figures,
  recordedCall,
  recordedCosts,
  recordedKernel,
  recordedLosses,
  recordedLossesOf,
  recordedTears,
} from "../../lib/mod.ts";

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
    let on = "a machine";
    const point = (technique: "racy" | "atomic" | "per_cpu" | "copy_update", cpus: number, lost: number) => ({
      technique,
      cpus,
      lost,
      ns: 1,
      on,
      bytes: 0,
      perSecond: 1,
      shares: [1],
      transfersPerOp: 0,
      waiting: { medianNs: 0, p99Ns: 0 } as never,
    });
    const pointsAt = (...counts: number[]) =>
      counts.flatMap((cpus) => [
        point("racy", cpus, cpus === 1 ? 0 : 0.5),
        point("copy_update", cpus, cpus === 1 ? 0 : 0.4),
        point("atomic", cpus, 0),
        point("per_cpu", cpus, 0),
      ]);
    const figure = figures.lostByCpus(pointsAt(1, 2));
    expect(tableOf(figure)[0]).toContain("atomic, per-CPU");
    expect(figure.caption).toContain(
      "Updates lost at 2 CPUs: plain increment 50 %, copy and update 40 %; 2 of 4 techniques lose nothing",
    );
    expect(figure.caption).not.toContain("recorded");
    // On the machine that was recorded the points lie over the lines, and the ground beyond them is the model's.
    on = "xeon-kvm";
    const over = figures.lostByCpus(pointsAt(1, 2, 4)), [head, , , two] = tableOf(over);
    expect(head).toContain("recorded");
    expect(over.caption).toContain("recorded on kernel 6.18");
    expect(two).toContain("49");
    expect(JSON.stringify(over)).toContain("model only");
    expect(JSON.stringify(figures.lostByCpus(pointsAt(1, 2)))).not.toContain("model only");
  });

  it("have the lost updates of an operation beside its cost", () => {
    const [one, two, ...rest] = recordedLossesOf({ racy_global: "racy" });
    expect([one.cpus, one.lost, two.cpus, rest]).toEqual([1, 0, 2, []]);
    expect(two.low <= two.lost && two.lost <= two.high && two.high < 0.6).toBe(true);
    expect(() => recordedLossesOf({ nop: "racy" })).toThrow(/nop/);
  });
});

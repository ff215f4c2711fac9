/** The chapters' own figures under the changes that readers make: a true sentence, or an error that says what to do. */
import { describe, expect, it } from "vitest";
import { simulate } from "../../lib/backends/simulator.ts";
import { recordedCosts } from "../../lib/backends/recorded/points.ts";
import { bpf } from "../../lib/compile/bpf.ts";
import { figures } from "../../lib/lessons/figures.ts";
import { plot } from "../../lib/plot/mod.ts";
import { explore } from "../../lib/search/explore.ts";
import type { CostCurvePoint } from "../../lib/sweeps/cost_curve.ts";
import type { Technique } from "../../lib/plot/mod.ts";

const point = (technique: Technique, cpus: number, lost = 0, on = "xeon-kvm"): CostCurvePoint<Technique> => ({
  kind: "simulated",
  technique,
  on,
  cpus,
  ns: 10 * cpus,
  perSecond: 1e8,
  waiting: { medianNs: 1, p99Ns: 2 },
  shares: Array(cpus).fill(1 / cpus),
  lost,
} as unknown as CostCurvePoint<Technique>);

describe("a figure of a chapter", () => {
  it("names the work of each side where the two differ", () => {
    const run = (place: "between" | "after", work: number, lost: number) => ({ place, work, lost, on: "2 CPUs" });
    const runs = [run("between", 100, 0.5), run("between", 10, 0.4), run("after", 700, 0.05)];
    expect(figures.lostByWork(runs).caption).toContain(
      "100 private instructions between load and store: 50 % lost; 700 after the store: 5 %",
    );
    expect(figures.lostByWork([run("between", 101, 0.5), run("after", 100, 0.1)]).caption).toContain(
      "101 private instructions between load and store: 50 % lost; after the store: 10 %",
    );
    expect(figures.lostByWork(runs).caption).toMatch(/recorded on 2 CPUs, kernel/);
  });
  it("says that nothing was read, instead of a share that is no number", () => {
    const run = { writer: "write_locked", reader: "read_locked", reads: 0, torn: 0, on: "2 CPUs" };
    expect(() => figures.tornByLock([run])).toThrow(/write_locked, read_locked: no value was read.*prepare/);
    expect(figures.tornByLock([{ ...run, reads: 4 }]).caption).not.toContain("One forgets");
  });
  it("shows what was simulated beside what was recorded", () => {
    const locked = { writer: "write_locked", reader: "read_locked", reads: 100, torn: 0, on: "xeon-kvm" };
    const forgets = { ...locked, reader: "read_plain", torn: 3 };
    const byLock = figures.tornByLock([locked, forgets]);
    expect(byLock.caption).toMatch(/One forgets: up to 3 %.*Simulated: xeon-kvm; recorded on kernel 6\.18/);
    expect(byLock.text).toMatch(/write_locked, read_plain +3\.0 % +simulated\n.*1\.4 % \[.*\] +recorded/);

    const struck = figures.nesting([{ window: 10, interrupts: 50, lost: 10, on: "xeon-kvm" }]);
    expect(struck.text).toMatch(/10 instructions in the window +200 +simulated\n.*208 \[.*\] +recorded/);
    expect(figures.nesting().text).not.toContain("simulated");

    const tear = { held: true, reads: 400, on: "xeon-kvm" };
    const tears = figures.tears(64, [{ ...tear, map: "array", torn: 4 }, { ...tear, map: "LRU hash", torn: 0 }]);
    expect(tears.text).toMatch(/array, pointer held +10,000 +simulated\n/);
    expect(tears.caption).toContain("none in 400 simulated reads: LRU hash, pointer held");
    expect(tears.caption).not.toContain("far off");
    const apart = figures.tears(64, [
      { ...tear, map: "hash, BPF_F_NO_PREALLOC", torn: 12 },
      { ...tear, map: "array", torn: 0 },
      { ...tear, held: false, map: "LRU hash", reads: 200, torn: 0 },
    ]);
    expect(apart.caption).toContain("none in 200 to 400 simulated reads: array, pointer held; LRU hash");
    expect(apart.caption).toContain(
      "the model is far off, and why is not known: hash, BPF_F_NO_PREALLOC, pointer held; array",
    );

    const read = { name: "batch", skew: 8, keys: 4, on: "xeon-kvm" };
    const skew = figures.skew([read, { ...read, name: "swap, then walk", skew: 1 }]);
    expect(skew.text).toMatch(/batch +8 +\(4 keys, simulated\)\nbatch +6 \[.*\] +\(1,024 keys, recorded\)/);

    const barriers = figures.barriers([{ way: "fetch", ns: 7, on: "xeon-kvm" }]);
    expect(barriers.text).toMatch(/atomic add with fetch +7 +simulated\n.*recorded/);

    const timed = figures.timeByWork([{ technique: "atomic", work: 10, ns: 50, on: "xeon-kvm" }]);
    expect(timed.text).toMatch(/atomic add \(simulated\)/);

    const swap = figures.mapInMapCost([{ technique: "user", ns: 1.5, on: "xeon-kvm" }]);
    expect(swap.text).toMatch(/look-up, array +1\.5 ns +simulated\n/);
    expect(swap.caption).toContain("it predicts no swap");
    expect(figures.mapInMapCost().caption).not.toContain("predicts");
  });
  it("tells which litmus tests a real x86 ends out of order, whatever was simulated", () => {
    const run = (test: "SB" | "MP", weak: number) => ({ test, weak, runs: 100, on: "x86" });
    const figure = figures.weakEndings([run("SB", 0), run("MP", 7)]);
    expect(figure.caption).toMatch(/^Out of order on a real x86, of 2 tests: store buffering\./);
    expect(figure.text).toMatch(/message passing +7\.0 % +simulated\nmessage passing +0 % +kernel, recorded/);
  });
  it("refuses a kind of map that it has no memory of, and a point that is not there", () => {
    expect(() => figures.memory(["percpu_hash" as "hash"], 8)).toThrow(
      /"percpu_hash"; there are percpu_array, array, hash/,
    );
    expect(() => figures.published("skylake" as "epyc-milan")).toThrow(/"skylake"; there are xeon-8176 and epyc-milan/);
    expect(() => figures.waiting([point("atomic", 2), point("atomic", 16)], 8)).toThrow(
      "no point of atomic at 8 CPUs: there are atomic at 2, 16 CPUs",
    );
  });
  it("tells of the techniques that it is given, whichever they are", () => {
    const points = [point("atomic", 2), point("per_cpu", 2), point("copy_update", 2, 0.4)];
    expect(figures.lostByCpus(points).caption).toContain(
      "Updates lost at 2 CPUs: copy and update 40 %; 2 of 3 techniques lose nothing",
    );
    expect(figures.throughput([point("atomic", 2)]).caption).not.toContain("NaN");
  });
  it("does not judge one machine's model by another machine", () => {
    const recorded = recordedCosts({ atomic_add: "atomic" });
    const own = figures.predictedAndMeasured([point("atomic", 1), point("atomic", 2)], recorded).caption;
    expect(own).toMatch(/^Median error/);
    const other = [point("atomic", 1, 0, "epyc-milan"), point("atomic", 2, 0, "epyc-milan")];
    expect(figures.predictedAndMeasured(other, recorded).caption).toMatch(/^Two machines, not an error of the model/);
    expect(plot.costAgainstCpus([...other, ...recorded]).caption).toContain("another machine than the lines");
    expect(plot.costAgainstCpus([point("atomic", 1), ...recorded]).caption).toContain("The model is off by");
    expect(() => figures.predictedAndMeasured([point("atomic", 4)], recorded)).toThrow(/measured at 1 and 2 CPUs/);
  });
  it("calls a counter that loses nothing by no technique", async () => {
    const atomic =
      await bpf`int counter; SEC("raw_tp") int count(void *ctx) { __sync_fetch_and_add(&counter, 1); return 0; }`;
    const run = await simulate(atomic, { cpus: 2, invocations: 10, seed: 1 });
    expect(plot.lostAgainstCpus([run]).caption).toMatch(/^This counter loses nothing/);
  });
  it("tells of CPUs where their store buffers wrote, and of a witness that loses nothing", async () => {
    const two = await bpf`
volatile int counter, second;
SEC("raw_tp") int count(void *ctx) { counter += 1; second += 1; return 0; }`;
    const lost = await explore(two, { cpus: 2, invocations: 1 });
    expect(plot.timeline(lost.witness!).caption).toMatch(/^An update of \w+ by CPU \d is lost: CPU \d reads before it/);
    const exact =
      await bpf`int counter; SEC("raw_tp") int count(void *ctx) { __sync_fetch_and_add(&counter, 1); return 0; }`;
    const broken = await explore(exact, { cpus: 2, invocations: 1, holds: () => false });
    expect(plot.timeline(broken.witness!).caption).toMatch(/^The steps that lead to this ending/);
    const run = await simulate(exact, { cpus: 2, invocations: 1, seed: 1 });
    expect(plot.timeline(run).caption).toMatch(/^No update is lost in these steps/);
  });
  it("takes no text for the value of a map of numbers, and says which map it is", async () => {
    const percpu = await bpf`
struct { __uint(type, BPF_MAP_TYPE_PERCPU_ARRAY); __type(key, int); __type(value, long); __uint(max_entries, 1); } hits SEC(".maps");
SEC("raw_tp") int count(void *ctx) { int key = 0; long *v = bpf_map_lookup_elem(&hits, &key); if (v) *v += 1; return 0; }`;
    const writes = simulate(percpu, {
      cpus: 1,
      invocations: 1,
      user: [{
        name: "writer",
        *body(user) {
          yield* user.update("hits", 0, "2100");
        },
      }],
    });
    await expect(writes).rejects.toThrow(/value of hits: a text, "2100", where an array with a value for each CPU/);
  });
});

/** "Lost" is what was overwritten unseen, no more: by the figure, by the end, by the trace. */
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { simulate } from "../../lib/backends/simulator.ts";
import { threadsAvailable } from "../../lib/backends/threads/available.ts";
import { threads } from "../../lib/backends/threads/run.ts";
import { bpf } from "../../lib/compile/bpf.ts";
import { Machine } from "../../lib/machine/machine.ts";
import { OverwrittenUpdates } from "../../lib/machine/overwritten.ts";
import { Tracer } from "../../lib/machine/trace.ts";
import { findLostUpdates } from "../../lib/report/lost_update.ts";
import { runRandom } from "../../lib/schedulers/run_random.ts";
import { planTasks } from "../../lib/workload/plan.ts";
import type { UserApi } from "../../lib/maps/user_space.ts";
import { resultText } from "../../lib/report/text.ts";

const object = await bpf.file(fileURLToPath(new URL("./lost.bpf.c", import.meta.url)));
const ALL = ["racy", "racy_by_three", "atomic", "flag", "trylock", "packet", "timed", "sampled", "evicting"];
const SCHEDULERS = ["random", "round_robin", "pct", "clock"] as const;
const SEEDS = [1, 2, 3, 4, 5];

describe("an update that is overwritten unseen is lost", () => {
  for (const scheduler of SCHEDULERS) {
    it(`as many as the trace shows, and as the counter falls short (${scheduler})`, async () => {
      let lost = 0;
      for (const seed of SEEDS) {
        for (const cpus of [1, 2, 3, 5]) {
          const runs = cpus * 40, options = { cpus, invocations: 40, seed, scheduler };
          const run = await simulate(object, { ...options, programs: ["racy"] });
          const seen = findLostUpdates(run.trace()).reduce((sum, update) => sum + update.lost.length, 0);
          expect([run.lost * runs, seen]).toEqual(
            [runs - Number(run.final.racy_total), seen].map((n) => expect.closeTo(n)),
          );
          expect(runs - Number(run.final.racy_total)).toBe(seen);
          lost += seen;
        }
      }
      expect(lost > 0).toBe(true);
    });
  }

  it("as the trace shows it, of every variable, whatever the program", () => {
    for (const prog of [...ALL, "set_after_look"]) {
      for (const seed of SEEDS) {
        const machine = new Machine(planTasks(object, { programs: [prog], cpus: 3, invocations: 20 }));
        const updates = new OverwrittenUpdates(machine), tracer = new Tracer(machine, { from: 0, to: Infinity });
        runRandom(machine, seed, { steps: 10_000 }, (task) => {
          updates.beforeStep(task);
          tracer.beforeStep(task);
        });
        const counted: Record<string, number> = {}, seen: Record<string, number> = {};
        for (const [name, { count }] of updates.finish()) if (count > 0) counted[name] = count;
        for (const { target, store, lost } of findLostUpdates(tracer.finish())) {
          if (tracer.steps[store].touches === "data") seen[target] = (seen[target] ?? 0) + lost.length;
        }
        expect([prog, counted]).toEqual([prog, seen]);
      }
    }
  });

  it("by its weight where updates add different amounts", async () => {
    const run = await simulate(object, {
      programs: ["racy", "racy_by_three"],
      cpus: 2,
      invocations: 50,
      preempt: "full",
    });
    expect(run.lost).toBeCloseTo((400 - Number(run.final.racy_total)) / 400);
    expect(run.lost).toBeGreaterThan(0);
  });

  it("in a run too long to be looked at step by step, too", async () => {
    const runs = 2 * 501_000,
      run = await simulate(object, { programs: ["racy"], cpus: 2, invocations: runs / 2 });
    expect([run.steps > 2_000_000, run.lost]).toEqual([
      true,
      expect.closeTo((runs - Number(run.final.racy_total)) / runs),
    ]);
  });

  it("under a profile, whose stores wait in store buffers", async () => {
    const lostOf = async (prog: string) =>
      (await simulate(object, { programs: [prog], cpus: 3, invocations: 300, profile: "xeon-kvm" })).lost;
    expect(await lostOf("racy")).toBeGreaterThan(0.1);
    for (const prog of ["atomic", "trylock", "flag", "packet", "timed", "evicting"]) {
      expect([prog, await lostOf(prog)]).toEqual([prog, 0]);
    }
  });
});

describe("nothing is lost", () => {
  it("by one CPU alone, whatever it runs", async () => {
    for (const prog of ALL) {
      for (const seed of SEEDS) {
        const run = await simulate(object, { programs: [prog], cpus: 1, invocations: 200, seed });
        expect([prog, run.lost]).toEqual([prog, 0]);
      }
    }
  });

  it("by programs that take turns on one CPU", async () => {
    const run = await simulate(object, { programs: ALL, cpus: 1, invocations: 60 });
    expect(run.lost).toBe(0);
  });

  it("by atomic operations, under any scheduler", async () => {
    for (const scheduler of SCHEDULERS) {
      for (const seed of SEEDS) {
        const run = await simulate(object, { programs: ["atomic"], cpus: 4, invocations: 50, seed, scheduler });
        expect([run.lost, run.final.exact_total]).toEqual([0, 200n]);
      }
    }
  });

  const differs: [string, string[], string | undefined][] = [
    ["a clock and a CPU's number", ["timed"], "last_cpu, latency[0]@cpu0, ..."],
    ["which entries a full LRU map has evicted", ["evicting"], "recent"],
    ["an update that was never made, its lock being taken", ["trylock"], undefined],
  ];
  for (const [what, programs, named] of differs) {
    it(`by ${what}`, async () => {
      let different = 0;
      for (const seed of SEEDS) {
        const run = await simulate(object, { programs, cpus: 2, invocations: 100, seed });
        expect([seed, run.lost]).toEqual([seed, 0]);
        if (!run.anomaly) continue;
        different++;
        expect(resultText(run)).toContain("Nothing lost, but the end differs from the serial order 0, 1, 2, ...");
        if (named) expect(run.orderDependent.some((name) => name.startsWith(named.split(/[,[]/)[0]))).toBe(true);
      }
      expect(different).toBeGreaterThan(0);
    });
  }

  it("by a switch that is thrown half-way: its counters depend on the order", async () => {
    const programs = [{ prog: "enable", cpus: [0], invocations: 1 }, { prog: "packet", cpus: [1], invocations: 10 }];
    const run = await simulate(object, { programs, seed: 3 });
    expect([run.lost, run.anomaly, run.orderDependent]).toEqual([0, true, ["handled", "passed"]]);
    expect(resultText(run)).toContain("(handled, passed depend on the order of runs, a clock or random numbers).");
  });

  it("by random numbers that fall differently", async () => {
    const run = await simulate(object, { programs: ["sampled"], cpus: 2, invocations: 300 });
    expect(run.lost).toBe(0);
  });

  it("by a plain store of what is there already", async () => {
    const run = await simulate(object, { programs: ["flag"], cpus: 4, invocations: 50 });
    expect([run.lost, run.anomaly]).toEqual([0, false]);
  });
});

describe("what a run says that it covered", () => {
  it("is the whole run, or the first steps of a long one, as the report says", async () => {
    const short = await simulate(object, { programs: ["trylock"], cpus: 2, invocations: 50 });
    expect(short.coverage).toMatchObject({ branches: { ran: 4, all: 4 }, linesNeverRun: [] });
    expect(resultText(short)).toContain("Coverage, over this run:");
    const long = await simulate(object, { programs: ["trylock"], cpus: 2, invocations: 10_000 });
    expect([long.steps > 20_000, long.coverage.steps]).toEqual([true, 20_000]);
    expect(resultText(long)).toContain("Coverage, over the first 20,000 steps of this run:");
    const alone = await simulate(object, { programs: ["trylock"], cpus: 1, invocations: 50 });
    expect(alone.coverage.branches).toEqual({ ran: 2, all: 4 });
  });
});

describe("without a trace", () => {
  const available = threadsAvailable();
  const onThreads = available.available ? it : it.skip;
  onThreads("only what every serial order brings to the same value counts", async () => {
    const programs = [{ prog: "enable", cpus: [0] }, { prog: "packet", cpus: [1] }];
    const run = await threads(object, { cpus: 2, programs, repeats: 3, durationMs: 2 });
    expect([run.lost, run.orderDependent]).toEqual([0, ["handled", "passed"]]);
    expect((await threads(object, { cpus: 2, programs: ["racy"], repeats: 3, durationMs: 5 })).lost)
      .toBeGreaterThan(0);
  });
});

describe("copies of a hash map's values", () => {
  it("is counted of a hash map's value in place, also where the store is the last thing that a run does", async () => {
    const inPlace = await bpf`
struct { __uint(type, BPF_MAP_TYPE_HASH); __uint(max_entries, 8); __type(key, int); __type(value, long); }
counts SEC(".maps");
long shared, other;
SEC("raw_tp") int add(void *ctx) {
	int key = 1;
	long *value = bpf_map_lookup_elem(&counts, &key);
	if (value) *value += 1;
	return 0;
}
SEC("raw_tp") int buffered(void *ctx) { *(volatile long *)&other = 1; shared += *(volatile long *)&other; return 0; }`;
    const prepare = function* (user: UserApi) {
      yield* user.update("counts", 1, 5n);
    };
    for (const profile of [undefined, "xeon-kvm"]) {
      const run = await simulate(inPlace, { programs: ["add"], invocations: 50, prepare, seed: 3, profile });
      const short = 105 - Number(run.final["counts[1]"]);
      expect([profile, run.initial["counts[1]"], short > 0, Math.round(run.lost * 100)]).toEqual([
        profile,
        5n,
        true,
        short,
      ]);
      const waits = await simulate(inPlace, { programs: ["buffered"], invocations: 50, seed: 3, profile });
      const less = 100 - Number(waits.final.shared);
      expect([profile, Math.round(waits.lost * 100)]).toEqual([profile, less]);
      if (!profile) expect([less > 0, waits.memory.text]).toEqual([true, expect.stringMatching(/^x86/)]);
    }
  });

  it("that overwrite one another are lost, whatever element they are in", async () => {
    const counters = await bpf`
struct { __uint(type, BPF_MAP_TYPE_HASH); __uint(max_entries, 8); __type(key, int); __type(value, long); }
counts SEC(".maps");
SEC("raw_tp") int copy(void *ctx) {
	int key = 1;
	long copied, *value = bpf_map_lookup_elem(&counts, &key);
	if (!value) return 0;
	copied = *value + 1;
	bpf_map_update_elem(&counts, &key, &copied, BPF_ANY);
	return 0;
}`;
    const prepare = function* (user: UserApi) {
      yield* user.update("counts", 1, 0n);
    };
    for (const cpus of [1, 2, 3]) {
      for (const profile of [undefined, "xeon-kvm"]) {
        const run = await simulate(counters, { cpus, invocations: 50, prepare, seed: 3, profile });
        const short = 1 - Number(run.final["counts[1]"]) / (50 * cpus);
        expect(run.lost).toBeLessThanOrEqual(short + 1e-9);
        // A run that misses the key while it is replaced adds nothing, which no other overwrote.
        if (cpus === 1) expect([run.lost, short]).toEqual([0, 0]);
        else expect(run.lost).toBeGreaterThan(short / 2);
      }
    }
  });
});

import { describe, expect, it } from "vitest";
import fc from "fast-check";
import { simulate } from "../../lib/backends/simulator.ts";
import { bpf } from "../../lib/compile/bpf.ts";
import type { Profile } from "../../lib/cost/profile.ts";
import { profileNamed } from "../../lib/cost/profiles.ts";
import { costCurve } from "../../lib/sweeps/cost_curve.ts";
import { TimedMachine } from "../../lib/cost/timed_run.ts";
import type { Timing } from "../../lib/report/result.ts";
import { planTasks } from "../../lib/workload/plan.ts";
import { counters } from "./counters.ts";

const xeon = profileNamed("xeon-kvm");
const path = (name: string) => decodeURIComponent(new URL(`./progs/${name}`, import.meta.url).pathname);
const operations = await bpf.file(path("operations.bpf.c")), work = await bpf.file(path("private_work.bpf.c"));

const time = (program: string, cpus: number, profile: Profile = xeon, invocations = 300, seed = 1): Timing => {
  const object = operations.programs.some(({ name }) => name === program) ? operations : counters;
  return new TimedMachine(planTasks(object, { cpus, invocations, programs: [program] }), {}, profile, seed).run();
};

describe("values stay exact under a profile", () => {
  const exact = ["atomic_add", "cas_loop", "atomic_hash", "lock_array", "lock_hash", "doc_listing2", "aom_atomic"];
  for (const program of exact) {
    it(`${program}: nothing is lost on any number of CPUs`, async () => {
      for (const cpus of [1, 2, 5]) {
        const run = await simulate(operations, {
          cpus,
          invocations: 60,
          programs: [program],
          profile: xeon,
          seed: cpus,
        });
        expect(run.fault).toBeUndefined();
        // A key that is missing is put in by a first run that does not count.
        expect(run.lost).toBeLessThanOrEqual(cpus / (60 * cpus));
      }
    });
  }

  it("a racy counter loses some, and never ends above the serial value or below one CPU's share", () => {
    fc.assert(
      fc.property(fc.integer({ min: 2, max: 6 }), fc.integer({ min: 1, max: 1000 }), (cpus, seed) => {
        const options = { cpus, invocations: 400, programs: ["racy"] };
        const timed = new TimedMachine(planTasks(counters, options), {}, xeon, seed);
        timed.run();
        const final = Number(timed.machine.kernel.values().counter);
        expect(final).toBeLessThan(400 * cpus);
        expect(final).toBeGreaterThanOrEqual(400);
      }),
      { numRuns: 20 },
    );
  });

  it("one CPU ends where a run without a clock ends", async () => {
    for (const { name } of operations.programs) {
      const options = { cpus: 1, invocations: 20, programs: [name] };
      const timed = await simulate(operations, { ...options, profile: xeon }),
        plain = await simulate(operations, options);
      expect([name, timed.final]).toEqual([name, plain.final]);
    }
  });

  it("total store order: stores may wait behind loads, but are seen in order", async () => {
    const litmus = await bpf`
volatile struct { __u64 x, pad_x[15], y, pad_y[15], round_0, pad[15], round_1; } v;
volatile __u64 old_y[256], old_x[256];
volatile __u64 flag, data, wrong;
SEC("raw_tp") int store_x_load_y(void *ctx)
{
	__u64 k = v.round_0 + 1;
	v.round_0 = k;
	v.x = k;
	old_y[k & 255] = v.y < k;
	return 0;
}
SEC("raw_tp") int store_y_load_x(void *ctx)
{
	__u64 k = v.round_1 + 1;
	v.round_1 = k;
	v.y = k;
	old_x[k & 255] = v.x < k;
	return 0;
}
SEC("raw_tp") int send(void *ctx) { data += 1; flag = data; return 0; }
SEC("raw_tp") int receive(void *ctx) { __u64 f = flag; if (data < f) wrong += 1; return 0; }
`;
    // In one round both CPUs see the other's old value: not possible one operation after another.
    const bothOld = async (options: { profile?: Profile; memory?: "sc"; seed: number }) => {
      const programs = [{ prog: "store_x_load_y", cpus: [0] }, { prog: "store_y_load_x", cpus: [1] }];
      const { final } = await simulate(litmus, { programs, cpus: 2, invocations: 200, ...options });
      return Array.from({ length: 200 }, (_, i) => i + 1)
        .filter((k) => final[`old_y[${k}]`] === 1n && final[`old_x[${k}]`] === 1n).length;
    };
    let seen = 0, untimed = 0;
    for (let seed = 1; seed <= 12; seed++) {
      seen += await bothOld({ profile: xeon, seed });
      untimed += await bothOld({ seed });
      expect(await bothOld({ memory: "sc", seed })).toBe(0);
    }
    expect([seen > 0, untimed > 0]).toEqual([true, true]);
    for (let seed = 1; seed <= 10; seed++) {
      const programs = [{ prog: "send", cpus: [0] }, { prog: "receive", cpus: [1, 2] }];
      const { final } = await simulate(litmus, { programs, cpus: 3, invocations: 200, profile: xeon, seed });
      expect(final.wrong).toBe(0n);
    }
  });
});

describe("what the model must say", () => {
  it("the same seed gives the same run; another seed another one", () => {
    expect(time("atomic", 4)).toEqual(time("atomic", 4));
    expect(time("atomic", 4, xeon, 300, 2).nsPerOp).not.toBe(time("atomic", 4).nsPerOp);
  });

  it("more CPUs never make a contended atomic cheaper", () => {
    for (const name of ["xeon-kvm", "xeon-8176", "epyc-milan", "skylake", "graviton2"]) {
      const costs = [1, 2, 4, 8, 16, 32].map((cpus) => time("atomic", cpus, profileNamed(name), 150).nsPerOp);
      expect([name, costs]).toEqual([name, [...costs].sort((a, b) => a - b)]);
    }
  });

  it("per-CPU counters and reading do not notice other CPUs", () => {
    for (const program of ["per_cpu_array", "per_cpu_hash", "read", "array_lookup_only", "hash_lookup_only"]) {
      const [one, many] = [1, 16].map((cpus) => time(program, cpus, xeon, 1500).nsPerOp);
      expect(many / one).toBeLessThan(1.1);
    }
  });

  it("false sharing follows from the layout alone", async () => {
    const pair = async (a: string, b: string) => {
      const programs = [{ prog: a, cpus: [0] }, { prog: b, cpus: [1] }];
      return (await simulate(counters, { programs, cpus: 2, invocations: 400, profile: xeon })).nsPerOp!;
    };
    const close = await pair("close_a", "close_b"), apart = await pair("apart_a", "apart_b");
    expect(close).toBeGreaterThan(4 * apart);
    expect(Math.abs(apart / time("atomic", 1).nsPerOp - 1)).toBeLessThan(0.1);
  });

  it("private work between increments makes losses rare", () => {
    const lost = (program: string) => {
      const timed = new TimedMachine(planTasks(work, { cpus: 2, invocations: 1500, programs: [program] }), {}, xeon, 1);
      timed.run();
      return 1 - Number(timed.machine.kernel.values().counter) / 3000;
    };
    expect(lost("after10")).toBeGreaterThan(0.4);
    expect(lost("after1000")).toBeLessThan(0.1);
    expect(lost("between1000")).toBeGreaterThan(0.4);
  });

  it("a lock is shared out evenly, and waiting grows with the number of CPUs", () => {
    const four = time("lock_array", 4, xeon, 400), eight = time("lock_array", 8, xeon, 400);
    for (const { share } of four.cpus) expect(Math.abs(share - 0.25)).toBeLessThan(0.06);
    expect(eight.waiting.medianNs).toBeGreaterThan(four.waiting.medianNs);
    expect(eight.waiting.p99Ns).toBeGreaterThanOrEqual(eight.waiting.medianNs);
    expect(eight.perSecond).toBeLessThan(time("per_cpu_array", 8).perSecond);
  });
});

describe("a reader who changes a number sees what they expect", () => {
  const scaled = (profile: Partial<Profile>): Profile => ({ ...xeon, ...profile });
  const lines = { ...xeon.transferNs, sameGroup: 4 * xeon.transferNs.sameGroup };
  const slowWork = (work: Partial<Profile["work"]>) => scaled({ work: { ...xeon.work, ...work } });
  const cases: [string, Profile, string, number, number, number][] = [
    // what, profile, program, CPUs, least and greatest factor on the cost
    ["lines that travel four times as long: contended atomics", scaled({ transferNs: lines }), "atomic", 4, 2.5, 4.5],
    [
      "lines that travel four times as long: nothing for one CPU",
      scaled({ transferNs: lines }),
      "atomic",
      1,
      0.99,
      1.01,
    ],
    [
      "lines that travel four times as long: nothing for per-CPU",
      scaled({ transferNs: lines }),
      "per_cpu_array",
      8,
      0.95,
      1.05,
    ],
    ["slower atomics", scaled({ atomicNs: 50 }), "atomic", 1, 6, 8],
    ["slower instructions", scaled({ insnNs: 4 * xeon.insnNs }), "array_lookup_only", 1, 1.1, 4],
    ["a smaller store buffer: racy counters wait", scaled({ storeBuffer: 12 }), "racy", 2, 2, 10],
    ["a smaller store buffer: nothing for one CPU", scaled({ storeBuffer: 12 }), "racy", 1, 0.99, 1.01],
    ["slower interrupt masking: locks", slowWork({ irqsave: 20, irqrestore: 20 }), "lock_array", 1, 1.8, 3.5],
    [
      "slower interrupt masking: nothing for atomics",
      slowWork({ irqsave: 20, irqrestore: 20 }),
      "atomic",
      1,
      0.99,
      1.01,
    ],
    ["slower hashing", slowWork({ hash: 50 }), "hash_lookup_only", 1, 4, 8],
    ["slower helpers", slowWork({ helper: 30 }), "helper_prandom", 1, 5, 10],
  ];
  for (const [what, profile, program, cpus, least, greatest] of cases) {
    it(what, () => {
      const factor = time(program, cpus, profile).nsPerOp / time(program, cpus).nsPerOp;
      expect(factor).toBeGreaterThanOrEqual(least);
      expect(factor).toBeLessThanOrEqual(greatest);
    });
  }

  it("system calls, reading of per-CPU maps and grace periods cost what the profile says", async () => {
    const object = await bpf`
struct { __uint(type, BPF_MAP_TYPE_PERCPU_ARRAY); __type(key, int); __type(value, long); __uint(max_entries, 1); } slots SEC(".maps");
SEC("raw_tp") int count(void *ctx) { int key = 0; long *v = bpf_map_lookup_elem(&slots, &key); if (v) *v += 1; return 0; }
`;
    const readers = (cpus: number, profile: Profile) => {
      const user = [{
        name: "reader",
        *body(user: import("../../lib/maps/user_space.ts").UserApi) {
          for (let i = 0; i < 10; i++) yield* user.lookup("slots", 0);
          return 0n;
        },
      }];
      const timed = new TimedMachine(planTasks(object, { cpus, invocations: 1, user }), {}, profile, 1);
      timed.run();
      expect(timed.machine.fault).toBeUndefined();
      return timed.source.nowNs;
    };
    const slow = slowWork({ syscall: 1000 });
    expect(readers(1, slow) - readers(1, xeon)).toBeGreaterThan(8 * (1000 - xeon.work.syscall));
    expect(readers(64, xeon)).toBeGreaterThan(readers(1, xeon));
  });
});

describe("simulate with a profile", () => {
  it("tells time, and traces with times that rise on each CPU", async () => {
    const run = await simulate(counters, { cpus: 2, invocations: 50, programs: ["racy"], profile: "xeon-kvm" });
    expect(run.how).toContain("at the pace of xeon-kvm");
    expect(run.nsPerOp).toBe(run.timing!.nsPerOp);
    const trace = run.trace();
    expect(trace.length).toBeGreaterThan(150);
    for (const cpu of [0, 1]) {
      const times = trace.filter((step) => step.cpu === cpu).map((step) => step.timeNs!);
      expect(times).toEqual([...times].sort((a, b) => a - b));
    }
    const stores = trace.filter((step) => step.kind === "store");
    expect(stores.every((step) => step.after! > 0n)).toBe(true);
    expect(() => run.schedule()).toThrow("has no schedule");
  });

  it("refuses a scheduler beside a profile, and a profile that is none", async () => {
    const options = { cpus: 2, invocations: 1, programs: ["racy"] };
    await expect(simulate(counters, { ...options, profile: xeon, scheduler: "random" })).rejects.toThrow(
      "leave `scheduler` out",
    );
    await expect(simulate(counters, { ...options, profile: "z80" })).rejects.toThrow("no profile is called z80");
    await expect(simulate(counters, { ...options, profile: { ...xeon, holdNs: -1 } })).rejects.toThrow("holdNs is -1");
  });

  it("stops a run that takes too many operations", async () => {
    const run = await simulate(counters, {
      cpus: 2,
      invocations: 1000,
      programs: ["racy"],
      profile: xeon,
      limits: { steps: 100 },
    });
    expect(run.fault?.message).toContain("stopped after");
  });
});

describe("costCurve", () => {
  it("gives a point for each technique and number of CPUs, the same with and without workers", async () => {
    const techniques = [
      { technique: "atomic", object: counters, program: "atomic" },
      { name: "mine", object: counters, program: "racy", bytes: 8 },
    ];
    const ticks: number[] = [];
    const options = { cpus: [1, 4], operations: 200, lost: true };
    const here = await costCurve(techniques, { ...options, workers: 1, progress: (done) => void ticks.push(done) });
    expect(here.map(({ technique, name, cpus }) => [technique ?? name, cpus])).toEqual([
      ["atomic", 1],
      ["atomic", 4],
      ["mine", 1],
      ["mine", 4],
    ]);
    expect(ticks).toEqual([1, 2, 3, 4]);
    expect(here[3].lost).toBeGreaterThan(0.3);
    expect(here[1].lost).toBe(0);
    expect(here[0].on).toBe("xeon-kvm");
    if (typeof Worker !== "undefined") expect(await costCurve(techniques, { ...options, workers: 2 })).toEqual(here);
  });
});

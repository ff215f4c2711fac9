import { describe, expect, it } from "vitest";
import fc from "fast-check";
import { lockHelpers } from "../../lib/bpf_helpers/kernel.ts";
import { bpf } from "../../lib/compile/bpf.ts";
import { withNumber } from "../../lib/cost/fit.ts";
import { checkProfile, type Profile } from "../../lib/cost/profile.ts";
import { profileNamed, PROFILES } from "../../lib/cost/profiles.ts";
import { TimedMachine } from "../../lib/cost/timed_run.ts";
import { ticketLock } from "../../lib/locks/ticket_lock.ts";
import { planTasks } from "../../lib/workload/plan.ts";

/* What a reader expects who changes one number of a profile. */
const object = await bpf.file(decodeURIComponent(new URL("./progs/operations.bpf.c", import.meta.url).pathname));
const work = await bpf.file(decodeURIComponent(new URL("./progs/private_work.bpf.c", import.meta.url).pathname));

const cost = (program: string, cpus: number, profile: Profile, invocations = 400): number => {
  const from = work.programs.some(({ name }) => name === program) ? work : object;
  return new TimedMachine(planTasks(from, { cpus, invocations, programs: [program] }), {}, profile, 1).run().nsPerOp;
};
const multiplied = (profile: Profile, name: string, factor: number): Profile => {
  const value = name.split(".").reduce<unknown>((at, key) => (at as Record<string, unknown>)[key], profile) as number;
  return withNumber(profile, { name, least: 0, most: Infinity }, value * factor);
};
/** Every time of the core and of its kernel work, but none of lines. */
const withClock = (profile: Profile, factor: number): Profile => {
  const core = ["insnNs", "retireNs", "loadNs", "forwardNs", "forwardAwayNs", "commitNs", "drainNs", "drainSameLineNs"];
  const rest = ["atomicNs", "atomicRestartNs", "mispredictNs", "disturbanceNs"];
  const kernel = Object.entries(profile.work).filter(([, value]) => typeof value === "number");
  const names = [...core, ...rest, ...kernel.map(([name]) => `work.${name}`)];
  return names.reduce((changed, name) => multiplied(changed, name, factor), profile);
};

const contended = ["atomic_add", "cas_loop", "lock_array", "racy_hash", "atomic_hash"];
const alone = [
  "racy_global",
  "atomic_add",
  "cas_loop",
  "lock_array",
  "hash_lookup_only",
  "copy_update_u64",
  "after100",
];
const anyProfile = fc.constantFrom(...PROFILES), anyFactor = fc.double({ min: 1.5, max: 4, noNaN: true });
const runs = { numRuns: 15, seed: 20261122 };

describe("one number of a profile", () => {
  it("transferNs: lines that travel longer never make a contended operation cheaper, nor change one CPU's", () => {
    fc.assert(
      fc.property(
        anyProfile,
        fc.constantFrom(...contended),
        fc.constantFrom(2, 3, 8),
        anyFactor,
        (name, what, cpus, factor) => {
          const profile = profileNamed(name),
            slower = {
              ...profile,
              transferNs: {
                sameCore: factor * profile.transferNs.sameCore,
                sameGroup: factor * profile.transferNs.sameGroup,
                otherGroup: factor * profile.transferNs.otherGroup,
                otherSocket: factor * profile.transferNs.otherSocket,
              },
            };
          expect(cost(what, cpus, slower)).toBeGreaterThan(cost(what, cpus, profile));
          // the same but for rounding
          expect(cost(what, 1, slower) / cost(what, 1, profile)).toBeCloseTo(1, 12);
        },
      ),
      runs,
    );
  });

  it("twice the transfer, at most twice the cost", () => {
    for (const name of PROFILES) {
      const profile = profileNamed(name), { sameGroup } = profile.transferNs;
      const slower = { ...profile, transferNs: { ...profile.transferNs, sameGroup: 2 * sameGroup } };
      const factor = cost("atomic_add", 4, slower) / cost("atomic_add", 4, profile);
      expect([name, factor > 1.2 && factor < 2.1]).toEqual([name, true]);
    }
  });

  it("storeBuffer: a larger one never makes contended plain stores dearer, and one CPU never notices", () => {
    fc.assert(
      fc.property(anyProfile, fc.integer({ min: 24, max: 60 }), fc.integer({ min: 1, max: 60 }), (name, size, more) => {
        const small = { ...profileNamed(name), storeBuffer: size }, large = { ...small, storeBuffer: size + more };
        // The random spread of the two runs is not the same.
        expect(cost("straight0", 4, large, 20)).toBeLessThan(1.1 * cost("straight0", 4, small, 20));
        expect(Math.abs(cost("straight0", 1, large, 20) / cost("straight0", 1, small, 20) - 1)).toBeLessThan(0.05);
      }),
      runs,
    );
    const xeon = profileNamed("xeon-kvm");
    const half = cost("straight0", 4, { ...xeon, storeBuffer: 36 }, 60) / cost("straight0", 4, xeon, 60);
    expect(half).toBeGreaterThan(1.2);
    expect(half).toBeLessThan(2.4);
  });

  it("the clock: a core twice as fast halves what one CPU takes, and leaves transfers as they are", () => {
    const xeon = profileNamed("xeon-kvm");
    for (const what of alone) {
      const factor = cost(what, 1, withClock(xeon, 0.5)) / cost(what, 1, xeon);
      expect([what, factor > 0.48 && factor < 0.52]).toEqual([what, true]);
    }
    expect(cost("atomic_add", 4, withClock(xeon, 0.5)) / cost("atomic_add", 4, xeon)).toBeGreaterThan(0.55);
  });

  it("atomicNs: a slower atomic never makes an operation cheaper that uses one, and leaves others alone", () => {
    fc.assert(
      fc.property(
        anyProfile,
        fc.constantFrom("atomic_add", "cas_loop", "lock_array"),
        anyFactor,
        (name, what, factor) => {
          const profile = profileNamed(name), slower = multiplied(profile, "atomicNs", factor);
          expect(cost(what, 1, slower)).toBeGreaterThan(cost(what, 1, profile));
          for (const other of ["racy_global", "per_cpu_hash", "hash_lookup_only"]) {
            expect(cost(other, 1, slower) / cost(other, 1, profile)).toBeCloseTo(1, 1);
          }
        },
      ),
      runs,
    );
  });

  it("holdNs: the longer a core may keep a line, the more of its operations share one transfer", () => {
    const xeon = profileNamed("xeon-kvm");
    const transfers = (holdNs: number) =>
      new TimedMachine(planTasks(object, { cpus: 4, invocations: 400, programs: ["atomic_add"] }), {}, {
        ...xeon,
        holdNs,
      }, 1)
        .run().transfersPerOp;
    const perOp = [0, 10, 30, 100, 300].map(transfers);
    expect(perOp).toEqual([...perOp].sort((a, b) => b - a));
    expect(perOp[0]).toBeGreaterThan(0.9);
    expect(perOp[4]).toBeLessThan(0.05);
  });

  it("copyNs: copies that keep a line busy make spinning readers dear, the more of them the dearer", () => {
    const graviton = profileNamed("graviton2"), models = lockHelpers(ticketLock);
    const times = (cpus: number) => {
      const [busy, free] = [graviton.copyNs, 0].map((copyNs) =>
        new TimedMachine(planTasks(object, { cpus, invocations: 100, programs: ["lock_array"] }), { models }, {
          ...graviton,
          copyNs,
        }, 1)
          .run().nsPerOp
      );
      return busy / free;
    };
    expect(times(1)).toBe(1);
    expect(times(4)).toBeGreaterThan(1.1);
    expect(times(16)).toBeGreaterThan(2 * times(4));
  });

  it("loadTakesOwnership: where a load only brings a copy, writing after reading takes a second transfer", () => {
    const skylake = profileNamed("skylake"), migrates = { ...skylake, loadTakesOwnership: true };
    expect(cost("cas_loop", 2, skylake)).toBeGreaterThan(cost("cas_loop", 2, migrates));
    expect(cost("atomic_add", 2, skylake)).toBe(cost("atomic_add", 2, migrates));
  });

  it("forwardAwayNs: counts only while other CPUs have the line", () => {
    const xeon = profileNamed("xeon-8176"), fast = { ...xeon, forwardAwayNs: 0 };
    expect(cost("straight0", 1, xeon, 30)).toBe(cost("straight0", 1, fast, 30));
    expect(cost("straight0", 2, xeon, 60) / cost("straight0", 2, fast, 60)).toBeGreaterThan(1.5);
  });
});

describe("more CPUs", () => {
  it("no operation gets cheaper with more CPUs on one line, however many the machine has", () => {
    const many = [1, 2, 4, 8, 16, 32, 64];
    for (const name of PROFILES) {
      for (const what of ["racy_global", "atomic_add", "cas_loop", "copy_update_u64"]) {
        // Plain stores have to fill the store buffer; a map operation is twenty steps.
        const least = what === "copy_update_u64" ? 30 : 150;
        const costs = many.map((cpus) => cost(what, cpus, profileNamed(name), Math.max(least, Math.ceil(1000 / cpus))));
        for (let i = 1; i < many.length; i++) {
          // Plain stores on few CPUs cost what they cost on one.
          expect([name, what, many[i], costs[i] > 0.97 * costs[i - 1]]).toEqual([name, what, many[i], true]);
        }
      }
    }
  });

  it("in one group of cores, twice the CPUs take about twice as long", () => {
    const xeon = profileNamed("xeon-kvm");
    for (const what of ["racy_global", "atomic_add", "copy_update_u64"]) {
      for (const cpus of [8, 16, 32]) {
        const runs = what === "copy_update_u64" ? 50 : 200;
        const factor = cost(what, 2 * cpus, xeon, runs) / cost(what, cpus, xeon, runs);
        expect([what, cpus, factor > 1.8 && factor < 2.2]).toEqual([what, cpus, true]);
      }
    }
  });
});

describe("a number at its bound", () => {
  const bounds = (value: unknown): number[] => typeof value === "number" ? [0, 1e-3, 0.1, 1, 100, 4096, 1e6] : [];
  const paths = (at: object, prefix = ""): string[] =>
    Object.entries(at).flatMap(([key, value]) =>
      typeof value === "number" ? [prefix + key] : typeof value === "object" ? paths(value, `${prefix}${key}.`) : []
    );
  const plain = profileNamed("xeon-kvm");
  const numbers = paths(plain).filter((path) => !path.startsWith("work.helpers"));
  const at = (path: string) =>
    path.split(".").reduce<unknown>((part, key) => (part as Record<string, unknown>)[key], plain);

  for (const path of numbers) {
    it(`${path}: the run ends, with a finite time`, () => {
      let allowed = 0;
      for (const value of bounds(at(path))) {
        const profile = withNumber(plain, { name: path, least: 0, most: Infinity }, value);
        try {
          checkProfile(profile);
        } catch {
          continue;
        }
        allowed++;
        for (const program of ["racy_global", "racy_hash", "lock_array"]) {
          expect(Number.isFinite(cost(program, 2, profile, 20))).toBe(true);
        }
      }
      expect(allowed).toBeGreaterThan(0);
    });
  }
});

/** What a search leaves out must not change what it finds: reductions on and off, kept steps on and off. */
import { fileURLToPath } from "node:url";
import fc from "fast-check";
import { expect, it } from "vitest";
import type { Workload } from "../../lib/workload/workload.ts";
import { bpf } from "../../lib/compile/bpf.ts";
import { Machine } from "../../lib/machine/machine.ts";
import type { UserApi } from "../../lib/maps/user_space.ts";
import { exploreAll, type SearchOptions } from "../../lib/search/all_schedules.ts";
import { outcomeKey } from "../../lib/search/outcome.ts";
import { explore } from "../../lib/search/explore.ts";
import { asymmetry } from "../../lib/search/symmetry.ts";
import { wordPrograms } from "./word_programs.ts";
import { planTasks } from "../../lib/workload/plan.ts";

const object = await bpf.file(fileURLToPath(new URL("./progs/pieces.bpf.c", import.meta.url)));
const PIECES = object.programs.map((program) => program.name);

/** Every distinct end as text, and what the search cost. */
async function endsOf(workload: Workload, options: SearchOptions, of = object) {
  const make = () => new Machine(planTasks(of, workload), { nowNs: () => 1000 });
  const limits = {
    maxStates: 300_000,
    maxDepth: 10_000,
    until: performance.now() + 60_000,
    seconds: 60,
    memoryBytes: 2 ** 30,
  };
  const ends = new Set<string>();
  const cost = await exploreAll(make, limits, options, (end, machine) => {
    const what = end.kind === "done" ? outcomeKey(machine) : "";
    ends.add(
      `${end.kind} ${what} ${machine.fault?.message ?? ""} ${
        end.kind === "deadlock" ? machine.describeDeadlock() : ""
      }`,
    );
  });
  return { ends, ...cost };
}

const PLAIN = { symmetric: false, reduce: false, cached: false };

it("disjoint data and kept steps: the same ends on programs of every kind", async () => {
  const run = fc.record({ prog: fc.constantFrom(...PIECES), invocations: fc.integer({ min: 1, max: 2 }) });
  await fc.assert(
    fc.asyncProperty(fc.array(run, { minLength: 2, maxLength: 3 }), async (runs) => {
      const few = runs.length === 3 ? runs.map(({ prog }) => ({ prog, invocations: 1 })) : runs;
      const programs = few.map((run, cpu) => ({ ...run, cpus: [cpu] }));
      const workload = { cpus: runs.length, programs };
      const all = await endsOf(workload, PLAIN);
      fc.pre(all.bound === undefined);
      const kept = await endsOf(workload, { ...PLAIN, cached: true });
      expect(kept.ends).toEqual(all.ends);
      expect(kept.states).toBe(all.states);
      expect(kept.transitions).toBe(all.transitions);
      for (const cached of [true, false]) {
        const reduced = await endsOf(workload, { ...PLAIN, reduce: true, cached });
        expect(reduced.ends).toEqual(all.ends);
        expect(reduced.states).toBeLessThanOrEqual(all.states);
      }
    }),
    { numRuns: 40, seed: 5 },
  );
});

it("disjoint data: a word that only a rare schedule shares, which no random run shows", async () => {
  const counting = [1, 2, 3, 4, 5, 6].map((to) => ({ set: "y", to }));
  const seen = [1, 2, 3, 4, 5].map((is) => ({ unless: "y", is }));
  const rare = wordPrograms(["x", "y", "r"], {
    a: [...counting, { set: "x", to: 1 }, { set: "r", to: "x" }],
    b: [...seen, { set: "x", to: 5 }],
  });
  const workload = { cpus: 2, invocations: 1, programs: ["a", "b"].map((prog, cpu) => ({ prog, cpus: [cpu] })) };
  const all = await endsOf(workload, PLAIN, rare);
  for (const cached of [true, false]) {
    const reduced = await endsOf(workload, { ...PLAIN, reduce: true, cached }, rare);
    expect(reduced.reduced).toBe(true);
    expect(reduced.states).toBeLessThan(all.states);
    expect(reduced.ends).toEqual(all.ends);
  }
  const { outcomes, complete } = await explore(rare, workload);
  expect(complete).toBe(true);
  // b writes between the two steps of a, before them, after them, or not at all
  const ends = outcomes.map(({ values: { x, r } }) => `x=${x} r=${r}`).sort();
  expect(ends).toEqual(["x=1 r=1", "x=5 r=1", "x=5 r=5"]);
});

it("symmetry: the same outcomes wherever it is claimed", async () => {
  let used = 0;
  for (const prog of PIECES) {
    for (const [cpus, invocations] of [[2, 2], [3, 1]]) {
      const workload = { cpus, programs: [{ prog, invocations }] };
      if (asymmetry(new Machine(planTasks(object, workload)))) continue;
      const all = await endsOf(workload, PLAIN);
      for (const cached of [true, false]) {
        const symmetric = await endsOf(workload, { ...PLAIN, symmetric: true, cached });
        expect(symmetric.ends).toEqual(all.ends);
        expect(symmetric.states).toBeLessThan(all.states);
        const both = await endsOf(workload, { symmetric: true, reduce: true, cached });
        expect(both.ends).toEqual(all.ends);
      }
      used++;
    }
  }
  expect(used).toBeGreaterThan(8);
});

it("a task that runs for ever on data of its own does not keep the others from being looked at", async () => {
  const source = await bpf`
unsigned long own, shared;
SEC("tc") int forever(void *ctx) { while (*(volatile unsigned long *)&own == 0); return 0; }
SEC("tc") int faulty(void *ctx) { shared = 1; return *(volatile int *)0; }
`;
  const workload = {
    cpus: 2,
    programs: [{ prog: "forever", cpus: [0] }, { prog: "faulty", cpus: [1] }],
    invocations: 1,
  };
  const limits = {
    maxStates: 1000,
    maxDepth: 1000,
    until: performance.now() + 10_000,
    seconds: 10,
    memoryBytes: 2 ** 30,
  };
  for (const cached of [true, false]) {
    const kinds: string[] = [];
    const make = () => new Machine(planTasks(source, workload), {});
    await exploreAll(make, limits, { symmetric: false, reduce: true, cached }, (end) => kinds.push(end.kind));
    expect(kinds).toEqual(["fault"]);
  }
});

it("user space and interrupts: the same ends with and without the reductions, which keep away", async () => {
  const workload: Workload = {
    cpus: 1,
    programs: [{ prog: "under_lock", cpus: [0], invocations: 1 }],
    interrupts: [{ prog: "hash_update", cpu: 0, count: 1 }],
    user: [{
      name: "user",
      *body(user: UserApi) {
        yield* user.update("hash", 1, 5);
        return yield* user.lookup("hash", 1);
      },
    }],
  };
  const all = await endsOf(workload, PLAIN);
  const reduced = await endsOf(workload, { symmetric: false, reduce: true });
  expect(reduced.ends).toEqual(all.ends);
  expect(reduced.reduced).toBe(false);
  expect(all.ends.size).toBeGreaterThan(1);
});

/** Every schedule without looking whether a state was seen before; undefined where there are too many. */
function allSchedules(workload: Workload, maxSteps: number): Set<string> | undefined {
  const machine = new Machine(planTasks(object, workload), { nowNs: () => 1000 }), ends = new Set<string>();
  let steps = 0;
  const visit = (): boolean => {
    const enabled = machine.enabled(), before = machine.snapshot();
    if (enabled.length === 0) ends.add(outcomeKey(machine));
    for (const task of enabled) {
      if (++steps > maxSteps) return false;
      machine.step(task);
      if (!visit()) return false;
      machine.restore(before);
    }
    return true;
  };
  return visit() ? ends : undefined;
}

it("fingerprints: the outcomes are those of every schedule, stack, subprograms and callbacks included", async () => {
  let compared = 0;
  for (const first of PIECES) {
    for (const second of PIECES.slice(PIECES.indexOf(first))) {
      const programs = [first, second].map((prog, cpu) => ({ prog, cpus: [cpu], invocations: 1 }));
      const every = allSchedules({ cpus: 2, programs }, 3000);
      if (!every) continue;
      const { ends } = await endsOf({ cpus: 2, programs }, PLAIN);
      expect([...ends].map((end) => end.replace(/^done /, "").trimEnd()).sort()).toEqual(
        [...every].map((end) => end.trimEnd()).sort(),
      );
      compared++;
    }
  }
  expect(compared).toBeGreaterThan(30);
});

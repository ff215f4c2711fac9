/**
 * Contexts in the search: whatever a run ends in, skipped runs included, is among its outcomes; its witnesses replay; and
 * that states are told apart takes nothing away, as every schedule of small workloads without that shows.
 *
 * With more, by hand: `FUZZ_RUNS=5000 deno test -A tests/workload/contexts_search_test.ts`.
 */
import process from "node:process";
import { fileURLToPath } from "node:url";
import { expect, it } from "vitest";
import { bpf } from "../../lib/compile/bpf.ts";
import { Machine } from "../../lib/machine/machine.ts";
import { explore } from "../../lib/search/explore.ts";
import { outcomeKey } from "../../lib/search/outcome.ts";
import { traceSchedule } from "../../lib/search/witness.ts";
import { nextState, seededState } from "../../lib/schedulers/random_numbers.ts";
import { runRandom } from "../../lib/schedulers/run_random.ts";
import { planTasks, WorkloadError } from "../../lib/workload/plan.ts";
import type { Workload } from "../../lib/workload/workload.ts";

const object = await bpf.file(fileURLToPath(new URL("./progs/contexts.bpf.c", import.meta.url)));
const RUNS = Number(process.env.FUZZ_RUNS ?? 60), SEEDS = 30, STATES = 20_000, STEPS = 10_000;

function workloadOf(seed: number): Workload {
  let state = seededState(seed);
  const draw = (n: number) => ((state = nextState(state)) >>> 0) % n;
  const prog = () => object.programs[draw(object.programs.length)].name, cpus = 1 + draw(2);
  return {
    cpus,
    preempt: draw(2) ? "full" : "none",
    programs: Array.from({ length: 1 + draw(2) }, () => ({ prog: prog(), cpus: [draw(cpus)], invocations: 1 })),
    interrupts: Array.from({ length: draw(3) }, () => ({
      prog: prog(),
      cpu: draw(cpus),
      count: 1 + draw(2),
      kind: ([undefined, undefined, "hardirq", "softirq", "nmi", "preemption"] as const)[draw(6)],
    })),
    user: draw(3) ? [] : [{
      name: "agent",
      cpu: draw(cpus),
      *body(user) {
        yield* user.update("one", 0, 1);
      },
    }],
  };
}

const make = (workload: Workload) => new Machine(planTasks(object, workload), { nowNs: () => 1000 });

function endOf(machine: Machine): string {
  if (machine.fault) return `stuck: ${machine.fault.message}`;
  if (machine.tasks.every((task) => machine.isDone(task))) return `done: ${outcomeKey(machine)}`;
  return `stuck: ${machine.describeDeadlock()}`;
}

/** The ends of every schedule, one by one; undefined where there are too many. */
function everyEnd(machine: Machine): Set<string> | undefined {
  const ends = new Set<string>();
  let steps = 0;
  const visit = (): boolean => {
    const enabled = machine.enabled(), before = machine.snapshot();
    if (enabled.length === 0) ends.add(endOf(machine));
    for (const task of enabled) {
      if (++steps > STEPS) return false;
      machine.step(task);
      if (!visit()) return false;
      machine.restore(before);
    }
    return true;
  };
  return visit() ? ends : undefined;
}

it(`outcomes of ${RUNS} random workloads with nested contexts are those that runs end in`, async () => {
  let searched = 0, listed = 0, skipping = 0;
  for (let seed = 1; seed <= RUNS; seed++) {
    const workload = workloadOf(seed), where = `workload ${seed}: ${JSON.stringify(workload)}`;
    try {
      planTasks(object, workload);
    } catch (error) {
      if (!(error instanceof WorkloadError)) throw error;
      continue;
    }
    const found = await explore(object, { ...workload, bounds: { states: STATES, seconds: 20 } });
    for (const { key, witness } of found.outcomes) {
      const machine = make(workload);
      traceSchedule(machine, witness);
      expect({ where, end: endOf(machine) }).toEqual({ where, end: `done: ${key}` });
    }
    if (!found.complete) continue;
    searched++;
    if (found.skipped > 0) skipping++;
    const known = new Set([
      ...found.outcomes.map(({ key }) => `done: ${key}`),
      ...found.stuck.map(({ message }) => `stuck: ${message}`),
    ]);
    const machine = make(workload), first = machine.snapshot();
    for (let schedule = 1; schedule <= SEEDS; schedule++) {
      machine.restore(first);
      machine.steps = 0;
      runRandom(machine, schedule, { steps: STEPS });
      expect({ where, schedule, isKnown: known.has(endOf(machine)) }).toEqual({ where, schedule, isKnown: true });
    }
    const every = everyEnd(make(workload));
    if (every === undefined) continue;
    listed++;
    expect({ where, ends: [...every].sort() }).toEqual({ where, ends: [...known].sort() });
  }
  expect(searched).toBeGreaterThan(RUNS / 4);
  expect(listed).toBeGreaterThan(RUNS / 8);
  expect(skipping).toBeGreaterThan(RUNS / 30);
});

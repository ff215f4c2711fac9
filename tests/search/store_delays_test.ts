/** Stores that go past the buffer because no one could tell: the same outcomes as if every store waited. */
import { fileURLToPath } from "node:url";
import fc from "fast-check";
import { expect, it } from "vitest";
import { bpf } from "../../lib/compile/bpf.ts";
import { Machine } from "../../lib/machine/machine.ts";
import type { BpfObject } from "../../lib/object/bpf_object.ts";
import { exploreAll } from "../../lib/search/all_schedules.ts";
import { outcomeKey } from "../../lib/search/outcome.ts";
import { type Plan, planTasks } from "../../lib/workload/plan.ts";

const listing = async (name: string) =>
  await bpf.file(fileURLToPath(new URL(`./progs/${name}.bpf.c`, import.meta.url)));
const pieces = await listing("pieces"), ordering = await listing("ordering");

async function endsOf(plan: Plan) {
  const make = () => new Machine(plan, { nowNs: () => 1000 });
  const limits = {
    maxStates: 60_000,
    maxDepth: 10_000,
    until: performance.now() + 20_000,
    seconds: 20,
    memoryBytes: 2 ** 30,
  };
  const ends = new Set<string>();
  const cost = await exploreAll(make, limits, { symmetric: false, reduce: false }, (end, machine) => {
    ends.add(`${end.kind} ${end.kind === "done" ? outcomeKey(machine) : machine.fault?.message ?? ""}`);
  });
  return { ends, ...cost };
}

/** Every instruction's stores wait. */
const everywhere = (plan: Plan): Plan => ({
  ...plan,
  delays: new Map(plan.programs.map(({ name, insns }) => [name, insns.map((_, insn) => insn)])),
});

/** Litmus tests that run by the hundred go round a loop too often for a search of everything. */
const few = ({ programs }: BpfObject) => programs.map(({ name }) => name).filter((name) => !name.startsWith("many_"));

for (const [name, object] of Object.entries({ pieces, ordering })) {
  it(`${name}: any two programs, once or twice`, async () => {
    const run = fc.record({ prog: fc.constantFrom(...few(object)), invocations: fc.integer({ min: 1, max: 2 }) });
    await fc.assert(
      fc.asyncProperty(fc.tuple(run, run), async (runs) => {
        const programs = runs.map((one, cpu) => ({ ...one, cpus: [cpu] }));
        const plan = planTasks(object, { cpus: 2, programs });
        const all = await endsOf(everywhere(plan));
        fc.pre(all.bound === undefined);
        const some = await endsOf(plan);
        expect(some.ends).toEqual(all.ends);
        expect(some.states).toBeLessThanOrEqual(all.states);
      }),
      { numRuns: 60 },
    );
  });
}

/** Rows 0.x of the ledger: what the kernel promises about one run, and what it does not. */
import { describe, expect, it } from "vitest";
import { Machine } from "../../lib/machine/machine.ts";
import { TASK } from "../../lib/cpu/layout.ts";
import { BPF_F_LOCK } from "../../lib/uapi/flags.ts";
import { explore } from "../../lib/search/explore.ts";
import { runRandom } from "../../lib/schedulers/run_random.ts";
import { planTasks } from "../../lib/workload/plan.ts";
import { listing, never, on, sometimes } from "./scenarios.ts";

const cpus = await listing("cpus"), locks = await listing("locks");

describe("0.1 one program can be run by every kernel thread at once", () => {
  it("two CPUs stand in the middle of the same program at once", async () => {
    await sometimes(cpus, { programs: ["count"], holds: (values) => values.counter === 2n });
  });

  it("but a tracing program does not nest on itself on one CPU: missed runs are counted", async () => {
    const all = await explore(cpus, {
      cpus: 1,
      programs: [on(0, "count_guarded")],
      interrupts: [{ prog: "count_guarded", cpu: 0 }],
    });
    expect(all.complete).toBe(true);
    // After the run both counted; in the middle of it the interrupt's run was left out, and nothing was lost.
    expect(all.outcomes.map(({ values }) => values.counter).sort()).toEqual([1n, 2n]);
    const missed = new Set<string>();
    for (let seed = 1; seed <= 50; seed++) {
      const machine = new Machine(planTasks(cpus, {
        cpus: 1,
        invocations: 1,
        programs: ["count_guarded"],
        interrupts: [{ prog: "count_guarded", cpu: 0 }],
      }));
      runRandom(machine, seed, { steps: 1000 });
      const counted = machine.kernel.values().counter;
      missed.add(`${counted} counted, ${machine.memory.getU32(machine.tasks[1].record + TASK.missed)} missed`);
    }
    expect([...missed].sort()).toEqual(["1 counted, 1 missed", "2 counted, 0 missed"]);
  });
});

describe("0.2 one invocation stays on one logical CPU", () => {
  it("the CPU's number never changes inside a run, whatever else the CPU does", async () => {
    await never(cpus, {
      cpus: 2,
      preempt: "full",
      programs: [on(0, "stay"), on(1, "stay")],
      interrupts: [{ prog: "count", cpu: 0 }],
      holds: (values) => values.moved === 0n,
    });
  });
});

describe("0.3 shared memory races", () => {
  it("racy += loses updates", async () => {
    await sometimes(cpus, { programs: ["count"], invocations: 2, holds: (values) => values.counter === 4n });
  });
});

describe("0.4 program and user space race as well", () => {
  for (const map of ["la", "lh"]) {
    for (const flags of [0n, BPF_F_LOCK]) {
      it(`${map}: a ${flags ? "BPF_F_LOCK " : ""}lookup and update of another field loses counts made under the lock`, async () => {
        await sometimes(locks, {
          cpus: 1,
          prepare: function* (user) {
            yield* user.update(map, 0, { a: 1, b: 1 });
          },
          programs: [on(0, `count_${map}`, 2)],
          user: [{
            name: "writer",
            *body(user) {
              const value = yield* user.lookup(map, 0, flags);
              yield* user.update(map, 0, { ...value, a: 5, b: 5 }, flags);
            },
          }],
          holds: (values) => values[`${map}[0].count`] === 2n,
        });
      });
    }
  }
});

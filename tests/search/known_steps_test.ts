/** A step that a search has seen is taken again as the machine takes it, whatever kernel model it is in. */
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { UnsupportedError } from "../../lib/bpf_helpers/gaps.ts";
import { bpf } from "../../lib/compile/bpf.ts";
import type { Machine } from "../../lib/machine/machine.ts";
import type { UserApi } from "../../lib/maps/user_space.ts";
import type { BpfObject } from "../../lib/object/bpf_object.ts";
import { SeededRandom } from "../../lib/schedulers/random_numbers.ts";
import { searchedMachine } from "../../lib/search/explore.ts";
import { SearchState } from "../../lib/search/state.ts";
import { RefusedError } from "../../lib/workload/admission.ts";
import { plan } from "../../lib/workload/plan.ts";
import type { Workload } from "../../lib/workload/workload.ts";
import { listing } from "../kernel_models/scenarios.ts";

const STEPS = 250;

/** What can be seen of a state: its fingerprints, who can go on, what is shared. */
function seen(machine: Machine, state: SearchState) {
  const { a, b, sharedA, sharedB, sameCall } = state;
  return {
    ...{ a, b, sharedA, sharedB, sameCall },
    enabled: machine.enabled().map((move) => [move, machine.alternatives(move), { ...machine.pending(move), op: 0 }]),
    shared: machine.kernel.stateKey(),
    fault: machine.fault?.message,
    printed: machine.printed.map(({ text }) => text),
    returned: machine.tasks.map(({ returned }) => returned),
  };
}

/** Walks back and forth through the states of a workload, on a machine that takes every step and on one that repeats. */
function walk(object: BpfObject, workload: Workload, seed: number, symmetric = false): void {
  const planned = plan(object, workload, "explore"), random = new SeededRandom(seed);
  const [every, repeating] = [false, true].map((repeats) => {
    const machine = searchedMachine(planned, {});
    return { machine, state: new SearchState(machine, symmetric, repeats) };
  });
  for (let step = 0; step < STEPS; step++) {
    const enabled = every.machine.enabled();
    // Back more often than not at an end, else now and then and far: most steps are then known.
    if (enabled.length === 0 || random.below(40) === 0) {
      for (let back = random.below(every.state.depth + 1); back > 0; back--) {
        every.state.back();
        repeating.state.back();
      }
    } else {
      const move = enabled[random.below(enabled.length)], alternatives = every.machine.alternatives(move);
      const alternative = alternatives === 0 ? 0 : 1 + random.below(alternatives);
      every.state.step(move, alternative);
      repeating.state.step(move, alternative);
    }
    expect(seen(repeating.machine, repeating.state)).toEqual(seen(every.machine, every.state));
  }
  expect(repeating.state.isPure).toBe(true);
}

/** Whether a program can be run by itself, up to its first steps. */
function isAccepted(object: BpfObject, workload: Workload): boolean {
  try {
    searchedMachine(plan(object, workload, "explore"), {});
    return true;
  } catch (error) {
    if (error instanceof RefusedError || error instanceof UnsupportedError) return false;
    throw error;
  }
}

describe("a step that was seen", () => {
  for (
    const name of [
      "arena",
      "atomics",
      "cpumasks",
      "cpus",
      "dynptrs",
      "exceptions",
      "helpers",
      "lifetime",
      "locks",
      "nested",
      "own_objects",
      "packets",
      "res_locks",
      "tail_calls",
    ]
  ) {
    it(`is the same step: programs of ${name}.bpf.c`, async () => {
      const object = await listing(name);
      for (const [seed, { name: prog }] of object.programs.entries()) {
        const workload: Workload = { programs: [prog], cpus: 2, invocations: 2, memory: seed % 2 ? "sc" : undefined };
        if (isAccepted(object, workload)) walk(object, workload, seed);
      }
    });
  }

  it("is the same step of tasks that are taken for one another", async () => {
    const object = await bpf.file(fileURLToPath(new URL("../../notebooks/progs/race.bpf.c", import.meta.url)));
    for (const seed of [1, 2, 3]) walk(object, { cpus: 3, invocations: 2 }, seed, true);
  });

  it("is the same step of user space, which waits for grace periods", async () => {
    const object = await listing("nested");
    const swapper = {
      name: "swapper",
      *body(user: UserApi) {
        yield* user.update("turns_hp", 0, 5n);
        yield* user.swapInner("outer", 0, "back");
        return yield* user.lookup("front", 0);
      },
    };
    const programs = ["rotate_outer"], options = { cpus: 2, invocations: 2, programs, user: [swapper] };
    for (const seed of [1, 2, 3, 4]) walk(object, options, seed);
  });
});

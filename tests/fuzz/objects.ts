/**
 * Damaged object files through reading, linking, verifying and simulating.
 *
 * Whatever the file is: it is refused with a message for its reader, or it runs within the limits that it was given.
 */
import { Machine } from "../../lib/machine/machine.ts";
import { loadObject } from "../../lib/object/load.ts";
import { runRandom } from "../../lib/schedulers/run_random.ts";
import type { SeededRandom } from "../../lib/schedulers/random_numbers.ts";
import { verify } from "../../lib/verifier/verify.ts";
import { planTasks } from "../../lib/workload/plan.ts";
import { shippedObjects } from "./byte_code.ts";
import { mutate } from "./mutate.ts";
import { isRefusal } from "./refusals.ts";

const LIMITS = { steps: 300, insnsPerStep: 20_000 };

export type ObjectFate = "refused" | "ran" | "faulted";

export class ObjectFuzzer {
  readonly #seeds = shippedObjects();

  damaged(random: SeededRandom): Uint8Array {
    const pick = () => this.#seeds[random.below(this.#seeds.length)];
    return mutate(pick(), pick(), random, 1);
  }

  /** @throws Error when anything but a refusal or a proper run comes of it */
  run(bytes: Uint8Array): ObjectFate {
    try {
      const object = loadObject(bytes, "damaged");
      let fate: ObjectFate = "ran";
      for (const { name } of object.programs.slice(0, 2)) {
        verify(object, { program: name });
        const machine = new Machine(planTasks(object, { programs: [name], cpus: 2, invocations: 2, limits: LIMITS }));
        runRandom(machine, 1, LIMITS);
        machine.kernel.values();
        if (machine.fault) fate = "faulted";
      }
      return fate;
    } catch (error) {
      if (isRefusal(error)) return "refused";
      throw error;
    }
  }
}

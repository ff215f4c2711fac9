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

/** Words of the engine's own RangeErrors: the project's say what was wrong with the file. */
const ENGINE_WORDS = /call stack|array length|array buffer|outside the bounds|out of memory|BigInt/i;

/** An error that speaks to a reader; a TypeError or a trap would be a fault of the project itself. */
function isRefusal(error: unknown): boolean {
  if (!(error instanceof Error)) return false;
  if (error instanceof RangeError) return !ENGINE_WORDS.test(error.message);
  return ![TypeError, ReferenceError, SyntaxError, WebAssembly.RuntimeError, WebAssembly.CompileError]
    .some((kind) => error instanceof kind);
}

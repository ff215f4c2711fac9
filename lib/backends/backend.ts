/** The one interface behind the three machines. */
import type { BpfObject } from "../object/bpf_object.ts";
import type { Result } from "../report/result.ts";
import type { Measured, MeasureOptions } from "./measure.ts";
import type { SimulateOptions } from "./simulate_options.ts";

/** Whether a machine can be used here; if not, why, and the command or step that would help. */
export type Availability =
  | { readonly available: true }
  | { readonly available: false; readonly reason: string; readonly remedy: string };

/** Why a machine cannot be used and what helps, in words; only for one that is not available. */
export const whyNot = (availability: Availability): string =>
  availability.available ? "" : `${availability.reason}. What helps: ${availability.remedy}`;

/** A workload, with what single machines want to know: the simulator its seed, real machines how long to measure. */
export type RunOptions = SimulateOptions & MeasureOptions;

/** A machine that runs a workload: the simulator, the threads of this computer, the running kernel. */
export interface Backend {
  readonly name: Result["machine"];
  available(): Availability;
  /**
   * Runs a workload and gives back everything it took: threads, programs, maps and file descriptors, also after an
   * error.
   *
   * @throws BackendError when the machine is not available or cannot run this workload
   */
  run(object: BpfObject, options: RunOptions): Promise<Result | Measured>;
}

/** Litmus tests on a machine as a reader asks for them; measure.ts runs them. */
import type { LitmusReport } from "../../search/litmus/litmus.ts";
import type { LitmusFile } from "../../search/litmus/litmus_file.ts";
import type { AxiomaticModel } from "../../search/memory_model/model.ts";

/** Where a litmus test runs, how often, and what it is compared with. */
export interface LitmusOnOptions {
  /** `linux`: the running kernel; `threads`: WebAssembly on threads of this computer. */
  readonly on: "linux" | "threads";
  /** The model that outcomes are compared with. Default `bpf`. */
  readonly memory?: AxiomaticModel["name"];
  /** How often the test runs, about. Default 200,000. */
  readonly times?: number;
  /** When to stop before that. Default 5. */
  readonly seconds?: number;
  /** Told now and then how much is done, 0 to 1. */
  readonly onProgress?: (share: number) => void | Promise<void>;
}

/** A final state, and how often runs ended in it. */
export interface MeasuredState {
  /** The state as herd7 writes it: `0:r0=1; x=2;`. */
  readonly state: string;
  /** Runs that ended in it. */
  readonly count: number;
  /** Whether what stands behind the quantifier holds. */
  readonly holds: boolean;
  /** Whether the model allows it. */
  readonly allowed: boolean;
}

/** What `litmusOn` measured. */
export interface MeasuredLitmus {
  /** The report as text, for `show`. */
  toBundle(): object;
  /** The test, as it was read. */
  readonly file: LitmusFile;
  /** Where it ran, in words. */
  readonly on: string;
  /** Runs in all. */
  readonly runs: number;
  /** Every state that a run ended in. */
  readonly states: readonly MeasuredState[];
  /** What the model says of the same test. */
  readonly model: LitmusReport;
  /** States that the model allows and that no run ended in. */
  readonly unseen: readonly string[];
  /** States that a run ended in although the model does not allow them: a failure. */
  readonly outside: readonly string[];
}

/**
 * Runs a litmus test many times on a machine: threads from a common start line, a cell of memory for each turn, cells
 * at several distances and in several orders.
 *
 * @param test text of a litmus file, or one that was read
 * @returns how often runs ended in each state, and what the model says of it; `show` prints its report
 * @throws BackendError where the machine cannot run it, with the reason
 *
 * @example
 * ```ts
 * import { litmusOn } from "interleave";
 * const test = `BPF coherence
 * { 0:r1=x; }
 * P0 ;
 * *(u32 *)(r1 + 0) = 1 ;
 * r2 = *(u32 *)(r1 + 0) ;
 * exists (0:r2=0)`;
 * const { outside, runs } = await litmusOn(test, { on: "threads", times: 2048 });
 * if (outside.length > 0 || runs < 2048) throw new Error("a thread sees its own store");
 * ```
 */
export async function litmusOn(test: string | LitmusFile, options: LitmusOnOptions): Promise<MeasuredLitmus> {
  // Loaded by whoever asks for it: most chapters never do.
  const { measure } = await import("./measure.ts");
  return await measure(test, options);
}

/** Litmus tests as a reader asks for them; judge.ts answers. */
import type { WeakWitness } from "../memory_model/explain.ts";
import type { AxiomaticModel } from "../memory_model/model.ts";
import type { TriedRepair } from "../memory_model/repair.ts";
import type { Bounds } from "../exploration.ts";
import type { LitmusFile } from "./litmus_file.ts";
import type { LitmusResult } from "./run.ts";

/** Under which model a litmus test is judged, and when to stop. */
export interface LitmusOptions {
  /** Default `bpf`: what holds on every machine that the kernel runs on. */
  readonly memory?: AxiomaticModel["name"];
  /** Where to stop; what is not finished then is reported as unknown. */
  readonly bounds?: Bounds;
  /** Off: no witness and no repairs. */
  readonly explain?: boolean;
}

/** What `litmus` found. */
export interface LitmusReport extends LitmusResult {
  /** The report as text, for `show`. */
  toBundle(): object;
  /** Name of the memory model. */
  readonly model: AxiomaticModel["name"];
  /** The model in words. */
  readonly under: string;
  /** How the test's condition comes to hold (with `forall`: to fail), where sequential consistency forbids that. */
  readonly witness?: WeakWitness;
  /** What was tried against it. */
  readonly repairs?: readonly TriedRepair[];
}

/**
 * Every final state of a litmus test under a memory model; how what sequential consistency forbids comes about, and what
 * mends it.
 *
 * @param test text of a litmus file in herd7's BPF dialect, or one that was read
 * @returns herd7's states, observation and number of executions; `show` prints its report
 * @throws LitmusError for a file that cannot be read
 * @throws ModelRefusal for one that only sequential consistency can judge
 *
 * @example
 * ```ts
 * import { litmus } from "interleave";
 * const test = `BPF SB
 * { 0:r1=x; 0:r2=y; 1:r1=x; 1:r2=y; }
 * P0 | P1 ;
 * *(u32 *)(r1 + 0) = 1 | *(u32 *)(r2 + 0) = 1 ;
 * r3 = *(u32 *)(r2 + 0) | r3 = *(u32 *)(r1 + 0) ;
 * exists (0:r3=0 /\\ 1:r3=0)`;
 * const [sc, x86] = [await litmus(test, { memory: "sc" }), await litmus(test, { memory: "x86" })];
 * if (sc.observation !== "Never" || x86.observation !== "Sometimes") throw new Error("stores wait in store buffers");
 * ```
 */
export async function litmus(test: string | LitmusFile, options: LitmusOptions = {}): Promise<LitmusReport> {
  // Loaded by whoever asks for it: most chapters never do.
  const { judge } = await import("./judge.ts");
  return await judge(test, options);
}

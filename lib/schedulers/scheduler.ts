/** Who takes the next step: the one interface behind random, PCT, round robin, clock and replay. */

/**
 * What a scheduler may look at when it chooses.
 *
 * @example
 * ```ts
 * import type { Choices } from "interleave";
 * const last = ({ enabled }: Choices): number => enabled[enabled.length - 1];
 * ```
 */
export interface Choices {
  /**
   * The tasks that can take a step now, in rising order; never empty. Before them the store buffers that can be flushed
   * (`memory: "x86"`, where the program can tell): -1 for CPU 0's, -2 for CPU 1's, rising.
   */
  readonly enabled: readonly number[];
  /** The task that took the last step, or -1 where none did; after a flush, the task before it. */
  readonly last: number;
  /** Steps taken so far. */
  readonly step: number;
}

/**
 * A scheduler of two methods; a reader can write one in a cell.
 *
 * @example
 * ```ts
 * import { bpf, type Scheduler, simulate } from "interleave";
 * const highestFirst: Scheduler = { name: "highest first", reset() {}, next: ({ enabled }) => enabled[enabled.length - 1] };
 * const racy = await bpf`int counter; SEC("raw_tp") int count(void *ctx) { counter += 1; return 0; }`;
 * const run = await simulate(racy, { cpus: 2, invocations: 10, scheduler: highestFirst });
 * if (run.lost !== 0) throw new Error("CPU 1 is through before CPU 0 begins");
 * ```
 */
export interface Scheduler {
  /** For reports. */
  readonly name: string;
  /**
   * Where there is one, called before `reset` with the number of choices of a rehearsal: steps that several tasks could
   * have taken, in a run of the same workload by the random scheduler with the same seed.
   */
  learn?(choices: number): void;
  /**
   * What the run is to take over from another one: whether what the kernel leaves open is a step of its own, for which
   * `next` says the alternative (schedule.ts), and what the seeds of hash maps are drawn from. Without it both are drawn
   * by the run's seed.
   */
  readonly follows?: { readonly branches: boolean; readonly hashSeed: number };
  /**
   * True where no store may wait: `replay` says it of a schedule that flushes no store buffer, since one that was made
   * with buffers does.
   */
  readonly withoutBuffers?: boolean;
  /** Called once before a run, with the number of tasks. */
  reset(tasks: number, seed: number): void;
  /**
   * Gives the task that takes the next step, or the buffer that is flushed: one of `choices.enabled`; where it follows
   * another run, its step.
   */
  next(choices: Choices): number;
}

/** Who takes the next step: the one interface behind random, PCT, round robin, clock and replay. */

/** What a scheduler may look at when it chooses. */
export interface Choices {
  /** The tasks that can take a step now, in rising order; never empty. */
  readonly enabled: readonly number[];
  /** The task that took the last step, or -1. */
  readonly last: number;
  /** Steps taken so far. */
  readonly step: number;
}

/** A scheduler of two methods; a reader can write one in a cell. */
export interface Scheduler {
  readonly name: string;
  /** Called once before a run, with the number of tasks. */
  reset(tasks: number, seed: number): void;
  /** Gives the task that takes the next step: one of `choices.enabled`. */
  next(choices: Choices): number;
}

/** What the widget walks: the states of a workload and the steps between them, as the machine took them. */

/** A workload's graph as JSON. All texts are indices into `strings`; -1 where there is none. */
export interface PlayerData {
  /** What the widget is headed with. */
  readonly title: string;
  /** Texts that the rest counts by index. */
  readonly strings: readonly string[];
  /** Who takes steps: flows of control, then the CPUs' store buffers; `key` is what schedules write. */
  readonly tasks: readonly { readonly key: string; readonly name: string; readonly prog: string }[];
  /** Names of shared memory that change somewhere. */
  readonly names: readonly string[];
  /** State 0 is the first. */
  readonly states: readonly PlayerState[];
  /** From which state, who, to which state, and what it did: `reads counter = 0`, the C line, the instruction. */
  readonly steps: readonly PlayerStep[];
  /** The ways in which it can end. */
  readonly ends: readonly PlayerEnd[];
  /** What the seeds of hash maps are drawn from; 0 goes unsaid. */
  readonly hashSeed: number;
  /** What is to be known of this graph: that it is one schedule only, that other layouts have other endings. */
  readonly notes: readonly string[];
  /**
   * Of an exercise: the steps of the schedule that is laid out at first. The way to what is asked for is then not offered,
   * and its ends are those that the search is after.
   */
  readonly exercise?: { readonly path: readonly number[] };
  /** Words of the widget's own, by what they are for. */
  readonly words: Readonly<Record<string, string>>;
}

/** Where a workload stands between two steps. */
export interface PlayerState {
  /** The value of each name. */
  readonly values: readonly number[];
  /** Of each task what it waits for, or that it is done; -1 where it can take a step. */
  readonly waits: readonly number[];
  /** Of each task the registers that it still needs. */
  readonly registers: readonly number[];
  /** Which of the ends this is; -1 where some task goes on, or could. */
  readonly end: number;
}

/** A step from one state to another; `task` is an index into the tasks of the data. */
export type PlayerStep = readonly [
  from: number,
  task: number,
  /** What it takes of what the kernel leaves open; 0 where there is nothing to choose. */
  alternative: number,
  to: number,
  effect: number,
  line: number,
  insn: number,
];

/** A way to end: one of the outcomes that the search found, a deadlock, or a fault. */
export interface PlayerEnd {
  /** What the end is called: its values, or what went wrong. */
  readonly label: string;
  /** Why it is one that the search is after, or why not. */
  readonly remark: string;
  /** Whether it is one that the search is after. */
  readonly wrong: boolean;
  /** Only under another layout of the hash maps. */
  readonly elsewhere: boolean;
}

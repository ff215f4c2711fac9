/** What to run: which program how often on which CPU, which interrupts, which user-space actors. */
import type { Profile } from "../cost/profile.ts";
import type { Scheduler } from "../schedulers/scheduler.ts";
import type { Model } from "../cpu/operation.ts";
import type { UserActor, UserApi } from "../maps/user_space.ts";

/** One program on some CPUs. */
export interface ProgRun {
  /** Name of the C function. */
  readonly prog: string;
  /** CPU numbers; all CPUs when left out. */
  readonly cpus?: readonly number[];
  /** Runs per CPU. */
  readonly invocations?: number;
  /** May sleep and be switched out in the middle of a run (`SEC("syscall")`, `?.s` sections). */
  readonly sleepable?: boolean;
  /** First bytes of the program's context, zero beyond. */
  readonly ctx?: Uint8Array;
}

/** A program that an interrupt runs on a CPU, in the middle of whatever runs there. */
export interface Interrupt {
  readonly prog: string;
  readonly cpu: number;
  /** How many times it strikes. */
  readonly count?: number;
  readonly ctx?: Uint8Array;
}

/** The limits that keep a cell from hanging. */
export interface Limits {
  /** Visible operations of the whole run. */
  readonly steps?: number;
  /** Instructions of one invocation between two visible operations. */
  readonly insnsPerStep?: number;
}

export interface Workload {
  /** Number of simulated CPUs, 1 to 256. Default 2. */
  readonly cpus?: number;
  /** Runs per CPU of every program that does not say otherwise. Default 1000. */
  readonly invocations?: number;
  /** Which programs run; default: the object's only program on every CPU. A name stands for `{ prog: name }`. */
  readonly programs?: readonly (string | ProgRun)[];
  readonly interrupts?: readonly Interrupt[];
  /** What user space does before anything else runs: keys that have to exist, counters that do not start at zero. */
  readonly prepare?: (user: UserApi) => Model<unknown>;
  /** User-space actors, each a generator function over the `user` API. */
  readonly user?: readonly UserActor[];
  readonly preempt?: "none" | "full";
  readonly limits?: Limits;
  /** `false`: run even what the kernel's verifier would refuse. Default true. */
  readonly verify?: boolean;
}

export interface SimulateOptions extends Workload {
  /** Seed of the scheduler and of bpf_get_prandom_u32. Default 1. */
  readonly seed?: number;
  /** Which task takes the next step. Default: uniformly random. */
  readonly scheduler?: "random" | "round_robin" | "pct" | "clock" | Scheduler;
  /** The machine whose times decide who takes the next step, by name or written out: predicts what the run takes. */
  readonly profile?: string | Profile;
}

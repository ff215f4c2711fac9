/** What an exhaustive search is asked and what it answers. */
import type { SimulateOptions } from "../backends/workload.ts";
import type { Machine, MachineOptions } from "../cpu/machine.ts";
import type { TraceStep, Values } from "../report/result.ts";

/** What stops a search that is not done. */
export interface Bounds {
  /** Default 20 million. */
  readonly states?: number;
  /** Visible operations of one schedule. Default 100,000. */
  readonly depth?: number;
  /** Default 60. */
  readonly seconds?: number;
  /** Bytes of the search's own tables. Default 2 GiB. */
  readonly memoryBytes?: number;
}

export interface ExploreOptions extends Omit<SimulateOptions, "seed" | "scheduler"> {
  readonly bounds?: Bounds;
  /** The reader's own property of a final state; an end where it is false counts instead of a non-serial outcome. */
  readonly holds?: (values: Values, returned: Readonly<Record<string, unknown>>) => boolean;
  /** Off: do not use symmetry (state counts as SPIN stores them). */
  readonly symmetry?: boolean;
  /** Off: do not use partial-order reduction. Default off when schedules are to be counted. */
  readonly reduction?: boolean;
  readonly models?: MachineOptions["models"];
  /** Called several times a second. */
  readonly onProgress?: (progress: { states: number; share: number; seconds: number }) => void | Promise<void>;
}

export interface ExploredOutcome {
  readonly values: Values;
  /** What user actors returned, where there are any. */
  readonly returned?: Readonly<Record<string, unknown>>;
  /** Whether runs one after another can end here too. */
  readonly serial: boolean;
  /** Whether this is what the search is after: a non-serial outcome, or one for which `holds` is false. */
  readonly anomaly: boolean;
  /** A schedule that ends here. */
  readonly witness: string;
}

export interface StuckEnd {
  readonly kind: "deadlock" | "fault";
  readonly message: string;
  readonly witness: string;
}

/** A schedule to look at: it replays anywhere. */
export interface Witness {
  readonly schedule: string;
  readonly steps: number;
  readonly preemptions: number;
  /** False where the state space was too large to be sure that no shorter one exists. */
  readonly shortest: boolean;
  readonly trace: TraceStep[];
}

/** What all schedules of a workload can do. */
export class Exploration {
  readonly machine = "simulator";
  readonly program: string;
  readonly cpus: number;
  readonly invocations: number;
  /** Every schedule was covered: *Never* is a proof. */
  complete = false;
  /** The bound that was hit, when not complete. */
  unknown: string | undefined;
  states = 0;
  transitions = 0;
  /** How many schedules there are; undefined where they were not counted. */
  schedules: bigint | undefined;
  outcomes: ExploredOutcome[] = [];
  stuck: StuckEnd[] = [];
  serial: Values[] = [];
  /** Why the state count is what it is. */
  symmetry: { readonly used: boolean; readonly reason?: string };
  reduced = false;
  seconds = 0;
  bytes = 0;
  witness: Witness | undefined;

  constructor(machine: Machine, readonly property: string, symmetry: Exploration["symmetry"]) {
    this.program = machine.image.programs.map((program) => program.name).join(", ");
    this.cpus = machine.nrCpus;
    this.invocations = machine.workload.invocations ?? 1;
    this.symmetry = symmetry;
  }

  get anomalies(): ExploredOutcome[] {
    return this.outcomes.filter((outcome) => outcome.anomaly);
  }

  get deadlocks(): StuckEnd[] {
    return this.stuck.filter((end) => end.kind === "deadlock");
  }

  get faults(): StuckEnd[] {
    return this.stuck.filter((end) => end.kind === "fault");
  }

  /** Of the anomaly, over all ends. `Unknown`: none was found, and not everything was looked at. */
  get observation(): "Never" | "Sometimes" | "Always" | "Unknown" {
    const bad = this.anomalies.length + this.stuck.length, ends = this.outcomes.length + this.stuck.length;
    if (bad === 0) return this.complete ? "Never" : "Unknown";
    return bad === ends && this.complete ? "Always" : "Sometimes";
  }

  toJSON(): unknown {
    const { program, cpus, invocations, complete, unknown, states, transitions, schedules, observation, seconds } =
      this;
    return {
      program,
      cpus,
      invocations,
      complete,
      unknown,
      states,
      transitions,
      schedules,
      outcomes: this.outcomes,
      deadlocks: this.deadlocks,
      faults: this.faults,
      serial: this.serial,
      observation,
      symmetry: this.symmetry,
      reduced: this.reduced,
      seconds,
      witness: this.witness?.schedule,
    };
  }
}

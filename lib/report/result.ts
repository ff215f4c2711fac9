/** What a run found out: the same form for all three machines. */

/** Shared state by name: `counter`, `map[key].field`; numbers as bigint, byte arrays as hex text. */
export type Values = Record<string, bigint | string>;

/** Final shared state with the number of times it was seen. */
export interface Outcome {
  readonly values: Values;
  readonly count: number;
  /** Whether invocations one after another can end here too. */
  readonly serial: boolean;
}

export interface Fault {
  readonly message: string;
  readonly prog: string;
  readonly cpu: number;
  readonly insn: number;
  /** The instruction in the verifier's notation. */
  readonly text: string;
  readonly line?: { readonly file: string; readonly line: number; readonly text: string };
}

/** One step of a run as the trace shows it. */
export interface TraceStep {
  readonly step: number;
  readonly task: number;
  readonly cpu: number;
  /** Which invocation of its task, from 0. */
  readonly invocation: number;
  readonly prog: string;
  readonly kind: "load" | "store" | "rmw" | "await" | "wait" | "atomic" | "print" | "exit" | "fault" | "start";
  readonly insn: number;
  /** Disassembled instruction, or the kernel model's label. */
  readonly text: string;
  readonly line?: { readonly line: number; readonly text: string };
  /** Name of what was touched (`counter`, `stats[0]+8`, `bucket.first`), its address and its size in bytes. */
  readonly target?: string;
  readonly addr?: number;
  readonly size?: number;
  /** Value in memory before and after. */
  readonly before?: bigint;
  readonly after?: bigint;
  /** Simulated time in nanoseconds, when the run had a clock. */
  readonly timeNs?: number;
}

/** The result of running a program on one of the machines. */
export interface Result {
  readonly machine: "simulator" | "threads" | "linux";
  readonly program: string;
  readonly cpus: number;
  /** Runs per CPU. */
  readonly invocations: number;
  readonly seed?: number;
  /** What one after another gives; absent where it could not be computed. */
  readonly serial?: Values;
  readonly final: Values;
  /** How far counters fall short of the serial value, 0 to 1: (serial - final) / (serial - initial), summed. */
  readonly lost: number;
  readonly fault?: Fault;
  /** Lines of bpf_printk. */
  readonly printed: readonly string[];
  readonly steps: number;
  readonly insns: number;
  /** Time per invocation in nanoseconds: modelled or measured (`machine` says which). */
  readonly nsPerOp?: number;
  /** How it was done, in one sentence for the reader. */
  readonly how: string;
}

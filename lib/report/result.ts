/** What a run found out: the same form for all three machines. */
import type { Touched } from "../cpu/operation.ts";
import type { Level, RecursionGuard } from "../workload/contexts.ts";
import type { Coverage } from "./coverage.ts";

/**
 * Shared state by name: `counter`, `map[key].field`; numbers as bigint, byte arrays as hex text.
 *
 * @example
 * ```ts
 * import type { Values } from "interleave";
 * const state: Values = { counter: 2n, "stats[1].packets": 40n };
 * ```
 */
export type Values = Record<string, bigint | string>;

/** What ended a run before its end: a bad access, an endless loop, a deadlock. */
export interface Fault {
  /** What happened, for the reader. */
  readonly message: string;
  /** The program that it happened to. */
  readonly prog: string;
  /** The CPU that it ran on. */
  readonly cpu: number;
  /** Index of the instruction in its program. */
  readonly insn: number;
  /** The instruction in the verifier's notation. */
  readonly text: string;
  /** The C line that it comes from. */
  readonly line?: { readonly file: string; readonly line: number; readonly text: string };
}

/**
 * Runs that the kernel skips because of what runs on the CPU already; it counts them as `recursion_misses`, but for those of
 * perf_event programs (kernel/events/core.c:bpf_overflow_handler). They did not happen: nothing of theirs is lost.
 */
export interface SkippedRuns {
  /** The program whose runs were skipped. */
  readonly prog: string;
  /** The CPU that it would have run on. */
  readonly cpu: number;
  /** How many. */
  readonly runs: number;
  /** What was in the way: a run of the same program, or of any with such a guard and user space's calls on maps. */
  readonly guard: RecursionGuard;
}

/**
 * Who took a step: an instruction of the program, a helper function that it calls, user space itself (mapped memory,
 * sleep), the kernel in a system call of user space, or the store buffer of a CPU.
 */
export type Actor = "program" | "helper" | "user" | "kernel" | "store_buffer";

/**
 * One step of a run. `prog`, `text`, `line`, `target` and `object` are there to be shown; what a step means is in the
 * other fields, and nothing is to be read out of a name.
 *
 * @example
 * ```ts
 * import { bpf, simulate } from "interleave";
 * const racy = await bpf`int counter; SEC("raw_tp") int count(void *ctx) { counter += 1; return 0; }`;
 * const trace = (await simulate(racy, { cpus: 1, invocations: 1 })).trace();
 * const kinds = trace.filter(({ target }) => target === "counter").map(({ kind }) => kind).join(", ");
 * if (kinds !== "load, store") throw new Error(kinds);
 * ```
 */
export interface TraceStep {
  /** Counts from 0. */
  readonly step: number;
  /** Which task took it, as schedules count them (-1 for the store buffer of CPU 0, -2 of CPU 1), and on which CPU. */
  readonly task: number;
  /** The CPU that the step was taken on. */
  readonly cpu: number;
  /** Which invocation of its task, from 0. */
  readonly invocation: number;
  /** Who took it. */
  readonly actor: Actor;
  /** Number of the helper function (include/uapi/linux/bpf.h: enum bpf_func_id), where a helper took it. */
  readonly helper?: number;
  /** Name of the user-space actor whose task it is; nothing for tasks that run programs. */
  readonly user?: string;
  /** The context that the task runs in. */
  readonly context?: Level;
  /** Of a run that was skipped: why. */
  readonly skipped?: RecursionGuard;
  /** The program that ran, or the user actor. */
  readonly prog: string;
  /** What the step did; `choose`: the kernel left open what happens, and this is what did. */
  readonly kind:
    | "load"
    | "store"
    | "rmw"
    | "await"
    | "wait"
    | "atomic"
    | "choose"
    | "print"
    | "exit"
    | "fault"
    | "start"
    | "skip"
    | "flush";
  /** Index of the instruction in its program. */
  readonly insn: number;
  /** Disassembled instruction, or the kernel model's label. */
  readonly text: string;
  /** The C line that it comes from. */
  readonly line?: { readonly line: number; readonly text: string };
  /** Name of what was touched (`counter`, `stats[0]+8`, `bucket.first`), its address and its size in bytes. */
  readonly target?: string;
  /** What stands there: the reader's data, or which part of the kernel's structures; nothing where nothing is touched. */
  readonly touches?: Touched;
  /** What data is a part of (`stats[0]` of `stats[0].packets`); nothing for a variable that is one number. */
  readonly object?: string;
  /** Which map's memory it is, as an index into the object's maps, those of global variables included. */
  readonly map?: number;
  /** Address of what was touched. */
  readonly addr?: number;
  /** Bytes that were touched. */
  readonly size?: number;
  /**
   * Of a store: it waits in its CPU's store buffer. Of a load: it was forwarded at least one byte that waits there. Of a
   * flush, `stored` is the step of the store that it moves to memory.
   */
  readonly buffered?: boolean;
  /** Of a flush: the step of the store that it moves to memory. */
  readonly stored?: number;
  /** Value in memory before and after, as its CPU sees it; of a flush, as all do. */
  readonly before?: bigint;
  /** Value in memory after the step. */
  readonly after?: bigint;
  /** Simulated time in nanoseconds, when the run had a clock. */
  readonly timeNs?: number;
}

/** What one CPU did in a run under a cost profile. */
export interface CpuTime {
  /** Number of the CPU. */
  readonly cpu: number;
  /** Runs that ended on it, and its time for each in nanoseconds. */
  readonly runs: number;
  /** Nanoseconds for each run. */
  readonly nsPerOp: number;
  /** Its part of all runs when the first CPU was through, 0 to 1: equal parts are fair. */
  readonly share: number;
}

/** What a run takes by a cost profile. Times are nanoseconds of the simulated machine. */
export interface Timing {
  /** Name of the profile. */
  readonly profile: string;
  /** Mean over the CPUs of their time for each run. */
  readonly nsPerOp: number;
  /** From the first CPU's start to the last one's end. */
  readonly totalNs: number;
  /** Runs of all CPUs together in a second. */
  readonly perSecond: number;
  /** Each CPU, by number. */
  readonly cpus: readonly CpuTime[];
  /** How long a run waited for cache lines, locks and room in the store buffer. */
  readonly waiting: Waiting;
  /** Cache lines that moved from one CPU to another, for each run. */
  readonly transfersPerOp: number;
}

/** Between what values a profile's answers lie when what it cannot know is otherwise: the least and the largest. */
export interface ModelRange {
  /** Nanoseconds per invocation. */
  readonly nsPerOp: readonly [least: number, most: number];
  /** The share of all updates that were overwritten unseen, 0 to 1. */
  readonly lost: readonly [least: number, most: number];
  /** How much faster and slower lines were taken to travel, 0 to 1; how the runs of the CPUs fall varied too. */
  readonly linesBy: number;
}

/** How long runs waited for others, in nanoseconds. */
export interface Waiting {
  /** Half of the runs waited no longer, 99 of 100 no longer. */
  readonly medianNs: number;
  /** 99 of 100 runs waited no longer. */
  readonly p99Ns: number;
  /** Waiting times at 200 equally spaced shares of the runs, rising: what figures of the distribution are drawn from. */
  readonly samples: readonly number[];
}

/**
 * The result of running a program on one of the machines.
 *
 * @example
 * ```ts
 * import { bpf, type Result, simulate } from "interleave";
 * const percentLost = ({ lost }: Result): string => `${(100 * lost).toFixed(1)} %`;
 * const exact = await bpf`int counter; SEC("raw_tp") int count(void *ctx) { __sync_fetch_and_add(&counter, 1); return 0; }`;
 * if (percentLost(await simulate(exact, { cpus: 2, invocations: 100 })) !== "0.0 %") throw new Error("atomics are exact");
 * ```
 */
export interface Result {
  /** The machine that it ran on. */
  readonly machine: "simulator" | "threads" | "linux";
  /** Names of the programs that ran, separated by commas. */
  readonly program: string;
  /** CPUs that it ran on. */
  readonly cpus: number;
  /** Runs per CPU. */
  readonly invocations: number;
  /** How often what ran, in words: programs may have numbers of their own. */
  readonly runs?: string;
  /** Seed of the schedule, where there was one. */
  readonly seed?: number;
  /** The memory model of a simulation, in words: the other machines have the memory that they have. */
  readonly memory?: { readonly text: string };
  /** What one after another gives; absent where it could not be computed. */
  readonly serial?: Values | undefined;
  /** Shared state before the run, where it is known. */
  readonly initial?: Values;
  /** Shared state at the end. */
  readonly final: Values;
  /**
   * The share of updates that were overwritten unseen, 0 to 1: a task stored what it made of a value that it had read
   * before them. It is (serial - final) / (serial - initial), summed over the numbers that grow to the same value in
   * every serial order that was tried.
   *
   * The simulator tries three orders (as listed, backwards, run by run in turn), on different clocks and random numbers,
   * and counts what falls short as far as its own steps show updates to it that were overwritten; of a run of more than
   * 2 million steps it tries two orders and, without a profile, the first steps say which numbers that happened to.
   * Threads and kernels have no trace: they try two orders (as listed, backwards), and what falls short of both is
   * called lost.
   */
  readonly lost: number;
  /** Runs that the kernel would have skipped: `serial` and `lost` are of those that happened. */
  readonly skipped?: number;
  /** Which runs those were. */
  readonly skips?: readonly SkippedRuns[];
  /**
   * Names whose value depends on the order of runs, the clock or random numbers, so that another value than the serial
   * one is no loss. Absent or empty where the end is the serial one.
   */
  readonly orderDependent?: readonly string[];
  /** Why the run ended early, when it did. */
  readonly fault?: Fault | undefined;
  /** Lines of bpf_printk. */
  readonly printed: readonly string[];
  /** Visible operations and instructions; 0 on machines that cannot count them. */
  readonly steps: number;
  /** Instructions; 0 on machines that cannot count them. */
  readonly insns: number;
  /** Time per invocation in nanoseconds: modelled or measured (`machine` says which). */
  readonly nsPerOp?: number;
  /** More about time, when the run was under a cost profile. */
  readonly timing?: Timing;
  /** Between what values time and losses lie where the profile cannot know them better; of several CPUs. */
  readonly range?: ModelRange;
  /** What the reader may have overlooked, in sentences. */
  readonly remarks?: readonly string[];
  /** How it was done, in one sentence for the reader. */
  readonly how: string;
  /** What the kernel accepts although it is open what it does, with C lines. */
  readonly warnings?: readonly string[];
  /** What the result takes as given, a line for each: memory model, what the kernel leaves open, contexts. */
  readonly conditions?: readonly string[];
  /** Which C lines and branches ran, where the machine can tell. */
  readonly coverage?: Coverage;
}

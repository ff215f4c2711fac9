/**
 * The one language in which kernel models speak to the machine.
 *
 * A kernel model (a helper function, a map operation, a lock, a user-space system call) is a generator that yields
 * operations and is sent their results. It touches memory only through what it yields; between yields it is pure.
 * That is what lets the machine schedule, time, trace and take back every step of it: a snapshot of a running model
 * is the list of values that its yields have returned so far, replayed into a fresh generator.
 */
import type { Memory, Width } from "./memory.ts";

/**
 * What stands in the memory that a step touches: the reader's own data, or which part of the kernel's structures. Maps
 * say it of all memory that they lay out ({@link Labelled.touches} overrules them); what it is called is another matter.
 */
export type Touched =
  /** A global variable, or a map's value. */
  | "data"
  /** A slot of a map in map, one of a PROG_ARRAY, and one of a CGROUP_ARRAY. */
  | "inner_map"
  | "program"
  | "cgroup"
  /** A lock: of a value, of a bucket, of an LRU list. */
  | "lock"
  /** struct bucket's `first`. */
  | "bucket"
  /** Parts of struct htab_elem; `pred_next` is the link to an element, in its list's head too, as it is taken out. */
  | "key"
  | "hash"
  | "next"
  | "pprev"
  | "pred_next"
  | "elem"
  /** Where free elements wait, and how many elements there are. */
  | "free_list"
  | "count"
  /** LRU lists, and an element's mark of use. */
  | "lru"
  /** Of a bloom filter. */
  | "bits"
  /** Where a ring, queue or stack begins and ends, and the headers of its records; what its records hold. */
  | "ring"
  | "record"
  /** Objects of a program's own, which bpf_obj_new() allocates. */
  | "object"
  /** A map's description (struct bpf_map). */
  | "map"
  /** What stands behind timers and work queues. */
  | "timer"
  /** What grace periods look at. */
  | "rcu";

/** Operations that a trace tells of. */
export interface Labelled {
  /** What is touched, where that is more than what the map says stands at the address, or no map's memory. */
  readonly touches?: Touched;
  /** The operation is user space's own, on memory that it has mapped, and no work of the kernel's. */
  readonly mapped?: boolean;
  /** What the kernel would call it; only ever shown: `bucket.first`, `elem.key`, `lock`. */
  readonly label?: string;
}

/**
 * Loads and stores are scheduling points, unless `exclusive`: then a lock that is held keeps every other CPU away from
 * these bytes, so that the operation has a price but no task can come before or after it.
 */
export interface LoadOp extends Labelled {
  /** A load. */
  readonly kind: "load";
  /** A lock that is held keeps every other CPU away from these bytes. */
  readonly exclusive?: boolean;
  /** Address in the machine's memory. */
  readonly addr: number;
  /** Bytes that are loaded. */
  readonly size: Width;
}
/** A plain store. */
export interface StoreOp extends Labelled {
  /** A store. */
  readonly kind: "store";
  /** A lock that is held keeps every other CPU away from these bytes. */
  readonly exclusive?: boolean;
  /** Address in the machine's memory. */
  readonly addr: number;
  /** Bytes that are stored. */
  readonly size: Width;
  /** What is stored. */
  readonly value: bigint;
  /** The kernel of a guest with paravirtual locks does it by a locked instruction; matters for its price only. */
  readonly paravirtual?: boolean;
}
/** Atomic read-modify-write; gives the old value. `cmpxchg` stores `value` only where memory holds `expected`. */
export interface RmwOp extends Labelled {
  /** An atomic read-modify-write. */
  readonly kind: "rmw";
  /** What is made of the old value. */
  readonly op: "add" | "or" | "and" | "xor" | "xchg" | "cmpxchg";
  /** Address in the machine's memory. */
  readonly addr: number;
  /** Bytes that are changed. */
  readonly size: Width;
  /** The operand. */
  readonly value: bigint;
  /** Of `cmpxchg`: the value that memory has to hold. */
  readonly expected?: bigint;
}
/**
 * Waits, blocked rather than spinning, until memory holds a value that `until` accepts; gives that value. With
 * `thenStore`, the step that sees it also stores (as the winner of a lock does).
 */
export interface AwaitOp extends Labelled {
  /** A wait for one word. */
  readonly kind: "await";
  /** Address in the machine's memory. */
  readonly addr: number;
  /** Bytes that are looked at. */
  readonly size: Width;
  /** Whether a value ends the wait. */
  readonly until: (value: bigint) => boolean;
  /** What the step that sees it stores. */
  readonly thenStore?: bigint;
  /** The kernel of a guest with paravirtual locks waits in a queue of its own; matters for its price only. */
  readonly paravirtual?: boolean;
}
/** Waits until a condition over all of memory holds (the end of a grace period). */
export interface WaitOp extends Labelled {
  /** A wait for a condition. */
  readonly kind: "wait";
  /** Whether the wait is over. */
  readonly until: (memory: Memory) => boolean;
}
/** One indivisible step over several words of shared memory, such as taking an element off a free list. */
export interface AtomicOp extends Labelled {
  /** An indivisible step. */
  readonly kind: "atomic";
  /** An address that stands for what is touched, for the trace and for the cost of its cache line. */
  readonly addr: number;
  /** What the step does; its result is sent to the model. */
  readonly run: (memory: Memory) => bigint;
  /**
   * False where the kernel needs no locked instruction for it, because only this CPU looks there: then stores that wait in
   * the CPU's store buffer go on waiting.
   */
  readonly locked?: false;
}
/**
 * Work on memory that no other CPU can see now (this CPU's own variables with interrupts off, the caller's stack,
 * a fresh element): no scheduling point. Its result is recorded like any other.
 */
export interface PrivateOp extends Labelled {
  /** A private step. */
  readonly kind: "private";
  /** It only reads the caller's stack, which no store buffer holds anything of. */
  readonly readsStack?: boolean;
  /**
   * It works on what a held lock guards: no other CPU can see it now, but its cache lines may be at another CPU. Matters
   * for its price only.
   */
  readonly guarded?: boolean;
  /** What the step does; its result is sent to the model. */
  readonly run: (memory: Memory) => bigint;
}
/**
 * Something that takes time and touches nothing shared: no scheduling point; priced by the cost model. `syscall` and
 * `sysret` enclose what user space does inside the kernel: between them other tasks of the same CPU have to wait.
 */
export interface WorkOp extends Labelled {
  /** Work that takes time. */
  readonly kind: "work";
  /** What it is, for its price. */
  readonly what:
    | "helper"
    | "syscall"
    | "sysret"
    | "irqsave"
    | "irqrestore"
    | "hash"
    | "alloc"
    | "copy"
    | "grace_period"
    | "sleep"
    | "insns"
    | "call";
  /**
   * How many of it (bytes hashed, instructions, functions called, loads and stores of the block copy that follows); 1
   * when left out. Calls are those that a compiler keeps, beside the helper itself and those of a hash or a copy.
   */
  readonly amount?: number;
}
/**
 * Interrupts or preemption of this CPU off (+1) or on again (-1); pending interrupts run when they are on again. NMIs know
 * of no mask. With `instrumentation` off, kprobe, tracepoint and perf_event programs are skipped.
 */
export interface MaskOp {
  /** A change of a mask. */
  readonly kind: "mask";
  /** What is masked. */
  readonly what: "irq" | "preempt" | "instrumentation";
  /** +1 masks once more, -1 once less. */
  readonly delta: 1 | -1;
}
/** Runs a BPF function of the calling program (a callback) and gives its r0. */
export interface CallbackOp {
  /** A call of a function of the program. */
  readonly kind: "callback";
  /** The function's address as the program passed it. */
  readonly func: bigint;
  /** Values of r1 to r5. */
  readonly args: readonly bigint[];
}
/** Leaves the calling program for another one of the object, by index; the model is never resumed (bpf_tail_call). */
export interface TailCallOp {
  /** A change to another program. */
  readonly kind: "tail_call";
  /** Index of that program in the object. */
  readonly prog: number;
}
/**
 * Ends the run from wherever it is, callbacks and all, with a value; the model is never resumed (bpf_throw).
 *
 * @internal
 */
export interface ThrowOp {
  readonly kind: "throw";
  readonly value: bigint;
}
/**
 * BPF_PROG_RUN by user space: the task runs a program of the object, by index, and is sent its r0. A scheduling point,
 * as the beginning of any run is.
 *
 * @internal
 */
export interface ProgRunOp extends Labelled {
  readonly kind: "prog_run";
  readonly prog: number;
  /** First bytes of its context, zero beyond. */
  readonly ctx?: Uint8Array;
  /** The packet of a program that is handed one. */
  readonly packet?: Uint8Array;
}
/** The task may be switched out here (a sleepable program that sleeps, a system call that blocks). */
export interface SleepOp extends Labelled {
  /** A point where the task may be switched out. */
  readonly kind: "sleep";
}
/**
 * What the kernel leaves open: one of so many things happens. It gives the number of the one that did, from 1 on. Where
 * choices are branched over (a search, a replay of what it found) that is a step of the task's own; elsewhere it is drawn
 * by the seed.
 *
 * @internal
 */
export interface ChooseOp extends Labelled {
  readonly kind: "choose";
  readonly alternatives: number;
  /** No other task can tell when it happens: it concerns what this task alone sees. */
  readonly alone?: boolean;
  /** What an alternative means, for traces: `5`, `1001 ns later`. */
  readonly describe: (alternative: number) => string;
}
/** A line that `bpf_printk` prints, or a remark of a model; it appears in the trace. */
export interface PrintOp {
  /** A line of output. */
  readonly kind: "print";
  /** The line. */
  readonly text: string;
}
/** A fault by the calling program (a bad pointer handed to a helper): the run ends there with this message. */
export interface FaultOp {
  /** A fault. */
  readonly kind: "fault";
  /** What was wrong, for the reader. */
  readonly message: string;
}

/** Anything that a kernel model may yield. */
export type Operation =
  | LoadOp
  | StoreOp
  | RmwOp
  | AwaitOp
  | WaitOp
  | AtomicOp
  | PrivateOp
  | WorkOp
  | MaskOp
  | CallbackOp
  | TailCallOp
  | ThrowOp
  | ProgRunOp
  | SleepOp
  | ChooseOp
  | PrintOp
  | FaultOp;

/** A kernel model: yields operations, is sent their results (0n where there is none), returns `T`. */
export type Model<T = bigint> = Generator<Operation, T, bigint>;

/** Who runs a kernel model: passed to every model. */
export interface TaskContext {
  /** Index of the task among all tasks of the machine, and the CPU it runs on. */
  readonly task: number;
  /** The CPU that the task runs on. */
  readonly cpu: number;
  /** CPUs of the machine. */
  readonly nrCpus: number;
  /** The memory of the machine. */
  readonly memory: Memory;
  /** What bpf_get_current_pid_tgid gives, where the workload says so: `tgid << 32 | pid`. */
  readonly pidTgid?: bigint;
  /** Words of arguments of the function that the task's program is attached to; nothing where there is no telling. */
  readonly tracedArgs?: number;
  /** False for programs that the kernel lets run in the middle of themselves (LSM, iterators). */
  readonly checksRecursion?: boolean;
  /** Of a task that runs callbacks of timers or of work queues. */
  readonly defers?: "timer" | "work";
  /** The context that its programs are handed. */
  readonly ctx?: bigint;
  /** Where the run is from: a program in process context, in an interrupt, a sleepable one, or user space. */
  readonly from: "program" | "interrupt" | "nmi" | "sleepable" | "user";
}

export const load = (addr: number, size: Width, label?: string, exclusive = false): LoadOp => ({
  kind: "load",
  addr,
  size,
  label,
  exclusive,
});

/** Functions of the kernel that are called and return: each of them stalls the front end of a CPU with return thunks. */
export const calls = (amount: number): WorkOp => ({ kind: "work", what: "call", amount });

export const store = (addr: number, size: Width, value: bigint, label?: string, exclusive = false): StoreOp => ({
  kind: "store",
  addr,
  size,
  value,
  label,
  exclusive,
});

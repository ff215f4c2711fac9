/**
 * Where things stand in a machine's linear memory, shared by the translator (which emits Wasm that reads and writes
 * it), by the machine and by the kernel models. All numbers are bytes.
 *
 * A 64-bit BPF pointer carries a region number in its upper half and a linear address in its lower half. Region 0 is
 * the null page: no byte of it may be touched.
 */

/** One entry of the region table. */
export const REGION = {
  bytes: 32,
  /** First linear address. */
  base: 0,
  /** Sum of {@link REGION_FLAG}. */
  flags: 4,
  /** What a fault message calls it: an index into {@link Memory.regionNames}. */
  tag: 8,
  size: 12,
  /** For accesses of 1, 2, 4, 8 bytes: how many start offsets are in bounds, `max(0, size - width + 1)`. */
  limit1: 16,
  limit2: 20,
  limit4: 24,
  limit8: 28,
} as const;

export const REGION_FLAG = {
  read: 1,
  write: 2,
  /** Another CPU can reach it: every access is a visible operation. */
  shared: 4,
  /** A program's context: of some of its fields, a load gives a pointer that is kept behind it (packet.ts). */
  context: 8,
} as const;

/** Regions in the upper half of a value that names a thing but may not be read: a map, a BPF function. */
export const MAP_REGION = 0xffff_fffe;
export const FUNC_REGION = 0xffff_fffd;

/** A task: one flow of control on a CPU (a program run by a process, or by an interrupt). */
export const TASK = {
  bytes: 512,
  /** r0 to r10, 8 bytes each. */
  registers: 0,
  /**
   * Index of the instruction whose operation is pending, or that faulted, or that calls a helper. It stands beside
   * `pending` so that one 8-byte store publishes both.
   */
  insn: 88,
  /** `kind | block << 8`: what the next visible operation is, and where step() goes on. */
  pending: 92,
  /** Linear address of the pending memory operation. */
  addr: 96,
  /** Depth of BPF-to-BPF calls and callbacks, 0 for the main program. */
  depth: 100,
  /** Instructions that a step may run before it must return with `fuel`. */
  fuel: 104,
  /** CPU this task runs on. */
  cpu: 108,
  /** Of a fault: the offending 64-bit pointer. */
  faultPointer: 112,
  /** Only with `external` memory: the value to store, then the value that the machine loaded; and `expected`. */
  value: 120,
  expected: 128,
  /** In `value`'s place where the translated code has store buffers: what is pending there, see {@link ACCESS}. */
  access: 120,
  /** A {@link FRAME} for each of 7 calls: the caller's r6 to r9, the block to return to, the caller's insn. */
  frames: 136,
  frameBytes: 40,
  maxFrames: 8,
  /** What the bytes of each new stack frame of this run hold, where programs read stack that they never wrote; else 0. */
  stackFill: 452,
  /** Invocations that have ended. */
  invocation: 456,
  /** Whether a run is under way: one of {@link RUN}. */
  runState: 460,
  /** Runs begun so far: with runState, what a grace period waits for. */
  runCount: 464,
  /** Runs that the recursion guard skipped. */
  missed: 468,
  /** r0 of the last run that ended. */
  lastReturn: 472,
  /** Tail calls of this run so far; the machine zeroes it when a run begins (MAX_TAIL_CALL_CNT is 33). */
  tailCalls: 480,
  /** Keys that bpf_for_each_map_elem hands to callbacks by address: 4 bytes for each depth that a walk can begin at. */
  walkKeys: 484,
} as const;

/** A pending load or store in one word: how many bytes, and whether a store may wait in a buffer. */
export const ACCESS = { size: 0xff, mayWait: 0x100 } as const;

/** What one of a task's frames holds, from its beginning. */
export const FRAME = {
  /** r6 to r9. */
  savedRegister: (r: number): number => 8 * (r - 6),
  returnBlock: 32,
  insn: 36,
} as const;

/** What a task is doing, for the grace period and the scheduler. */
export const RUN = {
  /** Between two runs, or all done. */
  none: 0,
  /** In a non-sleepable run: inside rcu_read_lock. */
  nonSleepable: 1,
  /** In a sleepable run: inside rcu_read_lock_trace only. */
  sleepable: 2,
} as const;

/** Return block of a frame that a kernel model called (a callback): its `exit` returns to the model. */
export const RETURN_TO_KERNEL = 0xffff_ff;

/** What stops a step: the low 4 bits of what step() returns (the rest counts the instructions that ran). */
export const KIND = {
  /** The program has not started, or nothing is pending. */
  none: 0,
  load: 1,
  store: 2,
  /** Atomic read-modify-write. */
  rmw: 3,
  /** The main program returned; r0 is in the record. */
  exit: 4,
  /** A bad access; insn and faultPointer are in the record. */
  fault: 5,
  /** A helper call; insn is in the record, r1 to r5 hold the arguments; the machine writes r0. */
  call: 6,
  /** Too many instructions without a visible operation; going on is allowed. */
  fuel: 7,
  /** A callback returned to the kernel model that called it; r0 is in the record. */
  callbackReturn: 8,
} as const;

/**
 * What the random scheduler of the translated code keeps in the null page, which no pointer can reach. It is not part of
 * a machine's state.
 */
export const SCHEDULE = {
  /** State of the random numbers (schedulers/random_numbers.ts). */
  state: 64,
  /** Number of tasks in the table. */
  tasks: 68,
  /** Steps that it may take; afterwards, how many it took. */
  steps: 72,
  /** Place in the table of the task that took, or is to take, the last step. */
  position: 76,
  /** Instructions that ran (8 bytes). */
  insns: 80,
  /** With store buffers: how many choices in a row fell on what cannot be done now. */
  refused: 88,
  /**
   * Addresses of the records of the tasks to choose from; `elsewhere` for a task that only TypeScript can step. Where
   * there are store buffers, their flushes stand behind the tasks (store_buffers.ts: flushOf).
   */
  table: 128,
  maxTasks: 900,
  /** Where a task record would stand whose `pending` says {@link SCHEDULE.nowhere}; nothing else of it is there. */
  elsewhere: 3968,
  /** A block that no dispatch table has. */
  nowhere: 0xff_ffff,
  /** Returned instead of a kind: the task at `position` was chosen, but must be stepped in TypeScript. */
  inTypeScript: 15,
} as const;

/** State of a CPU that the kernel models keep in memory, so that a snapshot of memory is a snapshot of it. */
export const CPU = {
  bytes: 64,
  /** Nesting of interrupts-off and of preemption-off. */
  irqOff: 0,
  preemptOff: 4,
  /**
   * For each level (workload/contexts.ts) the task whose run is under way in it, plus one; 0 when none. Of the lowest
   * level it is the one that ran last and has not finished.
   */
  running: (level: number): number => level === 0 ? 8 : 12 + 4 * level,
  /** Nesting of bpf_disable_instrumentation by user space's system calls. */
  instrumentationOff: 12,
  /** Address of the resilient spin lock that this CPU waits for; 0 when none. */
  waitsFor: 28,
} as const;

export const STACK_FRAME_BYTES = 512;
export const STACK_BYTES = STACK_FRAME_BYTES * TASK.maxFrames;
export const CACHE_LINE_BYTES = 64;
export const PAGE_BYTES = 65536;

/** Where the parts of one machine's memory begin. */
export interface Layout {
  readonly regionTable: number;
  /** Number of entries; a region number at or above it is a fault. */
  readonly regionCapacity: number;
  readonly cpus: number;
  /** The CPUs' store buffers (store_buffers.ts), where the machine has any. */
  readonly buffers: number;
  readonly tasks: number;
  readonly stacks: number;
  /** First byte of the heap that maps and kernel data are allocated from. */
  readonly heap: number;
}

/** Lays out a machine of so many CPUs, tasks and regions, each CPU with so many bytes of store buffer. */
export function layoutFor(nrCpus: number, nrTasks: number, regionCapacity: number, bufferBytes = 0): Layout {
  const align = (at: number) => (at + 4095) & ~4095;
  const cpus = 4096;
  const buffers = cpus + nrCpus * CPU.bytes;
  const tasks = align(buffers + nrCpus * bufferBytes);
  const stacks = align(tasks + nrTasks * TASK.bytes);
  const regionTable = align(stacks + nrTasks * STACK_BYTES);
  const heap = align(regionTable + regionCapacity * REGION.bytes);
  return { regionTable, regionCapacity, cpus, buffers, tasks, stacks, heap };
}

/**
 * One thread's run, as an axiomatic model sees it: what it did to shared memory, and which reads each access depends on.
 */

/** The thread of the writes that memory begins with. */
export const INITIAL = -1;

/** Bit n: the thread's event n. */
export type EventSet = bigint;

/**
 * How an access is ordered by what it is (RFC 9669 section 5.3; kernel, Documentation/bpf and tools/memory-model):
 * `full` are atomics that give the old value back, as far as they write.
 */
export type Ordering = "plain" | "acquire" | "release" | "full";

/** An access to shared memory. An atomic is one event that reads and writes, but a compare-and-exchange is two. */
export interface MemoryEvent {
  /** Index of the thread, or INITIAL. */
  readonly thread: number;
  /** Number of the event in its thread. */
  readonly index: number;
  /** Number of the place in memory. */
  readonly cell: number;
  /** The value that was read, of an event that reads. */
  readonly read?: bigint;
  /** The value that was written, of an event that writes. */
  readonly written?: bigint;
  readonly ordering: Ordering;
  /** Of an atomic read-modify-write instruction, which x86 locks the bus for, even where the comparison fails. */
  readonly atomic: boolean;
  /** The event that writes what this one read and compared. */
  readonly partner?: number;
  /** Reads that the address was computed from. */
  readonly addr: EventSet;
  /** Reads that the value written was computed from. */
  readonly data: EventSet;
  /** Reads that decided that control came here. */
  readonly ctrl: EventSet;
  /** Counts the thread's instructions: events of one instruction are in no program order. */
  readonly instance: number;
  /** Index of the instruction in the thread's code. */
  readonly step: number;
}

/** A whole run of a thread, under guesses of what its reads saw. */
export interface Trace {
  readonly events: readonly MemoryEvent[];
  /** At the end, r0 to r10. */
  readonly registers: readonly bigint[];
}

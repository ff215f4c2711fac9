/** Reads of two fields while another CPU changes them, by who takes the lock, as a real kernel showed them. */
import type { BpfObject } from "../../object/bpf_object.ts";
import { runOnLinux } from "../linux/run.ts";
import { type Spread, spreadOf } from "../spread.ts";
import { recordedExperiments } from "./experiments.ts";

/** Chapter 03's pairs of programs: a writer on CPU 0, a reader on CPU 1. */
export const LOCK_SIDES = [
  ["write_locked", "read_locked"],
  ["write_locked", "read_plain"],
  ["write_plain", "read_locked"],
  ["write_plain", "read_plain"],
] as const;

/** How often a reader saw half of an update, on a kernel that was measured once. */
export interface LockedReads {
  /** Program on CPU 0. */
  readonly writer: string;
  /** Program on CPU 1. */
  readonly reader: string;
  /** Reads in all. */
  readonly reads: number;
  /** Part of the reads that was torn, 0 to 1, over the repeats. */
  readonly torn: Spread;
  /** The kernel and the processor. */
  readonly on: string;
  /** Day of the measurement: `2026-11-29`. */
  readonly date: string;
}

/**
 * Torn reads of chapter 03's listing by who takes the lock, as `deno task record` measured them.
 *
 * @example
 * ```ts
 * import { recordedLockedReads } from "interleave";
 * const locked = recordedLockedReads().find(({ writer, reader }) => writer === "write_locked" && reader === "read_locked")!;
 * if (locked.torn.max !== 0) throw new Error("both sides take the lock");
 * ```
 */
export const recordedLockedReads = (): readonly LockedReads[] => recordedExperiments().lockedReads;

const REPEATS = 9, DURATION_MS = 20;

/**
 * Torn reads on the running kernel.
 *
 * @param pairs the listing that has the programs of {@link LOCK_SIDES}
 * @param on the kernel and the processor, in words
 * @param date of today
 */
export async function measureLockedReads(pairs: BpfObject, on: string, date: string): Promise<LockedReads[]> {
  const measured: LockedReads[] = [];
  for (const [writer, reader] of LOCK_SIDES) {
    const programs = [{ prog: writer, cpus: [0] }, { prog: reader, cpus: [1] }];
    const { outcomes } = await runOnLinux(pairs, { cpus: 2, programs, repeats: REPEATS, durationMs: DURATION_MS });
    const reads = outcomes.map(({ final }) => Number(final.reads));
    const torn = outcomes.map(({ final }, i) => Number(final.torn) / reads[i]);
    measured.push({ writer, reader, reads: reads.reduce((a, b) => a + b, 0), torn: spreadOf(torn), on, date });
  }
  return measured;
}

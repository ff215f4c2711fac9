/** Litmus tests that were run on a real kernel, for readers without one. */
import { litmusOn } from "../litmus/litmus_on.ts";
import { recordedExperiments } from "./experiments.ts";

/** How often runs of a litmus test ended in each state, on a kernel that was measured once. */
export interface RecordedLitmus {
  /** Text of the litmus file. */
  readonly test: string;
  /** The kernel and the processor. */
  readonly on: string;
  /** Day of the measurement: `2026-11-29`. */
  readonly date: string;
  /** Runs in all. */
  readonly runs: number;
  /** Final states as herd7 writes them. */
  readonly states: readonly { readonly state: string; readonly count: number; readonly holds: boolean }[];
}

/** Store buffering, and message passing with release and acquire: those of chapter 08. */
export const RECORDED_TESTS: readonly string[] = [
  `BPF SB
{ 0:r1=x; 0:r2=y; 1:r1=x; 1:r2=y; }
P0                       | P1                       ;
*(u64 *)(r1 + 0) = 1     | *(u64 *)(r2 + 0) = 1     ;
r3 = *(u64 *)(r2 + 0)    | r3 = *(u64 *)(r1 + 0)    ;
exists (0:r3=0 /\\ 1:r3=0)`,
  `BPF MP+rel+acq
{ 0:r1=data; 0:r2=flag; 0:r3=1; 1:r1=data; 1:r2=flag; }
P0                                       | P1                                       ;
*(u64 *)(r1 + 0) = 1                     | r3 = load_acquire((u64 *)(r2 + 0))       ;
store_release((u64 *)(r2 + 0), r3)       | r4 = *(u64 *)(r1 + 0)                    ;
exists (1:r3=1 /\\ 1:r4=0)`,
];

/**
 * What `deno task record` measured of a litmus test on a kernel; nothing for other tests than the book's.
 *
 * @param test text of the litmus file, to the letter
 *
 * @example
 * ```ts
 * import { recordedLitmus } from "interleave";
 * if (recordedLitmus("BPF mine") !== undefined) throw new Error("only what was measured");
 * ```
 */
export const recordedLitmus = (test: string): RecordedLitmus | undefined =>
  recordedExperiments().litmus.find((one) => one.test === test);

/** Runs the book's litmus tests on the running kernel. */
export async function measureLitmus(cpu: string, date: string): Promise<RecordedLitmus[]> {
  const measured: RecordedLitmus[] = [];
  for (const test of RECORDED_TESTS) {
    const { on, runs, states } = await litmusOn(test, { on: "linux", memory: "x86" });
    const kernel = on.replace(/^the running /, "");
    measured.push({
      test,
      on: `${kernel}, ${cpu}`,
      date,
      runs,
      states: states.map(({ state, count, holds }) => ({ state, count, holds })),
    });
  }
  return measured;
}

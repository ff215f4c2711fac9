/** Litmus tests that were run on a real kernel, for readers without one. */
import { litmusOn } from "../litmus/litmus_on.ts";
import { recordedExperiments } from "./experiments.ts";

/** How often runs of a litmus test ended in each state, on a kernel that was measured once. */
export interface RecordedLitmus {
  /** Text of the litmus file. */
  readonly test: string;
  /** Where it ran: the kernel, or threads of WebAssembly. */
  readonly machine: "linux" | "threads";
  /** The machine and the processor, in words. */
  readonly on: string;
  /** Day of the measurement: `2026-11-29`. */
  readonly date: string;
  /** Runs in all. */
  readonly runs: number;
  /** Final states as herd7 writes them. */
  readonly states: readonly { readonly state: string; readonly count: number; readonly holds: boolean }[];
}

/** Store buffering and message passing, as they stand and with what keeps them in order: those of chapter 08. */
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
  `BPF SB+fetch
{ 0:r1=x; 0:r2=y; 0:r5=1; 0:r6=a; 1:r1=x; 1:r2=y; 1:r5=1; 1:r6=b; }
P0                                         | P1                                         ;
*(u64 *)(r1 + 0) = 1                       | *(u64 *)(r2 + 0) = 1                       ;
r5 = atomic_fetch_add((u64 *)(r6 + 0), r5) | r5 = atomic_fetch_add((u64 *)(r6 + 0), r5) ;
r3 = *(u64 *)(r2 + 0)                      | r3 = *(u64 *)(r1 + 0)                      ;
exists (0:r3=0 /\\ 1:r3=0)`,
  `BPF MP
{ 0:r1=data; 0:r2=flag; 1:r1=data; 1:r2=flag; }
P0                    | P1                    ;
*(u64 *)(r1 + 0) = 1  | r3 = *(u64 *)(r2 + 0) ;
*(u64 *)(r2 + 0) = 1  | r4 = *(u64 *)(r1 + 0) ;
exists (1:r3=1 /\\ 1:r4=0)`,
];

/**
 * What `deno task record` measured of a litmus test; nothing for other tests than the book's.
 *
 * @param test text of the litmus file, to the letter; or the name of one of the book's: `SB`, `SB+fetch`, `MP`, `MP+rel+acq`
 * @param machine where it ran. Default: the kernel
 *
 * @example
 * ```ts
 * import { recordedLitmus } from "interleave";
 * if (recordedLitmus("BPF mine") !== undefined) throw new Error("only what was measured");
 * ```
 */
export const recordedLitmus = (
  test: string,
  machine: RecordedLitmus["machine"] = "linux",
): RecordedLitmus | undefined =>
  recordedExperiments().litmus.find((one) =>
    one.machine === machine && (one.test === test || one.test.startsWith(`BPF ${test}\n`))
  );

/** Runs the book's litmus tests on the running kernel, and on threads of this computer. */
export async function measureLitmus(cpu: string, date: string): Promise<RecordedLitmus[]> {
  const measured: RecordedLitmus[] = [];
  for (const machine of ["linux", "threads"] as const) {
    for (const test of RECORDED_TESTS) {
      const { on, runs, states } = await litmusOn(test, { on: machine, memory: "x86" });
      measured.push({
        test,
        machine,
        on: `${machine === "linux" ? on.replace(/^the running /, "") : "threads of WebAssembly"}, ${cpu}`,
        date,
        runs,
        states: states.map(({ state, count, holds }) => ({ state, count, holds })),
      });
    }
  }
  return measured;
}

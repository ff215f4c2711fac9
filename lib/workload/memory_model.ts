/** The memory model of a run or a search: which one the reader asked for, and what it comes to for this workload. */
import { WorkloadError } from "../cpu/workload_error.ts";
import { t } from "../words/translation.ts";

/**
 * What stores and loads of other CPUs may be seen in which order: `sc`, one memory that all see at once, which no machine
 * has; `x86`, total store order; `bpf`, what the kernel's BPF memory model allows on any machine.
 *
 * @example
 * ```ts
 * import { bpf, explore, type MemoryModel } from "interleave";
 * const flags = await bpf`int x, y, saw_y, saw_x;
 * SEC("raw_tp") int one(void *ctx) { *(volatile int *)&x = 1; saw_y = *(volatile int *)&y; return 0; }
 * SEC("raw_tp") int two(void *ctx) { *(volatile int *)&y = 1; saw_x = *(volatile int *)&x; return 0; }`;
 * const programs = [{ prog: "one", cpus: [0] }, { prog: "two", cpus: [1] }];
 * const holds = (values: Record<string, unknown>) => values.saw_x !== 0n || values.saw_y !== 0n;
 * const found = async (memory: MemoryModel) => (await explore(flags, { cpus: 2, programs, memory, holds })).observation;
 * if (await found("sc") !== "Never" || await found("x86") !== "Sometimes") throw new Error("x86 has store buffers");
 * ```
 */
export type MemoryModel = "sc" | "x86" | "bpf";

export const MEMORY_MODELS: readonly MemoryModel[] = ["sc", "x86", "bpf"];

/** What every report says of it. */
export interface MemoryReport {
  /** The model. */
  readonly model: MemoryModel;
  /** Whether the CPUs have store buffers here; no where the program cannot tell (workload/store_delays.ts). */
  readonly buffered: boolean;
  /** In a phrase for the reader. */
  readonly text: string;
}

const cannotTell = (): string => t`no store is followed by a load of another shared word before a barrier`;

export const describeMemory = (model: MemoryModel, buffered: boolean, from = cannotTell()): MemoryReport => ({
  model,
  buffered,
  text: model === "x86"
    ? buffered ? t`x86 (total store order: stores wait in the store buffer of their CPU)` : t`x86 (as SC: ${from})`
    : model === "sc"
    ? t`sc (an idealisation: every store is in memory at once, which holds on no machine)`
    : t`bpf (what the kernel's BPF memory model allows)`,
});

/** Where the BPF model, which has executions and no steps, cannot be had: says what can. */
export function refuseBpfModel(call: string): never {
  throw new WorkloadError(
    `memory is "bpf": ${call} runs programs step by step, on sequentially consistent memory or with the store buffers of ` +
      'x86, and the kernel\'s BPF memory model has no steps: take explore, litmus, or memory: "x86"',
  );
}

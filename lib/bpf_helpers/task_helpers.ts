/** Helper functions about the run itself: which CPU, which process, what time, a random number (kernel/bpf/helpers.c). */
import { TASK } from "../cpu/layout.ts";
import type { Model, TaskContext } from "../cpu/operation.ts";
import type { HelperModel, Kernel, OpenChoices } from "./kernel.ts";

/** Inlined into programs: touches nothing. */
export const bpf_get_smp_processor_id: HelperModel = (_kernel, ctx) => BigInt(ctx.cpu);

/** One NUMA node. */
export const bpf_get_numa_node_id: HelperModel = () => 0n;

/** `tgid << 32 | pid`, as the workload says; else each task is a process of its own, numbered from 1000. */
export const bpf_get_current_pid_tgid: HelperModel = (_kernel, ctx) => {
  if (ctx.pidTgid !== undefined) return ctx.pidTgid;
  const pid = BigInt(1000 + ctx.task);
  return (pid << 32n) | pid;
};

/** User 0, group 0. */
export const bpf_get_current_uid_gid: HelperModel = () => 0n;

/** How far a CPU's own clock moves on with each reading where no clock is simulated. */
const READING_NS = 25n;

/** Where the program calls the helper: an instruction of the image. */
const callOf = ({ memory, task }: TaskContext): number =>
  memory.getU32(memory.layout.tasks + task * TASK.bytes + TASK.insn);

/** One of several values that the kernel leaves open; `alone`: other tasks cannot tell when it is chosen. */
function* choose(
  values: readonly bigint[],
  label: string,
  alone: boolean,
  describe: (value: bigint) => string,
): Model {
  if (values.length === 1) return values[0];
  const alternative = yield {
    kind: "choose",
    label,
    alone,
    alternatives: values.length,
    describe: (alternative) => describe(values[alternative - 1]),
  };
  return values[Number(alternative) - 1];
}

/** Time goes on by whatever it may; all CPUs have one clock. */
function* openTime(kernel: Kernel, open: OpenChoices, insn: number): Model {
  const step = yield* choose(
    open.timeSteps(insn),
    "time goes on",
    false,
    (ns) => ns === 0n ? "no time goes by" : `${ns} ns go by`,
  );
  const clock = kernel.variables.clock(0);
  return yield {
    kind: "private",
    label: "ktime",
    run: (memory) => {
      const now = memory.read(clock, 8) + step;
      if (step > 0n) memory.write(clock, 8, now);
      return now;
    },
  };
}

/** Simulated nanoseconds since boot. */
export const bpf_ktime_get_ns: HelperModel = function* (kernel, ctx) {
  yield { kind: "work", what: "helper" };
  const { open, nowNs } = kernel.options;
  if (open && !nowNs) return yield* openTime(kernel, open, callOf(ctx));
  const clock = kernel.variables.clock(ctx.cpu);
  return yield {
    kind: "private",
    label: "ktime",
    run: (memory) => {
      if (kernel.nowNs) return BigInt(Math.floor(kernel.nowNs()));
      const now = memory.read(clock, 8) + READING_NS;
      memory.write(clock, 8, now);
      return now;
    },
  };
};

export const bpf_ktime_get_boot_ns: HelperModel = bpf_ktime_get_ns;
export const bpf_ktime_get_coarse_ns: HelperModel = bpf_ktime_get_ns;
export const bpf_ktime_get_tai_ns: HelperModel = bpf_ktime_get_ns;

/** 250 ticks a second, as on the machine that was measured. */
export const bpf_jiffies64: HelperModel = function* (kernel, ctx, args) {
  const now = bpf_ktime_get_ns(kernel, ctx, args);
  return (typeof now === "bigint" ? now : yield* now) / 4_000_000n;
};

/** lib/random32.c:prandom_u32_state: four shift registers of this CPU's own, seeded by `seed`. */
export const bpf_get_prandom_u32: HelperModel = function* (kernel, ctx) {
  yield { kind: "work", what: "helper" };
  const { open } = kernel.options;
  if (open) return yield* choose(open.random(callOf(ctx)), "prandom", true, (value) => `prandom = ${value}`);
  const state = kernel.variables.random(ctx.cpu);
  return yield {
    kind: "private",
    label: "prandom",
    run: (memory) => {
      const word = (i: number) => memory.getU32(state + 4 * i);
      const next = (s: number, a: number, b: number, mask: number, d: number): number =>
        (((s & mask) << d) ^ (((s << a) ^ s) >>> b)) >>> 0;
      const words = [
        next(word(0), 6, 13, 0xffff_fffe, 18),
        next(word(1), 2, 27, 0xffff_fff8, 2),
        next(word(2), 13, 21, 0xffff_fff0, 7),
        next(word(3), 3, 12, 0xffff_ff80, 13),
      ];
      words.forEach((value, i) => memory.setU32(state + 4 * i, value));
      return BigInt((words[0] ^ words[1] ^ words[2] ^ words[3]) >>> 0);
    },
  };
};

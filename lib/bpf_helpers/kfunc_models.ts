/** The kernel functions (`__ksym`) that are modelled, and those that mask preemption and interrupts (kernel/bpf/helpers.c). */
import { CPU } from "../cpu/layout.ts";
import type { Model, TaskContext } from "../cpu/operation.ts";
import type { HelperModel } from "./kernel.ts";
import * as bits from "./bit_iterator.ts";
import * as cgroupKfuncs from "./cgroup_kfuncs.ts";
import * as arenas from "./arena_kfuncs.ts";
import * as cpumasks from "./cpumask_kfuncs.ts";
import * as dynptrs from "./dynptr_kfuncs.ts";
import * as graphs from "./graph_kfuncs.ts";
import * as numbers from "./number_iterator.ts";
import {
  bpf_obj_drop_impl,
  bpf_obj_new_impl,
  bpf_percpu_obj_drop_impl,
  bpf_percpu_obj_new_impl,
  bpf_refcount_acquire_impl,
} from "./object_kfuncs.ts";
import { bpf_throw } from "./exceptions.ts";
import * as resLocks from "./res_lock_kfuncs.ts";
import * as stringKfuncs from "./string_kfuncs.ts";
import * as taskKfuncs from "./task_kfuncs.ts";
import { WORK_KFUNCS } from "./timer_helpers.ts";

/**
 * A mask is no step of its own; what can come in between up to the call needs one, on a word that is this CPU's alone
 * (preempt_count, the flags register).
 */
function* maskedFrom(ctx: TaskContext, what: "irq" | "preempt", label: string): Model {
  const addr = ctx.memory.layout.cpus + ctx.cpu * CPU.bytes + (what === "irq" ? CPU.irqOff : CPU.preemptOff);
  yield { kind: "atomic", addr, run: () => 0n, label };
  yield { kind: "mask", what, delta: 1 };
  return 0n;
}

const MODELS: Readonly<Record<string, HelperModel>> = {
  bpf_preempt_disable: (_kernel, ctx) => maskedFrom(ctx, "preempt", "preempt_disable"),
  *bpf_preempt_enable() {
    yield { kind: "mask", what: "preempt", delta: -1 };
    return 0n;
  },
  /** What it stores at its argument only its partner may use (the verifier sees to that). */
  bpf_local_irq_save: (_kernel, ctx) => maskedFrom(ctx, "irq", "local_irq_save"),
  *bpf_local_irq_restore() {
    yield { kind: "mask", what: "irq", delta: -1 };
    return 0n;
  },
  bpf_throw,
  ...resLocks,
  bpf_obj_new_impl,
  bpf_obj_drop_impl,
  bpf_percpu_obj_new_impl,
  bpf_percpu_obj_drop_impl,
  bpf_refcount_acquire_impl,
  ...graphs,
  ...dynptrs,
  ...cpumasks,
  ...arenas,
  ...numbers,
  ...taskKfuncs,
  ...bits,
  ...cgroupKfuncs,
  ...stringKfuncs,
  ...WORK_KFUNCS,
  /** bpf_rdonly_cast(obj, btf_id): the same address, taken for a struct of the kernel's. */
  bpf_rdonly_cast: (_kernel, _ctx, [pointer]) => pointer,
};
const NAMES = Object.keys(MODELS);

/** What stands in a linked call of a function without a model. */
export const UNMODELLED_KFUNC = -1;

/** What stands in a linked call in place of the function's BTF id; undefined for one without a model. */
export function kfuncNumber(name: string): number | undefined {
  const number = NAMES.indexOf(name);
  return number < 0 ? undefined : number;
}

export const kfuncName = (number: number): string => NAMES[number] ?? "a kernel function";
export const kfuncModel = (number: number): HelperModel | undefined => MODELS[NAMES[number]];

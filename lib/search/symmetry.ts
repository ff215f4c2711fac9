/** Whether the tasks of a machine can be exchanged for one another without a difference to any outcome. */
import { addressOf } from "../cpu/memory.ts";
import { kfuncName } from "../bpf_helpers/kfunc_models.ts";
import { isHelperCall, isKfuncCall } from "../isa/insn.ts";
import type { Machine } from "../machine/machine.ts";
import { CTX_BYTES } from "../machine/task_memory.ts";
import type { Task } from "../machine/task.ts";
import { BPF_FUNC, helperId } from "../uapi/helpers.ts";
import { BPF_MAP_TYPE } from "../uapi/map_types.ts";

/** Helpers whose steps do not depend on the CPU that they run on: lookup (in maps that CPUs share), lock, unlock, loop. */
const SAME_ON_EVERY_CPU = new Set<number>([
  BPF_FUNC.map_lookup_elem,
  BPF_FUNC.spin_lock,
  BPF_FUNC.spin_unlock,
  BPF_FUNC.loop,
]);

/** The same of kernel functions: numbers, sections, masks. */
const SAME_KFUNCS = /^bpf_(iter_num_|rcu_read_|preempt_|local_irq_)/;

/** And those whose results a search branches over, on every CPU alike: random numbers and clocks. */
const OPEN_ON_EVERY_CPU = new Set(
  [
    "bpf_get_prandom_u32",
    "bpf_ktime_get_ns",
    "bpf_ktime_get_boot_ns",
    "bpf_ktime_get_coarse_ns",
    "bpf_ktime_get_tai_ns",
    "bpf_jiffies64",
  ].map((name) => helperId(name)!),
);

/**
 * Symmetry reduction is sound when every task runs the same program equally often and no step depends on the CPU:
 * no user actors, no interrupts, no per-CPU maps, no helper that reads the CPU's number or its own variables.
 *
 * @returns undefined when it is, else the reason why not
 */
export function asymmetry(machine: Machine): string | undefined {
  const [first, ...rest] = machine.tasks;
  if (rest.length === 0) return "there is one task";
  if (machine.contexts.draws) return "CPUs run with different contexts";
  if (machine.sharesCpus) return "tasks share CPUs, or user space takes part";
  for (const task of rest) {
    if (task.context.pidTgid !== first.context.pidTgid) return "tasks have a pid of their own";
    const [packets, others] = [first, task].map(({ index }) => machine.plan.tasks[index].packets);
    if (!samePackets(packets, others)) return "CPUs are handed different packets";
    if (!sameContext(machine, first, task)) return "CPUs run with different contexts";
    if (task.program !== first.program || task.invocations !== first.invocations) return "CPUs run different programs";
  }
  if (Object.keys(machine.options.models ?? {}).length > 0) {
    return "a kernel model of the reader's own may depend on the CPU";
  }
  for (const relocation of first.program!.program.relocations) {
    if (relocation.kind !== "map") continue;
    const map = machine.object.maps[relocation.map];
    if (map.type !== BPF_MAP_TYPE.ARRAY && map.type !== BPF_MAP_TYPE.HASH) return `map ${map.name} depends on the CPU`;
  }
  const { start, end } = first.program!;
  for (const insn of machine.image.insns.slice(start, end)) {
    if (isKfuncCall(insn) && !SAME_KFUNCS.test(kfuncName(insn.imm))) return `${kfuncName(insn.imm)} depends on the CPU`;
    if (!isHelperCall(insn) || SAME_ON_EVERY_CPU.has(insn.imm)) continue;
    if (!machine.options.branches || !OPEN_ON_EVERY_CPU.has(insn.imm)) {
      return `${machine.kernel.helperName(insn.imm)} depends on the CPU`;
    }
  }
  return undefined;
}

function samePackets(some?: readonly Uint8Array[], others?: readonly Uint8Array[]): boolean {
  if (some === others || !some || !others) return some === others;
  return some.length === others.length && some.every((packet, i) => String(packet) === String(others[i]));
}

function sameContext({ memory }: Machine, one: Task, other: Task): boolean {
  const [a, b] = [one, other].map(({ ctx }) => {
    const at = addressOf(ctx);
    return memory.bytes.subarray(at, at + CTX_BYTES);
  });
  return a.every((byte, i) => byte === b[i]);
}

/** Helper calls of a program that runs on a real thread. */
import { kfuncName } from "../../bpf_helpers/kfunc_models.ts";
import type { HelperModel } from "../../bpf_helpers/kernel.ts";
import { TASK } from "../../cpu/layout.ts";
import { helperId, helperName } from "../../uapi/helpers.ts";
import type { SharedMachine, ThreadTask } from "./shared_machine.ts";
import { type SharedOperations, ThreadFault } from "./shared_operations.ts";
import { type Insn, isHelperCall, isKfuncCall } from "../../isa/insn.ts";
import { BPF_MAP_TYPE } from "../../uapi/map_types.ts";

/** Helpers that real threads can run: those whose models neither call back, sleep, nor jump to another program. */
const SUPPORTED: readonly string[] = [
  "bpf_map_lookup_elem",
  "bpf_map_update_elem",
  "bpf_map_delete_elem",
  "bpf_map_lookup_percpu_elem",
  "bpf_spin_lock",
  "bpf_spin_unlock",
  "bpf_get_smp_processor_id",
  "bpf_get_numa_node_id",
  "bpf_get_current_pid_tgid",
  "bpf_get_prandom_u32",
  "bpf_ktime_get_ns",
  "bpf_ktime_get_boot_ns",
  "bpf_ktime_get_coarse_ns",
  "bpf_jiffies64",
  "bpf_trace_printk",
  "bpf_trace_vprintk",
  "bpf_probe_read_kernel",
];
const LOOKUP = helperId("bpf_map_lookup_elem"), UPDATE = helperId("bpf_map_update_elem");
const DELETE = helperId("bpf_map_delete_elem"), LOCK = helperId("bpf_spin_lock"), UNLOCK = helperId("bpf_spin_unlock");

/** Results of lookups are remembered for keys of these sizes; more entries than this are looked up each time. */
const MAX_REMEMBERED = 65_536;

/** Why threads cannot run a call, should a run come to it; undefined for what they run. */
function lacking(insn: Insn): string | undefined {
  const name = isKfuncCall(insn) ? kfuncName(insn.imm) : helperName(insn.imm) ?? `helper #${insn.imm}`;
  if (isHelperCall(insn) && SUPPORTED.includes(name)) return undefined;
  return `${name} does not run on threads; use the simulator, or the running kernel`;
}

/**
 * Makes the import `env.helper(task, insn)` of a direct translation. Lookups in arrays (and in hash maps that no
 * program changes) and spin locks are done here and now, as the kernel inlines them; everything else by its kernel model.
 */
export function directHelpers(
  machine: SharedMachine,
  task: ThreadTask,
  operations: SharedOperations,
): (record: number, insn: number) => void {
  const { memory, kernel, image } = machine, { view } = memory, i32 = memory.i32;
  const registers = task.record + TASK.registers;
  const stackRegion = Number(task.stackTop >> 32n);
  const models: (HelperModel | undefined)[] = image.insns.map((insn) =>
    isHelperCall(insn) ? kernel.helper(insn.imm) : undefined
  );
  const remembered = rememberedLookups(machine);

  const slow = (insn: number) => {
    const model = models[insn];
    const why = lacking(image.insns[insn]);
    if (!model || why) throw new ThreadFault(why ?? `${helperName(image.insns[insn].imm)} is not modelled`);
    const argument = (r: number) => view.getBigUint64(registers + 8 * r, true);
    const result = model(kernel, task.context, [argument(1), argument(2), argument(3), argument(4), argument(5)]);
    const value = typeof result === "bigint" ? result : operations.run(result);
    view.setBigUint64(registers, BigInt.asUintN(64, value), true);
    return value;
  };

  const lookup = (insn: number) => {
    const map = i32[(registers + 8) >> 2], known = remembered[map];
    const keyAddr = i32[(registers + 16) >> 2];
    if (!known || i32[(registers + 20) >> 2] !== stackRegion || keyAddr % 4 !== 0) return slow(insn);
    const key = i32[keyAddr >> 2];
    const pointer = known.get(key);
    if (pointer === undefined) {
      const value = slow(insn);
      // a NULL is not remembered: it may be the fault of a key that is not there yet
      if (value !== 0n && known.size < MAX_REMEMBERED) known.set(key, split(value));
      return;
    }
    i32[registers >> 2] = pointer.low;
    i32[(registers + 4) >> 2] = pointer.high;
  };

  return (_record, insn) => {
    if (!isHelperCall(image.insns[insn])) return void slow(insn);
    switch (image.insns[insn].imm) {
      case LOOKUP:
        return void lookup(insn);
      case LOCK:
        return operations.lock(i32[(registers + 8) >> 2] >>> 0);
      case UNLOCK:
        return operations.unlock(i32[(registers + 8) >> 2] >>> 0);
      default:
        return void slow(insn);
    }
  };
}

interface Pointer {
  readonly low: number;
  readonly high: number;
}

const split = (pointer: bigint): Pointer => ({
  low: Number(BigInt.asIntN(32, pointer)),
  high: Number(BigInt.asIntN(32, pointer >> 32n)),
});

/** For each map whose keys of 4 bytes keep their places during the run: what lookups have found. */
function rememberedLookups({ kernel, image }: SharedMachine): (Map<number, Pointer> | undefined)[] {
  const changes = image.insns.some((insn) => isHelperCall(insn) && (insn.imm === UPDATE || insn.imm === DELETE));
  return kernel.maps.map(({ def }) => {
    const fixed = def.type === BPF_MAP_TYPE.ARRAY || def.type === BPF_MAP_TYPE.PERCPU_ARRAY ||
      (def.type === BPF_MAP_TYPE.HASH && !changes);
    return fixed && def.keySize === 4 ? new Map() : undefined;
  });
}

/** Whether the time of a run on threads is the computer's, or that of our models of the kernel. */
import { helperId } from "../../uapi/helpers.ts";
import { isHelperCall } from "../../isa/insn.ts";
import type { BpfObject, Program } from "../../object/bpf_object.ts";
import { BPF_MAP_TYPE } from "../../uapi/map_types.ts";

const [LOOKUP, LOCK, UNLOCK] = ["bpf_map_lookup_elem", "bpf_spin_lock", "bpf_spin_unlock"].map(helperId);

/**
 * True where programs call helpers that threads run as kernel models in TypeScript (direct_helpers.ts): then
 * nanoseconds per run say nothing about hardware.
 */
export function timedByModels(object: BpfObject, programs: readonly Program[]): boolean {
  const calls = programs.flatMap((program) => program.insns.filter(isHelperCall));
  const arrays = object.maps.every(({ type, data }) =>
    data !== undefined || type === BPF_MAP_TYPE.ARRAY || type === BPF_MAP_TYPE.PERCPU_ARRAY
  );
  return calls.some(({ imm }) => imm === LOOKUP ? !arrays : imm !== LOCK && imm !== UNLOCK);
}

/** Objects of the program's own types, which bpf_obj_new() allocates (kernel/bpf/btf.c:btf_find_struct_meta). */
import type { Environment } from "./environment.ts";
import { structSize } from "../kernel/kernel_objects.ts";
import { type KernelType, kernelType } from "../kernel/kernel_type.ts";
import { FieldError, specialFields } from "../../object/special_fields.ts";
import { FLAG, kindOf, type Reg, REG_TYPE } from "./register.ts";
import { fieldOf, type SpecialField } from "../kernel/map_state.ts";

const types = new WeakMap<object, Map<number, KernelType>>();
const fields = new WeakMap<KernelType, readonly SpecialField[]>();

/** The one object that stands for a struct of the program's BTF. */
export function ownType(env: Environment, id: number): KernelType {
  const btf = env.btf!;
  let known = types.get(btf);
  if (!known) types.set(btf, known = new Map());
  let type = known.get(id);
  if (!type) known.set(id, type = { name: btf.types[id].name, id });
  return type;
}

/** Locks, nodes, roots and the like in an object. */
export function ownFields(env: Environment, type: KernelType | null): readonly SpecialField[] {
  if (!env.btf || type?.id === undefined) return [];
  let found = fields.get(type);
  if (!found) {
    try {
      found = specialFields(env.btf, type.id);
    } catch (error) {
      if (!(error instanceof FieldError)) throw error;
      found = [];
    }
    fields.set(type, found);
  }
  return found;
}

/** Special fields of what a register points to (reg_btf_record). */
export function fieldsBehind(env: Environment, reg: Reg): readonly SpecialField[] {
  return kindOf(reg.type) === REG_TYPE.MAP_VALUE ? reg.map?.fields ?? [] : ownFields(env, reg.btf);
}

/** reg_may_point_to_spin_lock */
export function mayHoldLock(env: Environment, reg: Reg): boolean {
  const kind = kindOf(reg.type);
  if (kind === REG_TYPE.MAP_VALUE) {
    return fieldOf(reg.map, "bpf_spin_lock") !== undefined || fieldOf(reg.map, "bpf_res_spin_lock") !== undefined;
  }
  return kind === REG_TYPE.BTF_ID && (reg.type & FLAG.ALLOC) !== 0 &&
    ownFields(env, reg.btf).some((field) => field.kind === "bpf_spin_lock" || field.kind === "bpf_res_spin_lock");
}

/** What a pointer in a value points to: a struct of the kernel, or else of the program's own (btf_parse_kptr). */
export function kptrTarget(env: Environment, { target = "", targetId }: SpecialField): KernelType {
  const isOwn = targetId !== undefined && structSize(target) === undefined;
  return isOwn ? ownType(env, targetId) : kernelType(target);
}

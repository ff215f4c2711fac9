/** Lists and red-black trees of the program's own objects (kernel/bpf/verifier.c:process_kf_arg_ptr_to_graph_root). */
import type { Environment } from "../state/environment.ts";
import { ERRNO } from "../../uapi/errno.ts";
import type { SpecialField } from "../kernel/map_state.ts";
import { release } from "../state/references.ts";
import { FLAG, kindOf, pointer, type Reg, REG_TYPE } from "../state/register.ts";
import { fieldsBehind, ownFields, ownType } from "../state/own_objects.ts";

const OWN = REG_TYPE.BTF_ID | FLAG.ALLOC;

/** Within the comparison that a tree is sorted by, the lock stays held (in_rbtree_lock_required_cb). */
export function isInTreeCallback(env: Environment): boolean {
  const { frame } = env;
  return frame.inCallback && env.externAt.get(frame.callsite) === "bpf_rbtree_add_impl";
}

export function checkRootArgument(
  env: Environment,
  regno: number,
  index: number,
  kind: "bpf_list_head" | "bpf_rb_root",
): SpecialField {
  const reg = env.regs[regno];
  if (reg.type !== REG_TYPE.MAP_VALUE && reg.type !== OWN) {
    env.reject(ERRNO.EINVAL, `arg#${index} expected pointer to map value or allocated object`);
  }
  if (reg.type === OWN && reg.ref === 0) env.reject(ERRNO.EINVAL, "allocated object must be referenced");
  const at = placeOf(env, reg, regno, kind), fields = fieldsBehind(env, reg);
  const field = fields.find((one) => one.kind === kind && one.offset === at);
  if (!field) env.reject(ERRNO.EINVAL, `${kind} not found at offset=${at}`);
  if (!isLocked(env, reg)) {
    const lock = fields.find((one) => one.kind === "bpf_spin_lock" || one.kind === "bpf_res_spin_lock");
    env.reject(ERRNO.EINVAL, `bpf_spin_lock at off=${lock?.offset ?? -ERRNO.EINVAL} must be held for ${kind}`);
  }
  return field;
}

function placeOf(env: Environment, reg: Reg, regno: number, kind: string): number {
  if (!reg.bounds.isConst) {
    env.reject(ERRNO.EINVAL, `R${regno} doesn't have constant offset. ${kind} has to be at the constant offset`);
  }
  return reg.off + Number(BigInt.asIntN(64, reg.bounds.value));
}

/** The lock in the same value, or the same object, is held (check_reg_allocation_locked). */
function isLocked(env: Environment, reg: Reg): boolean {
  const { state } = env, owner = lockOwner(env, reg);
  if (state.activeLocks === 0) return false;
  if (state.references.some((held) => held.kind.includes("lock") && held.id === reg.id && held.owner === owner)) {
    return true;
  }
  env.log.write("held lock and object are not in the same allocation\n");
  return false;
}

/** What a lock's memory belongs to: a map, or the program's own types. */
export const lockOwner = (env: Environment, reg: Reg): unknown =>
  kindOf(reg.type) === REG_TYPE.MAP_VALUE ? reg.map : env.btf;

export function checkNodeArgument(
  env: Environment,
  regno: number,
  index: number,
  kfunc: string,
  root: SpecialField,
): void {
  const reg = env.regs[regno], takesOwned = /_(push_\w+|add)_impl$/.test(kfunc);
  if (takesOwned) {
    if (reg.type !== OWN) env.reject(ERRNO.EINVAL, `arg#${index} expected pointer to allocated object`);
    if (reg.ref === 0) env.reject(ERRNO.EINVAL, "allocated object must be referenced");
  } else {
    if (!(reg.type & FLAG.NON_OWN_REF) && reg.ref === 0) {
      env.reject(ERRNO.EINVAL, `${kfunc} can only take non-owning or refcounted bpf_rb_node pointer`);
    }
    if (isInTreeCallback(env)) env.reject(ERRNO.EINVAL, `${kfunc} not allowed in rbtree cb`);
  }
  const isList = root.kind === "bpf_list_head", kind = isList ? "bpf_list_node" : "bpf_rb_node";
  const at = placeOf(env, reg, regno, kind);
  if (!ownFields(env, reg.btf).some((one) => one.kind === kind && one.offset === at)) {
    env.reject(ERRNO.EINVAL, `${kind} not found at offset=${at}`);
  }
  const { contains } = root;
  if (!contains) env.unsupported(`a ${root.kind} that does not say what it contains`);
  const wanted = env.btf!.types[contains.type].name;
  if (reg.btf?.id !== contains.type) {
    const expected = `expects arg#1 ${kind} at offset=${contains.nodeOffset} in struct ${wanted}`;
    env.reject(
      ERRNO.EINVAL,
      `operation on ${root.kind} ${expected}, but arg is at offset=${at} in struct ${reg.btf?.name}`,
    );
  }
  if (at !== contains.nodeOffset) {
    env.reject(
      ERRNO.EINVAL,
      `arg#1 offset=${at}, but expected ${kind} at offset=${contains.nodeOffset} in struct ${wanted}`,
    );
  }
}

/** What was put into a list or a tree is no longer the program's own; until the lock is given back it may be looked at. */
export function insertIntoGraph(env: Environment, kfunc: string): void {
  if (!/_(push_\w+|add)_impl$/.test(kfunc)) return;
  const { ref } = env.regs[2];
  env.state.mapRegs((reg) => reg.ref === ref ? borrowed(env, reg) : reg);
  release(env, ref);
}

/** ref_set_non_owning */
function borrowed(env: Environment, reg: Reg): Reg {
  const to = reg.copy();
  to.ref = 0;
  to.type |= FLAG.NON_OWN_REF;
  if (ownFields(env, to.btf).some(({ kind }) => kind === "bpf_refcount")) to.type |= FLAG.RCU;
  return to;
}

/** A node that a list or tree gives (mark_reg_graph_node). */
export function graphNode(env: Environment, root: SpecialField, { isOwned }: { readonly isOwned: boolean }): Reg {
  const { contains } = root;
  if (!contains) env.unsupported(`a ${root.kind} that does not say what it contains`);
  const reg = pointer(OWN);
  reg.btf = ownType(env, contains.type);
  reg.off = contains.nodeOffset;
  return isOwned ? reg : borrowed(env, reg);
}

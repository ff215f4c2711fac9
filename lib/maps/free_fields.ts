/** What goes with a value or an object when it is given up: pointers, lists and trees in it (kernel/bpf/syscall.c). */
import { addressOf, type Memory } from "../cpu/memory.ts";
import type { Model, TaskContext } from "../cpu/operation.ts";
import type { SpinLockModel } from "../locks/spin_lock.ts";
import type { SpecialField } from "../object/special_fields.ts";
import { INIT_LIST_HEAD, linksOf, next } from "./list_head.ts";
import type { OwnObjects } from "./own_objects.ts";
import { emptyRoot, postorder, rootOf } from "./rbtree.ts";

/** What freeing needs to know. */
export interface Owner {
  own: OwnObjects | undefined;
  readonly locks: SpinLockModel;
}

/** kernel/bpf/helpers.c:__bpf_obj_drop_impl: gives up a reference to an object; with the last one goes what it holds. */
export function* bpf_obj_drop(owner: Owner, ctx: TaskContext, addr: number): Model<void> {
  const object = owner.own!.at(addr)!, { fields } = object.type;
  const count = fields.find(({ kind }) => kind === "bpf_refcount");
  if (count) {
    const at = object.addr + count.offset;
    const before = yield { kind: "rmw", op: "add", addr: at, size: 4, value: 0xffff_ffffn, label: "refcount" };
    if (before !== 1n) return;
  }
  yield* bpf_obj_free_fields(owner, ctx, fields, object.addr);
  yield { kind: "work", what: "alloc" };
  yield {
    kind: "private",
    label: "bpf_mem_free_rcu",
    run: (memory) => (owner.own!.free(memory, object), 0n),
  };
}

/** kernel/bpf/syscall.c:bpf_obj_free_fields. */
export function* bpf_obj_free_fields(
  owner: Owner,
  ctx: TaskContext,
  fields: readonly SpecialField[],
  addr: number,
): Model<void> {
  const lock = fields.find(({ kind }) => kind === "bpf_spin_lock" || kind === "bpf_res_spin_lock");
  for (const { kind, offset, contains } of fields) {
    const at = addr + offset;
    if (kind === "kptr_ref" || kind === "kptr_percpu") {
      const old = yield { kind: "rmw", op: "xchg", addr: at, size: 8, value: 0n, label: "kptr" };
      if (old !== 0n && owner.own?.at(addressOf(old))) yield* bpf_obj_drop(owner, ctx, addressOf(old));
    } else if (kind === "kptr_untrusted") {
      yield { kind: "store", addr: at, size: 8, value: 0n, label: "kptr" };
    } else if (kind === "bpf_list_head" || kind === "bpf_rb_root") {
      const take = kind === "bpf_list_head" ? takeList : takeTree;
      yield* owner.locks.bpf_spin_lock(ctx, addr + lock!.offset);
      const nodes = yield { kind: "private", label: kind, run: (memory) => take(memory, at) };
      yield* owner.locks.bpf_spin_unlock(ctx, addr + lock!.offset);
      for (const node of unpacked(nodes)) yield* bpf_obj_drop(owner, ctx, node - contains!.nodeOffset);
    }
  }
}

/** kernel/bpf/helpers.c:bpf_list_head_free, inside the lock: the list is empty from now on. */
function takeList(memory: Memory, head: number): bigint {
  const nodes = next(memory, head) === 0 ? [] : [...linksOf(memory, head)];
  INIT_LIST_HEAD(memory, head);
  return packed(nodes);
}

/** kernel/bpf/helpers.c:bpf_rb_root_free. */
function takeTree(memory: Memory, root: number): bigint {
  const nodes = [...postorder(memory, rootOf(memory, root))];
  emptyRoot(memory, root);
  return packed(nodes);
}

/** Addresses as one number, which is what a step can give its model. */
const packed = (addresses: readonly number[]): bigint =>
  addresses.reduceRight((all, addr) => (all << 32n) | BigInt(addr), 0n);

function unpacked(all: bigint): number[] {
  const addresses: number[] = [];
  for (let rest = all; rest !== 0n; rest >>= 32n) addresses.push(Number(rest & 0xffff_ffffn));
  return addresses;
}

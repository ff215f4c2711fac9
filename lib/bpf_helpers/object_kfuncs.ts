/** Objects of the program's own types, and pointers to them that maps keep (kernel/bpf/helpers.c). */
import { addressOf } from "../cpu/memory.ts";
import type { Model, TaskContext } from "../cpu/operation.ts";
import { bpf_obj_drop } from "../maps/free_fields.ts";
import type { OwnObject } from "../maps/own_objects.ts";
import { faultWith } from "../maps/source.ts";
import type { HelperModel, Kernel } from "./kernel.ts";

/** The object that a program's pointer leads to. */
export function* ownObjectAt(kernel: Kernel, ctx: TaskContext, pointer: bigint, name: string): Model<OwnObject> {
  const object = kernel.ownObjects?.at(addressOf(pointer));
  if (!object || ctx.memory.explain(pointer, 1, true)) {
    return yield* faultWith(`${name}: no pointer to an object that bpf_obj_new() gave`);
  }
  return object;
}

function* create(kernel: Kernel, ctx: TaskContext, typeId: bigint, isPercpu: boolean, name: string): Model {
  const own = kernel.ownObjects, type = own?.type(Number(typeId), isPercpu);
  if (!own || !type) return yield* faultWith(`${name}: ${typeId} is no type of the program`);
  yield { kind: "work", what: "alloc" };
  const addr = yield {
    kind: "private",
    label: "bpf_mem_alloc",
    run: (memory) => BigInt(own.alloc(memory, type, ctx.cpu)),
  };
  return own.pointer(ctx.memory, Number(addr));
}

/** bpf_obj_new(type): always an object; that the kernel may lack memory is left out. */
export const bpf_obj_new_impl: HelperModel = (kernel, ctx, [typeId]) =>
  create(kernel, ctx, typeId, false, "bpf_obj_new");

/** bpf_percpu_obj_new(type). */
export const bpf_percpu_obj_new_impl: HelperModel = (kernel, ctx, [typeId]) =>
  create(kernel, ctx, typeId, true, "bpf_percpu_obj_new");

function* drop(kernel: Kernel, ctx: TaskContext, pointer: bigint, name: string): Model {
  const { addr } = yield* ownObjectAt(kernel, ctx, pointer, name);
  yield* bpf_obj_drop(kernel.owner, ctx, addr);
  return 0n;
}

/** bpf_obj_drop(p). */
export const bpf_obj_drop_impl: HelperModel = (kernel, ctx, [pointer]) => drop(kernel, ctx, pointer, "bpf_obj_drop");

/** bpf_percpu_obj_drop(p). */
export const bpf_percpu_obj_drop_impl: HelperModel = (kernel, ctx, [pointer]) =>
  drop(kernel, ctx, pointer, "bpf_percpu_obj_drop");

/** bpf_refcount_acquire(p): one reference more, or NULL where the last one is gone (refcount_inc_not_zero). */
export const bpf_refcount_acquire_impl: HelperModel = function* (kernel, ctx, [pointer]) {
  const { type, addr } = yield* ownObjectAt(kernel, ctx, pointer, "bpf_refcount_acquire");
  const field = type.fields.find(({ kind }) => kind === "bpf_refcount");
  if (!field) return yield* faultWith(`bpf_refcount_acquire: struct ${type.name} has no bpf_refcount`);
  const at = addr + field.offset;
  const before = yield {
    kind: "atomic",
    addr: at,
    label: "refcount",
    run: (memory) => {
      const count = memory.getU32(at);
      if (count !== 0) memory.setU32(at, count + 1);
      return BigInt(count);
    },
  };
  return before === 0n ? 0n : pointer;
};

/** Helper functions about pointers that maps and objects keep (kernel/bpf/helpers.c). */
import { addressOf } from "../cpu/memory.ts";
import { faultWith } from "../maps/source.ts";
import type { HelperModel } from "./kernel.ts";

/** bpf_kptr_xchg(dst, ptr): stores a pointer, or NULL, and gives what stood there. */
export const bpf_kptr_xchg: HelperModel = function* (_kernel, ctx, [dst, pointer]) {
  const reason = ctx.memory.explain(dst, 8, true);
  if (reason) return yield* faultWith(`bpf_kptr_xchg: ${reason}`);
  return yield { kind: "rmw", op: "xchg", addr: addressOf(dst), size: 8, value: pointer, label: "kptr" };
};

/** bpf_per_cpu_ptr(percpu_ptr, cpu): NULL where there is no such CPU. */
export const bpf_per_cpu_ptr: HelperModel = (kernel, ctx, [pointer, cpuArg]) => {
  const object = kernel.ownObjects?.at(addressOf(pointer)), cpu = Number(BigInt.asUintN(32, cpuArg));
  if (!object?.type.isPercpu) return faultWith("bpf_per_cpu_ptr: only objects of bpf_percpu_obj_new() are modelled");
  if (cpu >= kernel.possibleCpus) return 0n;
  return kernel.ownObjects!.pointer(ctx.memory, kernel.ownObjects!.copyOf(object, cpu));
};

/** bpf_this_cpu_ptr(percpu_ptr). */
export const bpf_this_cpu_ptr: HelperModel = (kernel, ctx, [pointer]) => {
  const object = kernel.ownObjects?.at(addressOf(pointer));
  if (!object?.type.isPercpu) return faultWith("bpf_this_cpu_ptr: only objects of bpf_percpu_obj_new() are modelled");
  return kernel.ownObjects!.pointer(ctx.memory, kernel.ownObjects!.copyOf(object, ctx.cpu));
};

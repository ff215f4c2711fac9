/** Tracepoints and structs of the kernel, as far as programs meet them in ctx and behind pointers. */
import {
  type ArgumentData,
  type KernelTracepoints,
  type NullArguments,
  readNullArguments,
  readTracepoints,
} from "./kernel_data.ts";
import { structLayout } from "./kernel_structs.ts";

/** One argument of a tracepoint. */
export interface TracepointArg {
  readonly kind: "scalar" | "struct";
  /** The struct that it points to. */
  readonly type?: string;
  readonly mayBeNull: boolean;
}

let kernel: KernelTracepoints | undefined;
let nullArguments: NullArguments | undefined;

/** Arguments of a tracepoint, or `undefined` when the kernel has none of that name. */
export function tracepointArgs(name: string): readonly TracepointArg[] | undefined {
  kernel ??= readTracepoints();
  if (!Object.hasOwn(kernel.tracepoints, name)) return undefined;
  nullArguments ??= readNullArguments();
  const isNull = nullArguments.null[name] ?? [], isError = nullArguments.error[name] ?? [];
  return kernel.tracepoints[name].map((arg, at) => argOf(arg, isNull.includes(at), isError.includes(at)));
}

/** What may be an error in a pointer's place is no pointer to the verifier (kernel/bpf/btf.c:btf_ctx_access). */
function argOf(arg: ArgumentData, mayBeNull: boolean, mayBeError: boolean): TracepointArg {
  return typeof arg === "string" || mayBeError
    ? { kind: "scalar", mayBeNull: false }
    : { kind: "struct", type: arg.struct, mayBeNull };
}

/** Bytes of a kernel struct, where known. */
export function structSize(name: string): number | undefined {
  kernel ??= readTracepoints();
  return Object.hasOwn(kernel.sizes, name) ? kernel.sizes[name] : structLayout(name)?.size;
}

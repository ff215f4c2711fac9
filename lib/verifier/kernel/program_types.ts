/** What the verifier must know of a program's type. */
import { BPF_ATTACH_TYPE as A, BPF_PROG_TYPE as T } from "../../uapi/prog_types.ts";
import { SECTIONS } from "../../uapi/sections.ts";

export interface ProgramKind {
  readonly type: number;
  readonly attachType: number;
  readonly isSleepable: boolean;
  /** What the section names: a tracepoint, a kernel function, an iterator; the empty string when it names nothing. */
  readonly target: string;
  /** Key into the table of helpers that may be called. */
  readonly helpers: string;
  readonly takesSkb: boolean;
  /** kprobe, tracepoint, raw tracepoint, perf event: may run in any context (is_tracing_prog_type). */
  readonly isUnsafeTracing: boolean;
  /** Types whose helpers take kernel objects: BTF tracing, LSM, syscall. */
  readonly isTracing: boolean;
  readonly hasPrivateStack: boolean;
}

const TAKES_SKB: readonly number[] = [
  T.SOCKET_FILTER,
  T.SCHED_CLS,
  T.SCHED_ACT,
  T.CGROUP_SKB,
  T.LWT_IN,
  T.LWT_OUT,
  T.LWT_XMIT,
  T.LWT_SEG6LOCAL,
  T.SK_SKB,
  T.FLOW_DISSECTOR,
];
const UNSAFE_TRACING: readonly number[] = [
  T.KPROBE,
  T.TRACEPOINT,
  T.PERF_EVENT,
  T.RAW_TRACEPOINT,
  T.RAW_TRACEPOINT_WRITABLE,
];
const PRIVATE_STACK: readonly number[] = [T.KPROBE, T.TRACEPOINT, T.PERF_EVENT, T.RAW_TRACEPOINT];

/** The program type behind a SEC() name; `undefined` where libbpf knows no such section. */
export function programKind(name: string): ProgramKind | undefined {
  // A leading `?` only tells libbpf not to load the program by itself.
  const sec = name.startsWith("?") ? name.slice(1) : name;
  const found = SECTIONS.find((entry) =>
    entry.name.endsWith("+")
      ? sec === entry.name.slice(0, -1) || sec.startsWith(entry.name.slice(0, -1) + "/")
      : sec === entry.name
  );
  if (!found) return undefined;
  const base = found.name.replace("+", "");
  const { type, attach } = found;
  return {
    type,
    attachType: attach,
    isSleepable: base.endsWith(".s") || type === T.SYSCALL,
    target: sec.slice(base.length + 1),
    helpers: found.helpers,
    takesSkb: TAKES_SKB.includes(type),
    isUnsafeTracing: UNSAFE_TRACING.includes(type),
    isTracing: type === T.TRACING || type === T.LSM || type === T.SYSCALL,
    hasPrivateStack: PRIVATE_STACK.includes(type) || type === T.TRACING && attach !== A.TRACE_ITER,
  };
}

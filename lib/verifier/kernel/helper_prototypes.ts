/** The helper functions' prototypes, read from their table. */
import { HELPER_AVAILABILITY } from "../../uapi/helper_availability.ts";
import { HELPER_PROTOTYPES } from "../../uapi/helper_prototypes.ts";
import { BPF_FUNC, type HelperFunction } from "../../uapi/helpers.ts";
import { BPF_ATTACH_TYPE, BPF_PROG_TYPE } from "../../uapi/prog_types.ts";
import type { ProgramKind } from "./program_types.ts";

export type ArgKind =
  | "none"
  | "any"
  | "scalar"
  | "map"
  | "key"
  | "value"
  | "mem"
  | "size"
  | "size0"
  | "alloc"
  | "ctx"
  | "func"
  | "stack"
  | "str"
  | "timer"
  | "kptr"
  | "dynptr"
  | "lock"
  | "ringbuf"
  | "sock_common"
  | "btf_sock_common"
  | "socket"
  | "btf"
  | "percpu";

export interface HelperArg {
  readonly kind: ArgKind;
  readonly mayBeNull: boolean;
  readonly isReadOnly: boolean;
  readonly isWritten: boolean;
  /** Written only: what was there before need not be initialised. */
  readonly isUninit: boolean;
  readonly isAligned: boolean;
  readonly releases: boolean;
  readonly dynptr: string;
  /** Bytes of memory of a fixed size; 0 where an argument says the size. */
  readonly fixedSize: number;
  /** Kernel struct that a pointer must point to. */
  readonly type?: string;
}

export interface HelperPrototype {
  readonly number: number;
  /** With `bpf_` before it. */
  readonly name: string;
  /** `int`, `void`, `value`, `btf`, ... */
  readonly returns: string;
  readonly returnsNull: boolean;
  readonly returnsTrusted: boolean;
  readonly returnType?: string;
  /** Always five; those that the helper lacks are `none`. */
  readonly args: readonly HelperArg[];
  readonly isGplOnly: boolean;
  readonly maySleep: boolean;
  readonly takesPacket: boolean;
}

const NO_ARG = parseArg("none");

function parseArg(text: string): HelperArg {
  const [shape, type] = text.split(":");
  const [head, ...marks] = shape.split("+");
  const sized = marks.find((mark) => /^f\d+$/.test(mark));
  return {
    kind: head.replace("?", "") as ArgKind,
    mayBeNull: head.endsWith("?"),
    isReadOnly: marks.includes("r"),
    isWritten: marks.includes("w"),
    isUninit: marks.includes("u"),
    isAligned: marks.includes("a"),
    releases: marks.includes("release"),
    dynptr: marks.includes("local") ? "local" : marks.includes("ringbuf") ? "ringbuf" : "",
    fixedSize: sized ? Number(sized.slice(1)) : 0,
    type,
  };
}

function parseSignature(number: number, name: HelperFunction): HelperPrototype {
  const [returned, args, ...attributes] = HELPER_PROTOTYPES[name];
  const [shape, returnType] = returned.split(":");
  const [head, ...marks] = shape.split("+");
  const parsed = args.map(parseArg);
  while (parsed.length < 5) parsed.push(NO_ARG);
  return {
    number,
    name: `bpf_${name}`,
    returns: head.replace("?", ""),
    returnsNull: head.endsWith("?"),
    returnsTrusted: marks.includes("trusted"),
    returnType,
    args: parsed,
    isGplOnly: attributes.includes("gpl"),
    maySleep: attributes.includes("sleeps"),
    takesPacket: attributes.includes("packet"),
  };
}

let prototypes: Map<number, HelperPrototype> | undefined;

function all(): Map<number, HelperPrototype> {
  prototypes ??= new Map(
    (Object.keys(HELPER_PROTOTYPES) as HelperFunction[]).map((name) => [
      BPF_FUNC[name],
      parseSignature(BPF_FUNC[name], name),
    ]),
  );
  return prototypes;
}

export const helperPrototype = (number: number): HelperPrototype | undefined => all().get(number);

const availability = new Map<string, ReadonlySet<number>>();

function available(name: string): ReadonlySet<number> {
  let numbers = availability.get(name);
  if (!numbers) {
    numbers = new Set(
      (HELPER_AVAILABILITY[name] ?? "").split(" ").filter(Boolean).flatMap((range) => {
        const [first, last = first] = range.split("-").map(Number);
        return Array.from({ length: last - first + 1 }, (_, index) => first + index);
      }),
    );
    availability.set(name, numbers);
  }
  return numbers;
}

const withArg = (prototype: HelperPrototype, index: number, arg: string): HelperPrototype => ({
  ...prototype,
  args: prototype.args.map((old, at) => at === index ? parseArg(arg) : old),
});

/** The prototype for one kind of program (arguments of a few helpers differ between the kinds), or `undefined` where that kind may not call the helper. */
export function prototypeFor(number: number, kind: ProgramKind): HelperPrototype | undefined {
  const prototype = helperPrototype(number);
  if (!prototype || !available(kind.helpers).has(number) && !isIteratorHelper(number, kind)) return undefined;
  switch (number) {
    case BPF_FUNC.setsockopt:
    case BPF_FUNC.getsockopt:
      return TAKES_SOCKET.includes(kind.type) ? withArg(prototype, 0, "btf_sock_common") : prototype;
    case BPF_FUNC.sk_storage_delete:
      return kind.type === BPF_PROG_TYPE.TRACING ? withArg(prototype, 1, "btf?:sock_common") : prototype;
    case BPF_FUNC.get_cgroup_classid:
      return kind.takesSkb ? prototype : { ...prototype, args: prototype.args.map(() => NO_ARG) };
    case BPF_FUNC.get_socket_cookie:
      if (kind.type === BPF_PROG_TYPE.SK_REUSEPORT) return withArg(prototype, 0, "btf_sock_common?");
      return kind.isTracing ? withArg(prototype, 0, "btf_sock_common?") : prototype;
    case BPF_FUNC.sk_storage_get:
      if (kind.type === BPF_PROG_TYPE.TRACING) return withArg(prototype, 1, "btf?:sock_common");
      return kind.type === BPF_PROG_TYPE.CGROUP_SOCK ? withArg(prototype, 1, "ctx") : prototype;
    case BPF_FUNC.sk_assign:
      return kind.type === BPF_PROG_TYPE.SK_LOOKUP ? withArg(prototype, 1, "socket?") : prototype;
    default:
      return prototype;
  }
}

/** Types whose programs change options of a socket that they name, not of that of their context. */
const TAKES_SOCKET: readonly number[] = [BPF_PROG_TYPE.CGROUP_SOCKOPT, BPF_PROG_TYPE.TRACING, BPF_PROG_TYPE.LSM];

/** Iterators over sockets that hold their lock (bpf_iter_tcp_get_func_proto, bpf_iter_unix_get_func_proto). */
const isIteratorHelper = (number: number, { attachType, target }: ProgramKind): boolean =>
  (number === BPF_FUNC.setsockopt || number === BPF_FUNC.getsockopt) && attachType === BPF_ATTACH_TYPE.TRACE_ITER &&
  (target === "tcp" || target === "unix");

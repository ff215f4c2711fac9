/** The helper functions' prototypes, read from their table. */
import { HELPER_AVAILABILITY } from "./helper_availability.ts";
import { HELPER_TABLE } from "./helper_table.ts";
import { PROG_TYPE, type ProgramKind } from "./program_types.ts";

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
  readonly dynptr: "" | "local" | "ringbuf";
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

function parseLine(line: string): HelperPrototype {
  const [number, name, returned, args, attributes] = line.split(" ");
  const [shape, returnType] = returned.split(":");
  const [head, ...marks] = shape.split("+");
  const parsed = args === "-" ? [] : args.split(",").map(parseArg);
  while (parsed.length < 5) parsed.push(NO_ARG);
  const has = (attribute: string) => attributes.split(",").includes(attribute);
  return {
    number: Number(number),
    name: `bpf_${name}`,
    returns: head.replace("?", ""),
    returnsNull: head.endsWith("?"),
    returnsTrusted: marks.includes("trusted"),
    returnType,
    args: parsed,
    isGplOnly: has("gpl"),
    maySleep: has("sleeps"),
    takesPacket: has("packet"),
  };
}

let prototypes: Map<number, HelperPrototype> | undefined;

function all(): Map<number, HelperPrototype> {
  prototypes ??= new Map(
    HELPER_TABLE.trim().split("\n").map(parseLine).map((prototype) => [prototype.number, prototype]),
  );
  return prototypes;
}

export const helperPrototype = (number: number): HelperPrototype | undefined => all().get(number);
/** The name in messages; numbers beyond the list are `unknown` (kernel/bpf/disasm.c:func_id_name). */
export const helperName = (number: number): string => all().get(number)?.name ?? "unknown";

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

/** Helpers whose arguments differ between the kinds of program. */
const GET_CGROUP_CLASSID = 17, GET_SOCKET_COOKIE = 46, SK_STORAGE_GET = 107, SK_ASSIGN = 124;

const withArg = (prototype: HelperPrototype, index: number, arg: string): HelperPrototype => ({
  ...prototype,
  args: prototype.args.map((old, at) => at === index ? parseArg(arg) : old),
});

/** The prototype for one kind of program, or `undefined` where that kind may not call the helper. */
export function prototypeFor(number: number, kind: ProgramKind): HelperPrototype | undefined {
  const prototype = helperPrototype(number);
  if (!prototype || !available(kind.helpers).has(number)) return undefined;
  switch (number) {
    case GET_CGROUP_CLASSID:
      return kind.takesSkb ? prototype : { ...prototype, args: prototype.args.map(() => NO_ARG) };
    case GET_SOCKET_COOKIE:
      if (kind.type === PROG_TYPE.SK_REUSEPORT) return withArg(prototype, 0, "btf_sock_common?");
      return kind.isTracing ? withArg(prototype, 0, "btf_sock_common?") : prototype;
    case SK_STORAGE_GET:
      return kind.type === PROG_TYPE.CGROUP_SOCK ? withArg(prototype, 1, "ctx") : prototype;
    case SK_ASSIGN:
      return kind.type === PROG_TYPE.SK_LOOKUP ? withArg(prototype, 1, "socket?") : prototype;
    default:
      return prototype;
  }
}

/** The helper functions' prototypes, read from their table. */
import { HELPER_AVAILABILITY } from "./helper_availability.ts";
import { HELPER_TABLE } from "./helper_table.ts";
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

/** Takes the context in some kinds of program and nothing in the others. */
const GET_CGROUP_CLASSID = 17, GET_SOCKET_COOKIE = 46;

/** The prototype for one kind of program, or `undefined` where that kind may not call the helper. */
export function prototypeFor(number: number, kind: ProgramKind): HelperPrototype | undefined {
  const prototype = helperPrototype(number);
  if (!prototype || !available(kind.helpers).has(number)) return undefined;
  if (number === GET_CGROUP_CLASSID && !kind.takesSkb) return { ...prototype, args: prototype.args.map(() => NO_ARG) };
  if (number === GET_SOCKET_COOKIE && kind.isTracing) {
    return { ...prototype, args: [parseArg("btf_sock_common"), ...prototype.args.slice(1)] };
  }
  return prototype;
}

/**
 * Contexts of tracing programs, and of those of the socket layer and of cgroups, for which the workload gives no bytes:
 * arguments drawn by the seed, anew for each run, with the kernel's objects behind pointers.
 *
 * What is drawn depends on the number of the run and, in every other run, on the CPU; not on the program, so that a
 * program at the entry of a function and one at its exit, or at two tracepoints that a request comes by, see the same
 * objects.
 */
import { hash32 } from "../bpf_helpers/drawn.ts";
import { KernelObjects } from "../bpf_helpers/kernel_objects.ts";
import { addressOf, type Memory } from "../cpu/memory.ts";
import { type Insn, isAtomic, isBpfCall, isCall, isHelperCall, isKfuncCall, isLoad, isStore } from "../isa/insn.ts";
import type { BpfObject, Program } from "../object/bpf_object.ts";
import { resolveType } from "../object/btf_types.ts";
import { BPF_ATTACH_TYPE as A, BPF_PROG_TYPE as T } from "../uapi/prog_types.ts";
import { helperId } from "../uapi/helpers.ts";
import { hookFunction } from "../verifier/kernel/attach_targets.ts";
import { type Hook, type HookValue, kernelHook } from "../verifier/kernel/hooks.ts";
import { tracepointArgs } from "../verifier/kernel/kernel_objects.ts";
import { type ProgramKind, programKind } from "../verifier/kernel/program_types.ts";
import { comparedConstants } from "../workload/compared_constants.ts";
import { currentProcess } from "../workload/current_process.ts";
import type { Plan, PlannedTask } from "../workload/plan.ts";
import { CTX_BYTES } from "./task_memory.ts";

const WORD = 8;
const TASK_STRUCT = "task_struct";
/** Words of arguments where no prototype is known. */
const UNKNOWN_ARGS = 6;

/** Offsets in struct pt_regs of x86-64: the arguments in their order, what a function gives back, and the rest. */
const PT_REGS = { args: [112, 104, 96, 88, 72, 64], ax: 80, ip: 128, sp: 152, words: 21 } as const;
/** Offset of sample_period in struct bpf_perf_event_data, behind the registers. */
const SAMPLE_PERIOD = PT_REGS.words * WORD;

/** How a program's context is made. */
type Shape =
  | { readonly kind: "words"; readonly args: readonly HookValue[]; readonly returns?: HookValue }
  | {
    readonly kind: "regs";
    readonly args: readonly HookValue[];
    readonly returns: HookValue;
    readonly isSample: boolean;
  }
  | { readonly kind: "struct"; readonly type: number };

const UNKNOWN: HookValue = { kind: "pointer", words: 1, mayBeNull: false };
const INTEGER: HookValue = { kind: "integer", words: 1, mayBeNull: false };
const NO_PROTOTYPE: Hook = { args: Array(UNKNOWN_ARGS).fill(UNKNOWN), returns: INTEGER };
/** Of a program whose context holds trusted pointers, which it loads through: whatever they are, they are pointers. */
const OBJECTS: Hook = {
  ...NO_PROTOTYPE,
  args: Array(UNKNOWN_ARGS).fill({ kind: "struct", words: 1, mayBeNull: false }),
};

export class TracedContexts {
  /** Undefined where no program asks for any. */
  readonly objects: KernelObjects | undefined;
  readonly #shapes: readonly (Shape | undefined)[];
  readonly #tasks: readonly PlannedTask[];

  /** @param seed what arguments and objects are drawn from */
  constructor({ object, tasks, programs }: Plan, readonly seed: number) {
    this.#tasks = tasks;
    const shapes = new Map(programs.map((program) => [program.name, shapeOf(object, program)]));
    this.#shapes = tasks.map(({ prog, ctx }) => prog === undefined || ctx ? undefined : shapes.get(prog));
    const wanted = [
      ...new Set([...this.#shapes.flatMap((shape) => structsIn(object, shape)), ...currentTask(programs)]),
    ];
    if (wanted.length === 0 && this.#shapes.every((shape) => shape === undefined)) return;
    const identities = tasks.map((_, task) => ({ pidTgid: currentProcess(tasks, task) }));
    this.objects = new KernelObjects(object.btf, wanted, identities, seed, comparedConstants(programs));
  }

  /** Whether the context of any task is drawn. */
  get draws(): boolean {
    return this.#shapes.some((shape) => shape !== undefined);
  }

  /** Writes the context of a run that begins. */
  begin(memory: Memory, task: number, ctx: bigint, run: number): void {
    const shape = this.#shapes[task];
    if (!shape) return;
    const at = addressOf(ctx);
    // CPUs meet at one object in every other run, from the first on: what only objects apart are asked for races with nobody.
    const salt = hash32(this.seed, run % 2 === 0 ? 0 : this.#tasks[task].cpu, run);
    memory.bytes.fill(0, at, at + CTX_BYTES);
    const put = (offset: number, value: bigint) =>
      memory.view.setBigUint64(at + offset, BigInt.asUintN(64, value), true);
    if (shape.kind === "struct") {
      this.objects!.drawInto(memory, at, shape.type, salt);
      return;
    }
    const values = this.#values(shape.args, task, salt);
    const returned = shape.returns && this.#returned(shape.returns, salt);
    if (shape.kind === "words") {
      const words = returned === undefined ? values : [...values, returned];
      words.slice(0, CTX_BYTES / WORD).forEach((value, i) => put(i * WORD, value));
      return;
    }
    for (let i = 0; i < PT_REGS.words; i++) put(i * WORD, this.objects!.number(salt ^ i));
    PT_REGS.args.forEach((offset, i) => put(offset, values[i] ?? 0n));
    put(PT_REGS.ax, returned ?? 0n);
    for (const offset of [PT_REGS.ip, PT_REGS.sp]) put(offset, this.objects!.untyped(salt ^ offset));
    if (shape.isSample) put(SAMPLE_PERIOD, this.objects!.number(salt));
  }

  #values(args: readonly HookValue[], task: number, salt: number): bigint[] {
    const met = new Map<string, number>();
    return args.flatMap((arg, i) => {
      const nth = met.get(arg.type ?? "") ?? 0;
      met.set(arg.type ?? "", nth + 1);
      const first = this.#value(arg, task, hash32(salt, arg.type === undefined ? i : nth));
      return [
        first,
        ...Array.from({ length: arg.words - 1 }, (_, word) => this.objects!.number(salt ^ (i * 16 + word))),
      ];
    });
  }

  #value({ kind, type, mayBeNull }: HookValue, task: number, drawn: number): bigint {
    const objects = this.objects!;
    if (mayBeNull && drawn % 4 === 0) return 0n;
    if (kind === "integer" || kind === "value") return objects.number(drawn);
    if (kind === "struct" && type === TASK_STRUCT) return objects.currentTask((task + drawn) % this.#tasks.length);
    if (kind === "struct") return objects.pointerTo(type, drawn >>> 8);
    // What it points to is not known: a text, memory of no type, or no pointer at all.
    return [objects.text, objects.untyped, objects.number, objects.untyped][drawn % 4].call(objects, drawn >>> 8);
  }

  /** What a function gives back: more often than not it worked. */
  #returned({ kind, type }: HookValue, salt: number): bigint {
    const drawn = hash32(salt, 10);
    if (kind === "struct" || kind === "pointer") return this.objects!.pointerTo(type, drawn);
    if (kind === "void") return 0n;
    return drawn % 4 === 0 ? -BigInt(1 + (drawn >>> 8) % 32) : this.objects!.number(drawn);
  }
}

/** Programs of a plan whose contexts are drawn. */
export function drawnContexts({ object, tasks, programs }: Plan): ReadonlySet<string> {
  const given = new Set(tasks.flatMap(({ prog, ctx }) => ctx && prog !== undefined ? [prog] : []));
  return new Set(
    programs.filter((program) => !given.has(program.name) && shapeOf(object, program)).map(({ name }) => name),
  );
}

/** Words of arguments of what a program is attached to; undefined where there is no telling. */
export function tracedArgs(section: string): number | undefined {
  const kind = programKind(section);
  if (!kind || kind.type !== T.TRACING && kind.type !== T.LSM) return undefined;
  if (kind.attachType === A.TRACE_RAW_TP) return tracepointArgs(kind.target)?.length;
  const hook = kernelHook(hookFunction(kind));
  return hook && hook !== "missing" ? hook.args.reduce((sum, { words }) => sum + words, 0) : undefined;
}

function shapeOf(object: BpfObject, program: Program): Shape | undefined {
  const kind = programKind(program.section);
  if (!kind || !readsContext(program)) return undefined;
  switch (kind.type) {
    case T.KPROBE: {
      const hook = prototype(kind.target);
      return { kind: "regs", ...hook, isSample: false };
    }
    case T.PERF_EVENT:
      return { kind: "regs", args: [], returns: INTEGER, isSample: true };
    case T.RAW_TRACEPOINT:
    case T.RAW_TRACEPOINT_WRITABLE:
      // One that names no tracepoint is there for BPF_PROG_RUN, which gives zeroes.
      if (kind.target === "") return undefined;
      return { kind: "words", args: tracepointValues(kind.target) };
    case T.TRACEPOINT: {
      const type = contextStruct(object, program);
      return type === undefined ? { kind: "words", args: NO_PROTOTYPE.args } : { kind: "struct", type };
    }
    case T.LSM:
      return {
        kind: "words",
        args: prototype(hookFunction(kind), OBJECTS).args,
        returns: { ...INTEGER, kind: "void" },
      };
    case T.TRACING:
      return tracingShape(object, program, kind);
    case T.SOCK_OPS:
    case T.SK_MSG:
    case T.SK_LOOKUP:
    case T.CGROUP_SOCK:
    case T.CGROUP_SOCK_ADDR:
    case T.CGROUP_SOCKOPT:
    case T.CGROUP_SYSCTL:
    case T.CGROUP_DEVICE: {
      const type = contextStruct(object, program);
      return type === undefined ? undefined : { kind: "struct", type };
    }
    default:
      return undefined;
  }
}

function tracingShape(object: BpfObject, program: Program, kind: ProgramKind): Shape {
  if (kind.attachType === A.TRACE_RAW_TP) return { kind: "words", args: tracepointValues(kind.target) };
  if (kind.attachType === A.TRACE_ITER) {
    const type = contextStruct(object, program);
    if (type !== undefined) return { kind: "struct", type };
  }
  const { args, returns } = prototype(hookFunction(kind), OBJECTS);
  return kind.attachType === A.TRACE_FENTRY ? { kind: "words", args } : { kind: "words", args, returns };
}

function prototype(name: string, unknown = NO_PROTOTYPE): Hook {
  const hook = kernelHook(name);
  return hook && hook !== "missing" ? hook : unknown;
}

const tracepointValues = (name: string): readonly HookValue[] =>
  tracepointArgs(name)?.map(({ kind, type, mayBeNull }) => ({
    kind: kind === "scalar" ? "integer" : kind,
    type,
    words: 1,
    mayBeNull,
  })) ??
    NO_PROTOTYPE.args;

/** The struct that a program's own prototype says its context is. */
function contextStruct({ btf }: BpfObject, { subprogs }: Program): number | undefined {
  const fn = btf?.types[subprogs[0]?.btfId ?? 0], first = fn && btf.types[fn.type ?? 0]?.params?.[0];
  const pointer = first && resolveType(btf, first.type);
  const target = pointer?.kind === "ptr" ? resolveType(btf!, pointer.type ?? 0) : undefined;
  return target?.kind === "struct" ? target.id : undefined;
}

/** Structs that a context has pointers to. */
function structsIn({ btf }: BpfObject, shape: Shape | undefined): string[] {
  if (!shape) return [];
  if (shape.kind !== "struct") {
    return [...shape.args, ...shape.returns ? [shape.returns] : []].flatMap(({ type }) => type ?? []);
  }
  const names: string[] = [];
  const visit = (id: number) => {
    const type = resolveType(btf!, id);
    if (type.kind === "ptr") names.push(resolveType(btf!, type.type ?? 0).name);
    else if (type.kind === "array") visit(type.type ?? 0);
    else if (type.kind === "struct" || type.kind === "union") type.members?.forEach((member) => visit(member.type));
  };
  visit(shape.type);
  return names.filter((name) => name !== "");
}

const CURRENT_TASK = ["bpf_get_current_task", "bpf_get_current_task_btf"].map((name) => helperId(name));
const TASK_KFUNCS = ["bpf_task_from_pid", "bpf_task_from_vpid"], CGROUP_KFUNCS = /^bpf_(cgroup_|task_under_cgroup)/;

const TO_TCP_SOCK = helperId("bpf_skc_to_tcp_sock");
/** struct task_struct, struct cgroup and struct tcp_sock, where a program asks for one. */
function currentTask(programs: readonly Program[]): string[] {
  const asks = ({ insns, relocations }: Program) =>
    insns.some((insn) => isHelperCall(insn) && CURRENT_TASK.includes(insn.imm)) ||
    relocations.some((one) => one.kind === "extern" && TASK_KFUNCS.includes(one.name));
  const asksCgroup = programs.some(({ relocations }) =>
    relocations.some((one) => one.kind === "extern" && CGROUP_KFUNCS.test(one.name))
  );
  const asksTcp = programs.some(({ insns }) => insns.some((insn) => isHelperCall(insn) && insn.imm === TO_TCP_SOCK));
  return [
    ...(programs.some(asks) ? [TASK_STRUCT] : []),
    ...(asksCgroup ? ["cgroup"] : []),
    ...(asksTcp ? ["tcp_sock"] : []),
  ];
}

const MOV_X = 0xbf, TAIL_CALL = helperId("bpf_tail_call"), CALLER_SAVED = [0, 1, 2, 3, 4, 5];
/** Helpers that read the context they are given, or memory that an address inside of it stands for. */
const READ_CONTEXT = [
  ...["bpf_get_func_arg", "bpf_get_func_ret", "bpf_probe_read", "bpf_probe_read_kernel", "bpf_probe_read_str"],
  "bpf_probe_read_kernel_str",
].map((name) => helperId(name));

/**
 * Whether what stands in its context can make a difference to a program: it loads from it, or hands it on to a function
 * that may. Registers of the caller's are followed from instruction to instruction, r6 to r9 are taken to hold the context
 * from then on, so that it says yes too often rather than too rarely.
 */
export function readsContext({ insns }: Program): boolean {
  const holders = new Set<number>([1]);
  for (const insn of insns) {
    if ((isLoad(insn) || isAtomic(insn)) && holders.has(insn.src)) return true;
    if (isCall(insn)) {
      const handsOn = CALLER_SAVED.some((r) => r > 0 && holders.has(r));
      if (
        handsOn && (isBpfCall(insn) || isHelperCall(insn) && insn.imm !== TAIL_CALL && READ_CONTEXT.includes(insn.imm))
      ) return true;
      if (handsOn && isKfuncCall(insn)) return true;
      for (const r of CALLER_SAVED) holders.delete(r);
    } else if (insn.opcode === MOV_X) {
      if (holders.has(insn.src)) holders.add(insn.dst);
      else if (insn.dst < 6) holders.delete(insn.dst);
    } else if (isStore(insn) && holders.has(insn.src)) {
      // spilled
      return true;
    } else if (overwrites(insn) && insn.dst < 6) holders.delete(insn.dst);
  }
  return false;
}

/** Loads and constants put something else there; arithmetic leaves a pointer into the same memory. */
const overwrites = (insn: Insn): boolean =>
  isLoad(insn) || insn.opcode === 0x18 || insn.opcode === 0xb7 || insn.opcode === 0xb4;

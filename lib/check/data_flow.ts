/**
 * Where values come from: which loads a stored value was computed of, whose key a lookup had. A forward analysis over
 * the program's blocks, all paths joined; what it says is *may come from*.
 */
import {
  accessBytes,
  ALU,
  BPF_CLASS,
  classOf,
  type Insn,
  isAtomic,
  isBpfCall,
  isCall,
  isExit,
  isGoto,
  isJump,
  isLoad,
  isStore,
  isWide,
} from "../isa/insn.ts";
import type { Program } from "../object/bpf_object.ts";
import { calleeOf, controlFlow, following, Worklist } from "../translate/translate_flow.ts";
import { helperName } from "../uapi/helpers.ts";

/**
 * What makes a value's owner known: the CPU's number, the thread's (`pid_tgid` holds both of the thread's and its
 * process's, `process` the latter only), a kernel object's address. `cpu or fixed` is the CPU's number on some paths and
 * a constant on others: what an index switches to one slot for all.
 *
 * @internal
 */
export type Origin = "cpu" | "cpu or fixed" | "thread" | "pid_tgid" | "process" | "object" | "none";

/** What is known of a register or a word of the stack. */
export interface Flow {
  /** Instructions whose loads it may be computed of. */
  readonly loads: ReadonlySet<number>;
  /** Look-ups that it may be a pointer of. */
  readonly lookups: ReadonlySet<number>;
  readonly origin: Origin;
  /** A pointer into the stack: offset from its frame's top, and the function of that frame. */
  readonly stack?: { readonly frame: number; readonly offset: number };
  /** A number that the program itself holds. */
  readonly isConstant?: true;
  /** That number is 0. */
  readonly isZero?: true;
}

const NO_INSNS: ReadonlySet<number> = new Set();
const NOTHING: Flow = { loads: NO_INSNS, lookups: NO_INSNS, origin: "none" };
const CONSTANT: Flow = { ...NOTHING, isConstant: true };
const ZERO: Flow = { ...CONSTANT, isZero: true };
const immediate = ({ imm }: Insn): Flow => imm === 0 ? ZERO : CONSTANT;

/** What a program's instructions work with; keys are instructions. */
export interface DataFlow {
  /** Of a store: what it stores. */
  readonly stored: ReadonlyMap<number, Flow>;
  /** Of a load, store or atomic: the pointer that it goes through. */
  readonly pointers: ReadonlyMap<number, Flow>;
  /** Of a helper call: what its arguments hold, and what lies on the stack behind them (8 words at most). */
  readonly calls: ReadonlyMap<number, readonly Argument[]>;
  /** Of a conditional jump: what it compares. */
  readonly compared: ReadonlyMap<number, readonly [Flow, Flow]>;
}

export interface Argument extends Flow {
  readonly behind: readonly Flow[];
}

interface State {
  readonly regs: Flow[];
  readonly stack: Map<number, Flow>;
}

const union = (a: ReadonlySet<number>, b: ReadonlySet<number>): ReadonlySet<number> =>
  a === b || b.size === 0 ? a : a.size === 0 ? b : isSubset(b, a) ? a : new Set([...a, ...b]);
const isSubset = (a: ReadonlySet<number>, b: ReadonlySet<number>): boolean => {
  for (const one of a) if (!b.has(one)) return false;
  return true;
};

function join(a: Flow | undefined, b: Flow | undefined): Flow {
  if (!a || !b) return a ?? b ?? NOTHING;
  if (a === b) return a;
  const isSame = a.stack?.offset === b.stack?.offset && a.stack?.frame === b.stack?.frame;
  return {
    loads: union(a.loads, b.loads),
    lookups: union(a.lookups, b.lookups),
    origin: a.origin === b.origin ? a.origin : isCpuOrFixed(a, b) || isCpuOrFixed(b, a) ? "cpu or fixed" : "none",
    ...(isSame && a.stack ? { stack: a.stack } : {}),
    ...(a.isConstant && b.isConstant ? { isConstant: true } : {}),
    ...(a.isZero && b.isZero ? { isZero: true } : {}),
  };
}

/** `cpu = per_cpu ? bpf_get_smp_processor_id() : 0`. */
const isCpuOrFixed = (a: Flow, b: Flow): boolean =>
  (a.origin === "cpu" || a.origin === "cpu or fixed") && (b.isConstant === true || b.origin === "cpu");

const isSameFlow = (a: Flow, b: Flow): boolean =>
  a === b ||
  a.origin === b.origin && a.isConstant === b.isConstant && a.isZero === b.isZero &&
    a.stack?.offset === b.stack?.offset &&
    a.stack?.frame === b.stack?.frame && a.loads.size === b.loads.size && a.lookups.size === b.lookups.size &&
    isSubset(a.loads, b.loads) && isSubset(a.lookups, b.lookups);

/** Words of the stack are kept by frame and offset. */
const FRAME = 1 << 16;
const word = (frame: number, offset: number): number => frame * FRAME + (Math.floor(offset / 4) + 4096);

/** Helpers that give the address of a value, or NULL. */
const LOOKUPS = new Set([
  ...["map_lookup_elem", "map_lookup_percpu_elem", "task_storage_get", "sk_storage_get", "inode_storage_get"],
  ...["cgrp_storage_get", "get_local_storage", "ringbuf_reserve"],
]);
const ORIGINS: Readonly<Record<string, Origin>> = {
  get_smp_processor_id: "cpu",
  get_current_pid_tgid: "pid_tgid",
  get_current_task: "thread",
  get_current_task_btf: "thread",
  task_storage_get: "thread",
};

/** Follows values through a program. `isOfMap` says which instructions load from a map's value. */
export function dataFlow(program: Program, isOfMap: (insn: number) => boolean): DataFlow {
  const { insns } = program, flow = new Flows(program, isOfMap);
  const entries = [0, ...program.relocations.flatMap((one) => one.kind === "func" ? [one.target] : [])];
  const { blocks, blockAt } = controlFlow(insns, [...new Set(entries)]);
  const states: (State | undefined)[] = new Array(blocks.length).fill(undefined), work = new Worklist(blocks.length);
  const returns = new Map<number, State>(), callers = new Map<number, Set<number>>();
  const enter = (block: number, state: State): void => {
    const known = states[block];
    if (!known) states[block] = { regs: state.regs.slice(), stack: new Map(state.stack) };
    else if (!mergeInto(known, state)) return;
    work.add(block);
  };
  enter(blockAt[0], { regs: new Array(11).fill(NOTHING), stack: new Map() });
  for (let at = work.take(); at !== undefined; at = work.take()) {
    const { start, end, last, successors, callee } = blocks[at], from = states[at]!;
    const state = { regs: from.regs.slice(), stack: new Map(from.stack) };
    for (let insn = start; insn < end && insn <= last; insn = following(insns[insn], insn)) {
      flow.step(state, insn, (target, regs) => enter(blockAt[target], { regs, stack: state.stack }));
    }
    if (callee !== undefined) {
      const first = calleeOf(insns[last], last);
      (callers.get(first) ?? callers.set(first, new Set()).get(first)!).add(at);
      enter(callee, state);
      const back = returns.get(first);
      if (!back) continue;
      const regs = state.regs.slice();
      regs.fill(NOTHING, 1, 6);
      regs[0] = back.regs[0];
      const stack = new Map(state.stack);
      for (const [key, value] of back.stack) stack.set(key, join(stack.get(key), value));
      for (const next of successors) enter(next, { regs, stack });
      continue;
    }
    if (isExit(insns[last])) {
      const first = flow.functionOf(last), known = returns.get(first);
      if (!known) returns.set(first, state);
      else if (!mergeInto(known, state)) continue;
      for (const caller of callers.get(first) ?? []) work.add(caller);
      continue;
    }
    for (const next of successors) enter(next, state);
  }
  return flow;
}

/** Joins a state into another one; whether that changed it. A word that only one of them knows stays known. */
function mergeInto(into: State, from: State): boolean {
  let changed = false;
  from.regs.forEach((value, reg) => {
    const joined = join(into.regs[reg], value);
    if (isSameFlow(joined, into.regs[reg])) return;
    into.regs[reg] = joined;
    changed = true;
  });
  for (const [key, value] of from.stack) {
    const known = into.stack.get(key), joined = join(known, value);
    if (known && isSameFlow(joined, known)) continue;
    into.stack.set(key, joined);
    changed = true;
  }
  return changed;
}

class Flows implements DataFlow {
  readonly stored = new Map<number, Flow>();
  readonly pointers = new Map<number, Flow>();
  readonly calls = new Map<number, Argument[]>();
  readonly compared = new Map<number, [Flow, Flow]>();
  readonly #starts: readonly number[];
  readonly #insns: readonly Insn[];
  readonly #functions: ReadonlyMap<number, number>;

  constructor(program: Program, readonly isOfMap: (insn: number) => boolean) {
    this.#insns = program.insns;
    this.#starts = program.subprogs.map(({ start }) => start);
    this.#functions = new Map(
      program.relocations.flatMap((one) => one.kind === "func" ? [[one.insn, one.target]] : []),
    );
  }

  /** First instruction of the function that an instruction stands in. */
  functionOf(insn: number): number {
    let found = 0;
    for (const start of this.#starts) if (start <= insn && start > found) found = start;
    return found;
  }

  step(state: State, at: number, callBack: (target: number, regs: Flow[]) => void): void {
    const insn = this.#insns[at], { regs } = state, kind = classOf(insn);
    regs[10] = { ...NOTHING, stack: { frame: this.functionOf(at), offset: 0 } };
    if (kind === BPF_CLASS.ALU || kind === BPF_CLASS.ALU64) regs[insn.dst] = this.#alu(regs, insn);
    else if (isWide(insn)) {
      const target = this.#functions.get(at);
      regs[insn.dst] = target === undefined
        ? CONSTANT
        : { ...CONSTANT, stack: undefined, lookups: new Set([-1 - target]) };
    } else if (isLoad(insn)) this.#load(state, at, insn);
    else if (isAtomic(insn)) this.#atomic(state, at, insn);
    else if (isStore(insn)) this.#store(state, at, insn);
    else if (isCall(insn)) {
      if (!isBpfCall(insn)) this.#call(state, at, insn, callBack);
    } else if (isJump(insn) && !isGoto(insn)) {
      const other = insn.opcode & 8 ? regs[insn.src] : CONSTANT, known = this.compared.get(at);
      const both: [Flow, Flow] = [regs[insn.dst], other];
      this.compared.set(at, known ? [join(known[0], both[0]), join(known[1], both[1])] : both);
    } else if (kind === BPF_CLASS.LD) regs[0] = NOTHING; // the old packet loads
  }

  #alu(regs: readonly Flow[], insn: Insn): Flow {
    const operation = insn.opcode & 0xf0, a = regs[insn.dst], isImmediate = (insn.opcode & 8) === 0;
    const b = isImmediate ? immediate(insn) : regs[insn.src], is32 = classOf(insn) === BPF_CLASS.ALU;
    if (operation === ALU.MOV) return is32 ? { ...b, origin: low32(b.origin) } : b;
    if (operation === ALU.NEG || operation === ALU.END) return { ...a, origin: "none", stack: undefined };
    const loads = union(a.loads, b.loads), lookups = union(a.lookups, b.lookups);
    const isConstant = a.isConstant && b.isConstant ? { isConstant: true } as const : {};
    const origin = originOf(operation, a, b, insn, isImmediate);
    if (!is32 && operation === ALU.ADD && isImmediate && a.stack) {
      return { ...a, stack: { ...a.stack, offset: a.stack.offset + insn.imm } };
    }
    return { loads, lookups, origin, ...isConstant };
  }

  #load({ regs, stack }: State, at: number, insn: Insn): void {
    const from = regs[insn.src], size = accessBytes(insn);
    this.#notePointer(at, from);
    if (from.stack) {
      const { frame, offset } = from.stack, first = word(frame, offset + insn.off);
      let value = stack.get(first) ?? NOTHING;
      if (size === 8) {
        const upper = stack.get(first + 1);
        if (upper && upper !== value) value = { ...join(value, upper), origin: both(value.origin, upper.origin) };
      } else if (size === 4) value = { ...value, origin: low32(value.origin) };
      regs[insn.dst] = value;
      return;
    }
    // Eight bytes of the context or of the kernel's memory may be a kernel object's address.
    const origin = size === 8 && !this.isOfMap(at) ? "object" : "none";
    regs[insn.dst] = { loads: new Set([at]), lookups: NO_INSNS, origin };
  }

  #store({ regs, stack }: State, at: number, insn: Insn): void {
    const to = regs[insn.dst], size = accessBytes(insn);
    const value = classOf(insn) === BPF_CLASS.ST ? immediate(insn) : regs[insn.src];
    this.#notePointer(at, to);
    if (!to.stack) {
      this.stored.set(at, join(this.stored.get(at), value));
      return;
    }
    const { frame, offset } = to.stack, first = word(frame, offset + insn.off);
    if (size === 8) {
      stack.set(first, value);
      stack.set(first + 1, value.origin === "pid_tgid" ? { ...value, origin: "process" } : value);
    } else {stack.set(
        first,
        size === 4 ? { ...value, origin: low32(value.origin) } : join(stack.get(first), { ...value, origin: "none" }),
      );}
  }

  #atomic({ regs }: State, at: number, insn: Insn): void {
    this.#notePointer(at, regs[insn.dst]);
    this.stored.set(at, join(this.stored.get(at), regs[insn.src]));
    const into = insn.imm === 0xf1
      ? 0
      : insn.imm & 1 || insn.imm === 0x100
      ? insn.imm === 0x100 ? insn.dst : insn.src
      : -1;
    if (into >= 0) regs[into] = { ...NOTHING, loads: new Set([at]) };
  }

  #call({ regs, stack }: State, at: number, insn: Insn, callBack: (target: number, regs: Flow[]) => void): void {
    const name = insn.src === 0 ? helperName(insn.imm)?.replace(/^bpf_/, "") ?? "" : "";
    const args = [1, 2, 3, 4, 5].map((reg): Argument => ({ ...regs[reg], behind: this.#behind(stack, regs[reg]) }));
    const known = this.calls.get(at);
    this.calls.set(
      at,
      known
        ? args.map((arg, i) => ({
          ...join(known[i], arg),
          behind: arg.behind.map((one, j) => join(known[i].behind[j], one)),
        }))
        : args,
    );
    const target = callbackOf(regs[2]) ?? callbackOf(regs[3]);
    if (target !== undefined) {
      const into: Flow[] = new Array(11).fill(NOTHING);
      if (name === "loop") into[2] = regs[3];
      if (name === "for_each_map_elem") {
        into[3] = { ...NOTHING, lookups: new Set([at]) };
        into[4] = regs[3];
      }
      callBack(target, into);
    }
    // What a helper writes behind a pointer into the stack is not known.
    if (/^(probe_read|copy_from|get_current_comm|perf_prog)/.test(name) && regs[1].stack) {
      const { frame, offset } = regs[1].stack, first = word(frame, offset);
      // Read through a pointer: eight bytes of the kernel's may be an object's address.
      stack.set(first, { ...NOTHING, loads: new Set([at]) });
    }
    regs.fill(NOTHING, 1, 6);
    regs[0] = { ...NOTHING, origin: ORIGINS[name] ?? "none", ...(LOOKUPS.has(name) ? { lookups: new Set([at]) } : {}) };
  }

  #behind(stack: ReadonlyMap<number, Flow>, reg: Flow): Flow[] {
    if (!reg.stack) return [];
    const { frame, offset } = reg.stack, first = word(frame, offset);
    const words = Math.min(MOST_WORDS, Math.max(0, Math.floor(-offset / 4)));
    return Array.from({ length: words }, (_, i) => stack.get(first + i) ?? NOTHING);
  }

  #notePointer(at: number, pointer: Flow): void {
    this.pointers.set(at, join(this.pointers.get(at), pointer));
  }
}

/** As much of a value on the stack as is looked at. */
const MOST_WORDS = 64;

const callbackOf = (reg: Flow): number | undefined => {
  for (const one of reg.lookups) if (one < 0) return -1 - one;
  return undefined;
};

/** The lower half of bpf_get_current_pid_tgid() is the thread's number, the upper one its process's. */
const low32 = (origin: Origin): Origin => origin === "pid_tgid" ? "thread" : origin === "object" ? "none" : origin;
const both = (low: Origin, high: Origin): Origin =>
  low === "pid_tgid" && high === "process" ? "pid_tgid" : low === high ? low : "none";

/** What keeps two owners' numbers apart: adding a constant, shifting within the word, masks of many bits. */
function originOf(operation: number, a: Flow, b: Flow, insn: Insn, isImmediate: boolean): Origin {
  const { imm } = insn;
  if (a.origin === "pid_tgid" && isImmediate) {
    if (operation === ALU.RSH && imm >= 32 || operation === ALU.ARSH && imm >= 32) return "process";
    if (operation === ALU.LSH && imm === 32 || operation === ALU.AND && imm === -1) return "thread";
  }
  if (isImmediate && a.origin !== "none") {
    const keeps = operation === ALU.ADD || operation === ALU.SUB || operation === ALU.XOR || operation === ALU.LSH ||
      operation === ALU.MUL && imm !== 0 || (operation === ALU.AND && imm >= 0x3f && (imm & (imm + 1)) === 0) ||
      (operation === ALU.RSH || operation === ALU.ARSH) && imm === 32;
    return keeps && !(a.origin === "object" && operation === ALU.AND) ? a.origin : "none";
  }
  // An array's address and an index: whose index, his element.
  if (operation === ALU.ADD) return a.origin !== "none" ? a.origin : b.origin;
  if (operation === ALU.OR) return a.origin !== "none" && a.origin !== "object" ? a.origin : b.origin;
  return "none";
}

/**
 * What each instruction of a program may touch of the memory that CPUs share, found without running it: in which map,
 * which value of it, which bytes. What cannot be told is said to be anywhere.
 */
import {
  accessBytes,
  ALU,
  BPF_ATOMIC,
  BPF_CLASS,
  classOf,
  type Insn,
  isAtomic,
  isCall,
  isExit,
  isGoto,
  isHelperCall,
  isJump,
  isLoad,
  isStore,
  isWide,
  jumpTarget,
} from "../isa/insn.ts";
import type { BpfObject, MapDef, Program } from "../object/bpf_object.ts";
import { BPF_FUNC } from "../uapi/helpers.ts";
import { BPF_MAP_TYPE } from "../uapi/map_types.ts";

/** A part of shared memory; what is left out may be any. */
export interface SharedPlace {
  /** Index of the map. */
  readonly map?: number;
  /** Its values, or the kernel's own structures around them: buckets, links, keys, slots, locks. */
  readonly part?: "data" | "kernel";
  /** Which value. */
  readonly elem?: string;
  /** Which bytes of it. */
  readonly offset?: number;
  readonly size: number;
  /** The bpf_spin_lock of this very value is held. */
  readonly guarded?: boolean;
}
export const ANYWHERE: SharedPlace = { size: 0 };

/** What one instruction does, in the order in which it does it; a helper's whole work is one instruction's. */
export interface SharedAccesses {
  readonly loads: readonly SharedPlace[];
  readonly stores: readonly SharedPlace[];
  /** Written by locked instructions: by them no store is delayed, but they race like others. */
  readonly locked: readonly SharedPlace[];
  /** Every way through it begins with a locked instruction: no store from before it waits any longer. */
  readonly fence: boolean;
}
const NONE: SharedAccesses = { loads: [], stores: [], locked: [], fence: false };

/** What is known of a register or of 8 bytes of stack. */
export type Known =
  | { readonly is: "number"; readonly value: bigint }
  | { readonly is: "stack"; readonly offset?: number }
  | { readonly is: "map"; readonly map: number }
  | ValuePointer
  | { readonly is: "ctx" }
  | { readonly is: "any" };
const ANY: Known = { is: "any" };
interface ValuePointer {
  readonly is: "value";
  readonly map: number;
  readonly elem?: string;
  readonly offset?: number;
  /** The call that looked it up: two pointers from the same one are to the same value. */
  readonly from?: number;
}

interface State {
  readonly registers: readonly Known[];
  /** By offset from r10, what was stored there with how many bytes. */
  readonly stack: ReadonlyMap<number, { readonly size: number; readonly value: Known }>;
  /** Whose bpf_spin_lock is held: there is one at most, and no helper is called meanwhile (process_spin_lock). */
  readonly held?: ValuePointer;
}

/** What the analysis has to know about the whole workload. */
export interface AccessOptions {
  readonly object: BpfObject;
  /** Whether a map's elements stay where they are: no task adds or takes any. */
  readonly isStable: (map: number) => boolean;
  /** Whether a map's values have no lock of their own (BPF_F_LOCK). */
  readonly isPlainValue: (map: number) => boolean;
  /** Helpers that the reader has models of his own for: they may do anything. */
  readonly own: ReadonlySet<number>;
}

const T = BPF_MAP_TYPE, FRAME_POINTER = 10;
/** Look-ups that only compute an address, and maps of which each CPU has its own values. */
const INDEXED: readonly number[] = [T.ARRAY, T.PERCPU_ARRAY];
/** Helpers that touch no memory that CPUs share, whatever they are passed. */
const PURE: ReadonlySet<number> = new Set([
  BPF_FUNC.ktime_get_ns,
  BPF_FUNC.get_prandom_u32,
  BPF_FUNC.get_smp_processor_id,
  BPF_FUNC.get_current_pid_tgid,
  BPF_FUNC.get_current_uid_gid,
  BPF_FUNC.get_numa_node_id,
]);

/**
 * For each instruction of a program, what it may touch.
 *
 * @param onCall told of each call what its registers are known to hold, more than once where paths meet
 */
export function sharedAccesses(
  program: Program,
  options: AccessOptions,
  onCall?: (at: number, registers: readonly Known[]) => void,
): SharedAccesses[] {
  const { insns } = program, found = new Array<SharedAccesses>(insns.length).fill(NONE);
  // Byte code with other registers is refused before it runs (image.ts).
  if (insns.some(({ dst, src }) => dst > FRAME_POINTER || src > FRAME_POINTER)) return found;
  const states = new Array<State | undefined>(insns.length), open: number[] = [];
  const enter = (at: number, state: State) => {
    const known = states[at], joined = known ? join(known, state) : state;
    if (known && same(known, joined)) return;
    states[at] = joined;
    open.push(at);
  };
  const starts = new Set([0, ...program.subprogs.map(({ start }) => start)]);
  for (const start of starts) enter(start, entryState(start === 0));
  for (const one of program.relocations) if (one.kind === "func") enter(one.target, entryState(false));
  for (let at = open.pop(); at !== undefined; at = open.pop()) {
    const insn = insns[at], state = states[at]!;
    if (onCall && isCall(insn)) onCall(at, state.registers);
    const { after, does } = walk(insn, at, state, program, options);
    found[at] = does;
    for (const next of successors(insn, at, insns.length)) enter(next, after);
  }
  return found;
}

/** The instructions that may be next, those of called BPF functions not included. */
export function successors(insn: Insn, at: number, length: number): number[] {
  if (isExit(insn)) return [];
  const next = at + (isWide(insn) ? 2 : 1);
  const all = isGoto(insn) ? [jumpTarget(insn, at)] : isJump(insn) ? [jumpTarget(insn, at), next] : [next];
  return all.filter((to) => to >= 0 && to < length);
}

function entryState(isMain: boolean): State {
  const registers = Array.from({ length: 11 }, (): Known => ANY);
  if (isMain) registers[1] = { is: "ctx" };
  registers[10] = { is: "stack", offset: 0 };
  return { registers, stack: new Map() };
}

function walk(insn: Insn, at: number, state: State, program: Program, options: AccessOptions) {
  const registers = [...state.registers], stack = new Map(state.stack);
  let { held } = state;
  let does = NONE;
  if (isWide(insn)) {
    const relocation = program.relocations.find((one) => one.insn === at);
    registers[insn.dst] = relocation?.kind === "map"
      ? { is: "map", map: relocation.map }
      : relocation?.kind === "mapValue"
      ? { is: "value", map: relocation.map, elem: "0", offset: relocation.offset }
      : ANY;
  } else if (isCall(insn)) {
    does = isHelperCall(insn) ? helperAccesses(insn.imm, state, options) : { ...NONE };
    const result = isHelperCall(insn) ? lookedUp(insn.imm, at, state, options) : ANY;
    const lock = state.registers[1], known = isHelperCall(insn) && !options.own.has(insn.imm);
    held = known && insn.imm === BPF_FUNC.spin_lock && lock.is === "value" ? lock : undefined;
    if (!isHelperCall(insn) || !KEEPS_STACK.has(insn.imm)) stack.clear();
    // What an earlier round of a loop has looked up here is another value.
    registers.forEach((one, r) => registers[r] = withoutSource(one, at));
    for (const [offset, slot] of stack) stack.set(offset, { ...slot, value: withoutSource(slot.value, at) });
    for (let r = 0; r <= 5; r++) registers[r] = ANY;
    registers[0] = result;
  } else if (isLoad(insn)) {
    const size = accessBytes(insn), from = state.registers[insn.src];
    does = onPlace(from, insn.off, size, held, (place) => ({ ...NONE, loads: [place] }));
    registers[insn.dst] = ANY;
    if (from.is === "stack" && from.offset !== undefined) {
      const slot = stack.get(from.offset + insn.off);
      if (slot?.size === size && (size === 8 || slot.value.is === "number")) registers[insn.dst] = slot.value;
    }
  } else if (isAtomic(insn)) {
    const size = accessBytes(insn);
    if (insn.imm === BPF_ATOMIC.LOAD_ACQ) {
      does = onPlace(state.registers[insn.src], insn.off, size, held, (place) => ({ ...NONE, loads: [place] }));
      registers[insn.dst] = ANY;
    } else {
      const to = state.registers[insn.dst], plain = insn.imm === BPF_ATOMIC.STORE_REL;
      does = onPlace(
        to,
        insn.off,
        size,
        held,
        (place) => plain ? { ...NONE, stores: [place] } : { ...NONE, locked: [place], fence: to.is === "value" },
      );
      if (to.is === "stack" || to.is === "any") stack.clear();
      if (insn.imm === BPF_ATOMIC.CMPXCHG) registers[0] = ANY;
      else if (!plain && insn.imm & BPF_ATOMIC.FETCH) registers[insn.src] = ANY;
    }
  } else if (isStore(insn)) {
    const size = accessBytes(insn), to = state.registers[insn.dst];
    does = onPlace(to, insn.off, size, held, (place) => ({ ...NONE, stores: [place] }));
    if (to.is === "any" || (to.is === "stack" && to.offset === undefined)) stack.clear();
    else if (to.is === "stack") {
      const start = to.offset! + insn.off;
      for (const [offset, slot] of stack) if (offset < start + size && start < offset + slot.size) stack.delete(offset);
      const value: Known = classOf(insn) === BPF_CLASS.ST
        ? { is: "number", value: BigInt.asUintN(8 * size, BigInt(insn.imm)) }
        : state.registers[insn.src];
      stack.set(start, { size, value: value.is === "number" || size === 8 ? value : ANY });
    }
  } else if (!isJump(insn) && !isExit(insn)) registers[insn.dst] = computed(insn, state);
  return { after: { registers, stack, held }, does };
}

const withoutSource = (known: Known, from: number): Known =>
  known.is === "value" && known.from === from ? { ...known, from: undefined } : known;

/** Helpers that write nothing through their arguments but into maps. */
const KEEPS_STACK: ReadonlySet<number> = new Set([
  ...PURE,
  BPF_FUNC.map_lookup_elem,
  BPF_FUNC.map_update_elem,
  BPF_FUNC.map_delete_elem,
  BPF_FUNC.spin_lock,
  BPF_FUNC.spin_unlock,
]);

function computed(insn: Insn, { registers }: State): Known {
  const whole = classOf(insn) === BPF_CLASS.ALU64, byRegister = (insn.opcode & 0x08) !== 0, what = insn.opcode & 0xf0;
  const dst = registers[insn.dst];
  const src: Known = byRegister ? registers[insn.src] : { is: "number", value: BigInt(insn.imm) };
  if (what === ALU.MOV && insn.off === 0) {
    if (whole) return src;
    return src.is === "number" ? { is: "number", value: BigInt.asUintN(32, src.value) } : ANY;
  }
  if (!whole || (what !== ALU.ADD && what !== ALU.SUB)) return ANY;
  if (dst.is === "number" && src.is === "number") {
    return { is: "number", value: what === ALU.ADD ? dst.value + src.value : dst.value - src.value };
  }
  const [pointer, by] = dst.is === "stack" || dst.is === "value" || dst.is === "ctx" ? [dst, src] : [src, dst];
  if (pointer.is === "ctx") return pointer;
  if (pointer.is !== "stack" && pointer.is !== "value") return ANY;
  // The difference of two pointers is none, and what is taken from a number is none.
  if (by.is === "stack" || by.is === "value" || by.is === "ctx" || (what === ALU.SUB && pointer !== dst)) return ANY;
  if (by.is !== "number" || pointer.offset === undefined) return { ...pointer, offset: undefined };
  const bytes = Number(BigInt.asIntN(64, by.value));
  return { ...pointer, offset: pointer.offset + (what === ALU.ADD ? bytes : -bytes) };
}

function onPlace(
  pointer: Known,
  offset: number,
  size: number,
  held: ValuePointer | undefined,
  does: (place: SharedPlace) => SharedAccesses,
): SharedAccesses {
  if (pointer.is === "stack" || pointer.is === "ctx") return NONE;
  if (pointer.is !== "value") return does(ANYWHERE);
  const { map, elem } = pointer, start = pointer.offset === undefined ? undefined : pointer.offset + offset;
  return does({ map, part: "data", elem, offset: start, size, guarded: held && isSameValue(held, pointer) });
}

const isSameValue = (a: ValuePointer, b: ValuePointer): boolean =>
  a.map === b.map && ((a.from !== undefined && a.from === b.from) || (a.elem !== undefined && a.elem === b.elem));

const mapOf = (known: Known, { object }: AccessOptions): { readonly map: number; readonly def: MapDef } | undefined =>
  known.is === "map" ? { map: known.map, def: object.maps[known.map] } : undefined;

function helperAccesses(id: number, state: State, options: AccessOptions): SharedAccesses {
  const anything: SharedAccesses = { loads: [ANYWHERE], stores: [ANYWHERE], locked: [ANYWHERE], fence: false };
  if (options.own.has(id)) return anything;
  if (PURE.has(id)) return NONE;
  const known = mapOf(state.registers[1], options), kernel = { map: known?.map, part: "kernel", size: 0 } as const;
  const key = state.registers[2].is === "stack" ? [] : [ANYWHERE];
  switch (id) {
    case BPF_FUNC.map_lookup_elem: {
      if (!known) return { ...anything, locked: [] };
      if (INDEXED.includes(known.def.type)) return { ...NONE, loads: key };
      const marks = known.def.type === T.LRU_HASH || known.def.type === T.LRU_PERCPU_HASH;
      return { ...NONE, loads: [kernel, ...key], stores: marks ? [kernel] : [] };
    }
    case BPF_FUNC.map_update_elem: {
      const data = { map: known?.map, part: "data", size: 0 } as const;
      const value = state.registers[3].is === "stack" ? key : [...key, ANYWHERE];
      if (!known || !options.isPlainValue(known.map)) return anything;
      if (INDEXED.includes(known.def.type)) return { ...NONE, loads: value, stores: [data] };
      // kernel/bpf/hashtab.c:htab_map_update_elem: what it loads, it loads under the bucket's lock, and so do all that
      // change it. Where a value has a lock of its own, BPF_F_LOCK looks without the bucket's lock first.
      if (known.def.type === T.HASH) {
        return { loads: value, stores: [kernel, data], locked: [kernel], fence: false };
      }
      return anything;
    }
    case BPF_FUNC.map_delete_elem:
      if (known?.def.type === T.HASH) return { loads: key, stores: [kernel], locked: [kernel], fence: false };
      return anything;
    case BPF_FUNC.spin_lock:
      return { ...NONE, locked: [lockPlace(state.registers[1])], fence: true };
    case BPF_FUNC.spin_unlock:
      return { ...NONE, stores: [lockPlace(state.registers[1])] };
    default:
      return anything;
  }
}

function lockPlace(pointer: Known): SharedPlace {
  if (pointer.is !== "value") return ANYWHERE;
  return { map: pointer.map, part: "data", elem: pointer.elem, offset: pointer.offset, size: 4 };
}

/** What a look-up gives. */
function lookedUp(id: number, at: number, { registers, stack }: State, options: AccessOptions): Known {
  const known = mapOf(registers[1], options);
  if (id !== BPF_FUNC.map_lookup_elem || !known || options.own.has(id)) return ANY;
  const { map, def } = known, key = registers[2];
  if (def.inner) return ANY;
  let elem: string | undefined;
  if (def.type === T.ARRAY && def.maxEntries === 1) elem = "0";
  else if ((def.type === T.ARRAY || def.type === T.HASH) && key.is === "stack" && key.offset !== undefined) {
    const slot = stack.get(key.offset);
    if (slot?.value.is === "number" && slot.size >= def.keySize && (def.type === T.ARRAY || options.isStable(map))) {
      elem = `${BigInt.asUintN(8 * def.keySize, slot.value.value)}`;
    }
  }
  return { is: "value", map, elem, offset: 0, from: at };
}

function joinKnown(a: Known, b: Known): Known {
  if (a === b || sameKnown(a, b)) return a;
  if (a.is === "stack" && b.is === "stack") return { is: "stack" };
  if (a.is === "value" && b.is === "value" && a.map === b.map) {
    const elem = a.elem === b.elem ? a.elem : undefined, offset = a.offset === b.offset ? a.offset : undefined;
    return { is: "value", map: a.map, elem, offset, from: a.from === b.from ? a.from : undefined };
  }
  return ANY;
}

function join(a: State, b: State): State {
  const stack = new Map<number, { readonly size: number; readonly value: Known }>();
  for (const [offset, slot] of a.stack) {
    const other = b.stack.get(offset);
    if (other?.size === slot.size) stack.set(offset, { size: slot.size, value: joinKnown(slot.value, other.value) });
  }
  const held = a.held && b.held ? joinKnown(a.held, b.held) : ANY;
  return {
    registers: a.registers.map((known, r) => joinKnown(known, b.registers[r])),
    stack,
    held: held.is === "value" ? held : undefined,
  };
}

const sameKnown = (a: Known, b: Known): boolean => {
  const parts = (known: Known) => Object.entries(known).filter(([, part]) => part !== undefined).map(String).sort();
  return parts(a).join() === parts(b).join();
};

const same = (a: State, b: State): boolean =>
  sameKnown(a.held ?? ANY, b.held ?? ANY) &&
  a.registers.every((known, r) => sameKnown(known, b.registers[r])) && a.stack.size === b.stack.size &&
  [...a.stack].every(([offset, slot]) => {
    const other = b.stack.get(offset);
    return other?.size === slot.size && sameKnown(slot.value, other.value);
  });

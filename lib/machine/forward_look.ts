/**
 * Follows one value through the instructions behind the call that gave it: what is computed from it, compared, stored.
 *
 * Registers and stack slots at fixed offsets are followed over all paths of one function. Where two paths meet with
 * different values, or the value leaves the function's registers, it counts as used as a whole.
 */
import {
  accessBytes,
  ALU,
  BPF_ATOMIC,
  BPF_CLASS,
  BPF_MODE,
  classOf,
  type Insn,
  isAtomic,
  isCall,
  isExit,
  isGoto,
  isHelperCall,
  isJump,
  isWide,
  jumpTarget,
  modeOf,
} from "../isa/insn.ts";
import { HELPER_PROTOTYPES } from "../uapi/helper_prototypes.ts";
import { type HelperFunction, helperName } from "../uapi/helpers.ts";

/** What a use of the value is told to: one of them for each kind of value (told_apart.ts). */
export interface Look<T> {
  /** Arithmetic with a constant; `reversed`: the constant is the left operand. Nothing: no longer of interest. */
  alu(of: T, op: number, wide: boolean, constant: bigint, reversed: boolean): T | undefined;
  /** Arithmetic with something unknown. */
  mixed(of: T, op: number): T | undefined;
  /** Arithmetic with something else that was computed from the value; nothing: both count as used as a whole. */
  both(left: T, right: T, op: number, wide: boolean): T | undefined;
  /** A comparison; with something unknown (plus a constant) where no constant is given. */
  compare(of: T, op: number, wide: boolean, constant: bigint | undefined, plus: bigint): void;
  /** The value itself gets where it is not followed: into memory, into another function, or into a helper as said. */
  whole(of: T, passed?: Passed): void;
}

/** How a helper is given the value. */
export interface Passed {
  readonly helper: number;
  /** Which of r1 to r5. */
  readonly register: number;
  /** How many bytes behind the pointer to the stack it stands that the helper gets; undefined where it gets the value. */
  readonly behind?: number;
  /** r1, where that is a constant: a map's pointer, mostly. */
  readonly map?: bigint;
}

type Value<T> =
  | { readonly kind: "followed"; readonly of: T }
  | { readonly kind: "constant"; readonly value: bigint }
  /** The frame pointer plus an offset. */
  | { readonly kind: "frame"; readonly offset: number }
  /** Unknown, plus a constant. */
  | { readonly kind: "plus"; readonly by: bigint }
  | undefined;

interface State<T> {
  readonly regs: Value<T>[];
  readonly slots: Map<number, { readonly of: T; readonly size: number }>;
}

/** Instructions after which the value counts as used in any way. */
const MOST_VISITS = 50_000;
const TRACE_PRINTK = 6;
const U64 = (value: bigint): bigint => BigInt.asUintN(64, value);

/** Bits of a register that an instruction of class ALU or JMP32 sees. */
export const narrow = (wide: boolean, value: bigint): bigint => BigInt.asUintN(wide ? 64 : 32, value);

/**
 * @param at the helper call that gives the value
 * @param isMain whether the function is a program, whose return value nothing here depends on
 */
export function lookForward<T>(insns: readonly Insn[], at: number, start: T, isMain: boolean, look: Look<T>): void {
  new Walk(insns, at, start, isMain, look).run(0);
}

/** The same of a program's context, from its entry on. */
export function lookAtContext<T>(insns: readonly Insn[], entry: number, start: T, look: Look<T>): void {
  new Walk(insns, entry - 1, start, true, look).run(1);
}

class Walk<T> {
  readonly #states = new Map<number, State<T>>();
  readonly #todo: number[] = [];
  /** What was computed already, so that the same computation on two paths gives the same. */
  readonly #made = new Map<T, Map<string, T | undefined>>();

  constructor(
    readonly insns: readonly Insn[],
    readonly at: number,
    readonly start: T,
    readonly isMain: boolean,
    readonly look: Look<T>,
  ) {}

  /** @param register which holds the value at first */
  run(register: number): void {
    const regs: Value<T>[] = Array(11).fill(undefined);
    regs[10] = { kind: "frame", offset: 0 };
    regs[register] = { kind: "followed", of: this.start };
    this.#reach(this.at + 1, { regs, slots: new Map() });
    for (let visits = 0; this.#todo.length > 0; visits++) {
      const at = this.#todo.pop()!, known = this.#states.get(at)!;
      if (visits > MOST_VISITS) return this.look.whole(this.start);
      if (at === this.at) {
        // The call gives another value now; what is left of this one is not told from it.
        this.#settle(known);
        continue;
      }
      this.#visit(at, { regs: [...known.regs], slots: new Map(known.slots) });
    }
  }

  #reach(at: number, state: State<T>): void {
    const known = this.#states.get(at);
    if (!known) {
      this.#states.set(at, state);
      this.#todo.push(at);
      return;
    }
    let changed = false;
    for (let r = 0; r < 10; r++) {
      if (same(known.regs[r], state.regs[r])) continue;
      this.#whole(state.regs[r]);
      if (known.regs[r] === undefined) continue;
      this.#whole(known.regs[r]);
      known.regs[r] = undefined;
      changed = true;
    }
    for (const [offset, slot] of known.slots) {
      const other = state.slots.get(offset);
      if (other && other.of === slot.of && other.size === slot.size) continue;
      this.look.whole(slot.of);
      known.slots.delete(offset);
      changed = true;
    }
    for (const [offset, slot] of state.slots) if (!known.slots.has(offset)) this.look.whole(slot.of);
    if (changed) this.#todo.push(at);
  }

  #visit(at: number, state: State<T>): void {
    const insn = this.insns[at], { regs } = state;
    if (isExit(insn)) {
      if (!this.isMain) this.#whole(regs[0]);
      return;
    }
    if (isCall(insn)) this.#call(insn, state);
    else if (isJump(insn)) {
      if (!isGoto(insn)) {
        this.#compare(insn, regs);
        this.#reach(at + 1, { regs: [...regs], slots: new Map(state.slots) });
      }
      return this.#reach(jumpTarget(insn, at), state);
    } else if (isWide(insn)) {
      regs[insn.dst] = insn.src === 0 ? { kind: "constant", value: insn.imm64! } : undefined;
      return this.#reach(at + 2, state);
    } else if (classOf(insn) === BPF_CLASS.ALU || classOf(insn) === BPF_CLASS.ALU64) {
      regs[insn.dst] = this.#alu(insn, regs);
    } else this.#access(insn, state);
    this.#reach(at + 1, state);
  }

  #alu(insn: Insn, regs: readonly Value<T>[]): Value<T> {
    const op = insn.opcode & 0xf0, wide = classOf(insn) === BPF_CLASS.ALU64;
    const constant = (value: bigint): Value<T> => ({ kind: "constant", value: narrow(wide, value) });
    const left = regs[insn.dst];
    if (op === ALU.END || op === ALU.NEG) {
      return left?.kind === "followed" ? this.#computed(left.of, op) : undefined;
    }
    const right: Value<T> = insn.opcode & 8 ? regs[insn.src] : { kind: "constant", value: U64(BigInt(insn.imm)) };
    if (op === ALU.MOV) {
      if (right?.kind === "constant") return constant(right.value);
      if (right?.kind === "followed") {
        if (insn.off !== 0) return this.#computed(right.of, op);
        return wide ? right : this.#computed(right.of, ALU.AND, true, 0xffff_ffffn);
      }
      return wide && insn.off === 0 ? right : undefined;
    }
    // Signed division and its remainder.
    const isSigned = insn.off !== 0;
    if (left?.kind === "followed" && right?.kind === "constant" && !isSigned) {
      return this.#computed(left.of, op, wide, right.value);
    }
    if (left?.kind === "constant" && right?.kind === "followed" && !isSigned) {
      return this.#computed(right.of, op, wide, left.value, true);
    }
    if (left?.kind === "followed" && right?.kind === "followed") {
      const of = this.look.both(left.of, right.of, op, wide);
      if (of !== undefined) return { kind: "followed", of };
      this.#whole(right);
    }
    if (left?.kind === "followed") return this.#computed(left.of, op);
    if (right?.kind === "followed") return this.#computed(right.of, op);
    const adds = op === ALU.ADD ? 1n : op === ALU.SUB ? -1n : 0n;
    if (right?.kind !== "constant" || adds === 0n || !wide) return undefined;
    const by = adds * BigInt.asIntN(64, right.value);
    if (left?.kind === "frame") return { kind: "frame", offset: left.offset + Number(by) };
    if (left?.kind === "constant") return constant(left.value + by);
    return { kind: "plus", by: (left?.by ?? 0n) + by };
  }

  #compare(insn: Insn, regs: readonly Value<T>[]): void {
    const op = insn.opcode & 0xf0, wide = classOf(insn) === BPF_CLASS.JMP, left = regs[insn.dst];
    const right: Value<T> = insn.opcode & 8 ? regs[insn.src] : { kind: "constant", value: U64(BigInt(insn.imm)) };
    const one = (value: { readonly of: T }, other: Value<T>) =>
      this.look.compare(
        value.of,
        op,
        wide,
        other?.kind === "constant" ? other.value : undefined,
        other?.kind === "plus" ? other.by : 0n,
      );
    if (left?.kind === "followed" && right?.kind === "constant") return one(left, right);
    // The constant on the left: which of the two is greater is asked the other way round.
    if (left?.kind === "constant" && right?.kind === "followed") {
      return this.look.compare(right.of, MIRRORED[op] ?? op, wide, left.value, 0n);
    }
    if (left?.kind === "followed") one(left, right?.kind === "followed" ? undefined : right);
    if (right?.kind === "followed") one(right, left?.kind === "followed" ? undefined : left);
  }

  #access(insn: Insn, { regs, slots }: State<T>): void {
    const stores = classOf(insn) === BPF_CLASS.STX || classOf(insn) === BPF_CLASS.ST, size = accessBytes(insn);
    const base = stores ? regs[insn.dst] : regs[insn.src];
    const offset = base?.kind === "frame" ? base.offset + insn.off : undefined;
    if (base?.kind === "followed") this.look.whole(base.of);
    if (isAtomic(insn) && insn.imm === BPF_ATOMIC.LOAD_ACQ) regs[insn.dst] = undefined;
    else if (isAtomic(insn)) {
      this.#whole(regs[insn.src]);
      if (insn.imm === BPF_ATOMIC.CMPXCHG) {
        this.#whole(regs[0]);
        regs[0] = undefined;
      } else if (insn.imm & BPF_ATOMIC.FETCH) regs[insn.src] = undefined;
    } else if (stores) {
      const value = classOf(insn) === BPF_CLASS.STX ? regs[insn.src] : undefined;
      if (offset === undefined) return this.#whole(value);
      const known = slots.get(offset);
      if (known && known.size <= size) slots.delete(offset);
      this.#settleSlots(slots, offset, offset + size);
      if (value?.kind !== "followed") return;
      const mask = (1n << BigInt(8 * size)) - 1n;
      const kept = size === 8 ? value : this.#computed(value.of, ALU.AND, true, mask);
      if (kept?.kind === "followed") slots.set(offset, { of: kept.of, size });
    } else {
      const slot = offset === undefined ? undefined : slots.get(offset);
      const isWhole = slot?.size === size && modeOf(insn) === BPF_MODE.MEM;
      if (offset !== undefined && !isWhole) this.#wholeSlots(slots, offset, offset + size);
      regs[insn.dst] = slot && isWhole ? { kind: "followed", of: slot.of } : undefined;
    }
  }

  #call(insn: Insn, { regs, slots }: State<T>): void {
    const helper = isHelperCall(insn) ? insn.imm : undefined, args = helper === undefined ? 5 : argumentsOf(helper);
    const map = regs[1]?.kind === "constant" ? regs[1].value : undefined;
    for (let register = 1; register <= args; register++) {
      const value = regs[register], passed = helper === undefined ? undefined : { helper, register, map };
      this.#whole(value, passed);
      if (value?.kind === "frame") this.#wholeSlots(slots, value.offset, 0, passed);
    }
    regs.fill(undefined, 0, 6);
  }

  /** The result of arithmetic with a constant, else with something unknown. */
  #computed(of: T, op: number, wide = true, constant?: bigint, reversed = false): Value<T> {
    const made = this.#made.get(of) ?? new Map<string, T | undefined>(), key = `${op} ${wide} ${constant} ${reversed}`;
    this.#made.set(of, made);
    if (!made.has(key)) {
      const { look } = this;
      made.set(key, constant === undefined ? look.mixed(of, op) : look.alu(of, op, wide, constant, reversed));
    }
    const result = made.get(key);
    return result === undefined ? undefined : { kind: "followed", of: result };
  }

  #whole(value: Value<T>, passed?: Passed): void {
    if (value?.kind === "followed") this.look.whole(value.of, passed);
  }

  #wholeSlots(slots: State<T>["slots"], from: number, to: number, passed?: Passed): void {
    for (const [offset, { of, size }] of slots) {
      if (offset < to && offset + size > from) this.look.whole(of, passed && { ...passed, behind: offset - from });
    }
  }

  /** What lies in a stretch of the stack that is partly written over is no longer followed. */
  #settleSlots(slots: State<T>["slots"], from: number, to: number): void {
    this.#wholeSlots(slots, from, to);
    for (const [offset, { size }] of slots) if (offset < to && offset + size > from) slots.delete(offset);
  }

  #settle({ regs, slots }: State<T>): void {
    // r0 to r5 do not outlive the call.
    for (let r = 6; r < 10; r++) this.#whole(regs[r]);
    for (const { of } of slots.values()) this.look.whole(of);
  }
}

/** JGT, JGE, JLT, JLE, JSGT, JSGE, JSLT, JSLE with their operands exchanged. */
const MIRRORED: Readonly<Record<number, number>> = {
  0x20: 0xa0,
  0x30: 0xb0,
  0xa0: 0x20,
  0xb0: 0x30,
  0x60: 0xc0,
  0x70: 0xd0,
  0xc0: 0x60,
  0xd0: 0x70,
};

/** How many of r1 to r5 a helper reads; bpf_trace_printk has as many as its format wants. */
function argumentsOf(helper: number): number {
  if (helper === TRACE_PRINTK) return 5;
  const name = helperName(helper)?.replace(/^bpf_/, "") as HelperFunction | undefined;
  return name && HELPER_PROTOTYPES[name] ? HELPER_PROTOTYPES[name][1].length : 5;
}

function same<T>(a: Value<T>, b: Value<T>): boolean {
  if (a === b) return true;
  if (a?.kind === "followed" && b?.kind === "followed") return a.of === b.of;
  if (a?.kind === "constant" && b?.kind === "constant") return a.value === b.value;
  if (a?.kind === "frame" && b?.kind === "frame") return a.offset === b.offset;
  return a?.kind === "plus" && b?.kind === "plus" && a.by === b.by;
}

/** Conditional jumps: which way they go, and what each way learns (kernel/bpf/verifier.c:check_cond_jmp_op). */
import { ALU, BPF_CLASS, classOf, type Insn } from "../../isa/insn.ts";
import type { Bounds } from "../domain/bounds.ts";
import { flipped, isScalarBranchTaken, JUMP, refine } from "../domain/comparisons.ts";
import { PairMemo } from "../domain/memo.ts";
import { BPF_MAP_TYPE } from "../../uapi/map_types.ts";
import { isMayGoto } from "./control_flow.ts";
import type { Environment, LinkedRegister } from "../state/environment.ts";
import { ERRNO } from "../../uapi/errno.ts";
import { readReg } from "../state/operands.ts";
import { isPacketBranchTaken, learnPacketRange } from "../state/packet_ranges.ts";
import { markPrecise } from "../state/precision.ts";
import { previousEntry, widenImprecise } from "./prune.ts";
import { mayHoldLock } from "../state/own_objects.ts";
import { dropReference } from "../state/references.ts";
import {
  constantScalar,
  FLAG,
  isNeverNull,
  kindOf,
  pointer,
  type Reg,
  REG_TYPE,
  ZERO_SCALAR,
} from "../state/register.ts";
import { FP, isSpilled, type State } from "../state/state.ts";
import { tnumSubregIsConst, U32_MASK } from "../domain/tnum.ts";
import { scalarArithmetic } from "../domain/scalar_arithmetic.ts";

const FROM_REGISTER = 0x08;
const MAX_LINKED = 6;

/** Checks the jump at the current instruction and sets `env.insn` to the one before the next. */
export function checkConditionalJump(env: Environment, insn: Insn): void {
  const condition = insn.opcode & 0xf0, { dst, src, imm, off } = insn;
  if (condition === JUMP.JA || condition > JUMP.JCOND) {
    env.reject(ERRNO.EINVAL, `invalid BPF_JMP/JMP32 opcode ${condition.toString(16)}`);
  }
  if (isMayGoto(insn)) return mayGoto(env, insn);
  const is32 = classOf(insn) === BPF_CLASS.JMP32, isFromReg = (insn.opcode & FROM_REGISTER) !== 0;
  const first = readReg(env, dst);
  if (isFromReg ? imm !== 0 : src !== 0) env.reject(ERRNO.EINVAL, "BPF_JMP/JMP32 uses reserved fields");
  const second = isFromReg ? readReg(env, src) : constantScalar(BigInt(imm));
  const isDstStack = first.type === REG_TYPE.STACK, isSrcStack = isFromReg && second.type === REG_TYPE.STACK;
  if (isDstStack || isSrcStack) env.remember({ isDstStack, isSrcStack });
  const taken = branchTaken(first, second, condition, is32);
  if (taken !== undefined) {
    if (first.isScalar) markPrecise(env, dst);
    if (isFromReg && env.regs[src].isScalar) markPrecise(env, src);
    if (taken) env.insn += off;
    return;
  }
  fork(env, insn, condition, is32);
}

function branchTaken(first: Reg, second: Reg, condition: number, is32: boolean): boolean | undefined {
  if (first.isPacketOrEnd && second.isPacketOrEnd && !is32) return isPacketBranchTaken(first, second, condition);
  if (first.isScalar && second.isScalar) return isScalarBranchTaken(first.bounds, second.bounds, condition, is32);
  let object = first, constant = second;
  if (!isConstScalar(constant, is32)) {
    [object, constant] = [second, first];
    condition = flipped(condition);
  }
  // 6.18 takes the lower half of a pointer for as little NULL as the whole.
  if (!isConstScalar(constant, is32) || !isNeverNull(object)) return undefined;
  if ((is32 ? constant.bounds.value & U32_MASK : constant.bounds.value) !== 0n) return undefined;
  return condition === JUMP.JEQ ? false : condition === JUMP.JNE ? true : undefined;
}

const isConstScalar = (reg: Reg, is32: boolean): boolean =>
  reg.isScalar && (is32 ? tnumSubregIsConst(reg.bounds.tnum) : reg.bounds.isConst);

/** Both ways are possible: the jump's target is left for later, the next instruction goes on. */
function fork(env: Environment, insn: Insn, condition: number, is32: boolean): void {
  const { dst, src, off } = insn, isFromReg = (insn.opcode & FROM_REGISTER) !== 0;
  const linked = collectLinked(env, isFromReg ? [src, dst] : [dst]);
  if (linked.length > 1) env.remember({ linked });
  const here = env.state, first = env.regs[dst];
  const second = isFromReg ? env.regs[src] : constantScalar(BigInt(insn.imm));
  const other = env.push(env.insn + off + 1, env.insn);
  if (first.isScalar && second.isScalar) {
    const isSame = isFromReg && src === dst;
    const rule = condition << 3 | (is32 ? 4 : 0) | (isSame ? 2 : 0) | (isFromReg ? 1 : 0),
      [a, b] = [first.bounds, second.bounds];
    const { taken, fallthrough } = refined.get(
      a,
      b,
      rule,
      () => refine(a, b, condition, is32, isSame, !isFromReg),
    );
    put(other, dst, taken[0]);
    put(here, dst, fallthrough[0]);
    if (isFromReg) {
      put(other, src, taken[1]);
      put(here, src, fallthrough[1]);
      syncLinked(here, here.regs[src], linked, src);
      syncLinked(other, other.regs[src], linked, src);
    }
    syncLinked(here, here.regs[dst], linked, dst);
    syncLinked(other, other.regs[dst], linked, dst);
  }
  if (!is32 && isFromReg) equalPointers(here, other, insn, condition);
  const isNullCheck = !is32 && !isFromReg && insn.imm === 0 && (condition === JUMP.JEQ || condition === JUMP.JNE) &&
    first.mayBeNull;
  if (isNullCheck) {
    resolveNull(env, here, dst, condition === JUMP.JNE);
    resolveNull(env, other, dst, condition === JUMP.JEQ);
  } else if (isFromReg && !is32) {
    learnPacketRange(insn, condition, first, second, here, other);
  }
}

const refined = new PairMemo<ReturnType<typeof refine>>();

function put(state: State, index: number, bounds: Bounds): void {
  const reg = state.regs[index];
  if (reg.bounds !== bounds) state.regs[index] = reg.withBounds(bounds);
}

/** may_goto: the loop ends some time; what changes from round to round is forgotten so that it converges. */
function mayGoto(env: Environment, insn: Insn): void {
  if (insn.src !== 0 || insn.dst !== 0 || insn.imm !== 0) {
    env.reject(ERRNO.EINVAL, `invalid may_goto imm ${insn.imm}`);
  }
  const before = previousEntry(env, env.state.parent, env.insn);
  const queued = env.push(env.insn + 1, env.insn);
  queued.mayGotoDepth++;
  if (before) widenImprecise(before, queued);
  env.insn += insn.off;
}

/** Copies of the compared scalars, which learn what they learn. */
function collectLinked(env: Environment, indices: readonly number[]): LinkedRegister[] {
  const found: LinkedRegister[] = [];
  for (const index of indices) {
    const { id, isScalar } = env.regs[index];
    if (!isScalar || id === 0) continue;
    for (let at = env.state.frames.length - 1; at >= 0; at--) {
      const frame = env.state.frames[at];
      for (let reg = 0; reg < FP; reg++) {
        if (!frame.regs[reg].isScalar || frame.regs[reg].id !== id) continue;
        if (found.length < MAX_LINKED) found.push({ frame: at, index: reg, isReg: true });
        else frame.regs[reg] = frame.regs[reg].unlinked();
      }
      frame.stack.forEach((slot, index) => {
        if (!isSpilled(slot) || !slot.reg.isScalar || slot.reg.id !== id) return;
        if (found.length < MAX_LINKED) found.push({ frame: at, index, isReg: false });
        else frame.stack[index] = { bytes: slot.bytes, reg: slot.reg.unlinked() };
      });
    }
  }
  return found;
}

function syncLinked(state: State, known: Reg, linked: readonly LinkedRegister[], own: number): void {
  if (!known.isScalar || known.id === 0) return;
  for (const { frame: at, index, isReg } of linked) {
    const frame = state.frames[at];
    if (isReg && index === own && frame === state.frame) continue;
    const reg = isReg ? frame.regs[index] : frame.stack[index].reg;
    if (!reg.isScalar || reg.id !== known.id) continue;
    let to = known;
    // Additions of 32 and of 64 bits do not mix: one clears the upper half, the other does not.
    if ((reg.addConst | known.addConst) === (32 | 64)) continue;
    if ((reg.addConst || known.addConst) && reg.off !== known.off) {
      const delta = constantScalar(BigInt(reg.off - known.off));
      to = reg.withBounds(addDelta(known.bounds, delta.bounds, reg.addConst === 32 || known.addConst === 32));
    }
    if (isReg) frame.regs[index] = to;
    else frame.stack[index] = { bytes: frame.stack[index].bytes, reg: to };
  }
}

function addDelta(known: Bounds, delta: Bounds, is32: boolean): Bounds {
  const sum = scalarArithmetic(ALU.ADD, known, delta, false);
  if (!is32) return sum;
  sum.zeroExtend32();
  return sum.sync();
}

/** Two pointers are equal: where one is known not to be NULL, neither is the other. */
function equalPointers(here: State, other: State, insn: Insn, condition: number): void {
  const first = here.regs[insn.dst], second = here.regs[insn.src];
  if (first.isScalar || second.isScalar) return;
  if (first.kind === REG_TYPE.BTF_ID || second.kind === REG_TYPE.BTF_ID) return;
  const state = condition === JUMP.JEQ ? other : condition === JUMP.JNE ? here : undefined;
  if (!state) return;
  if (isNeverNull(first) && second.mayBeNull) state.regs[insn.src] = notNull(state.regs[insn.src]);
  if (isNeverNull(second) && first.mayBeNull) state.regs[insn.dst] = notNull(state.regs[insn.dst]);
}

let mapUids = 0;

/** The pointer itself: an inner map becomes a map (mark_ptr_not_null_reg). */
export function notNull(reg: Reg): Reg {
  const to = reg.copy();
  to.type &= ~FLAG.MAYBE_NULL;
  if (kindOf(to.type) !== REG_TYPE.MAP_VALUE || !reg.map) return to;
  const { type: mapType } = reg.map;
  const isSockets = mapType === BPF_MAP_TYPE.SOCKMAP || mapType === BPF_MAP_TYPE.SOCKHASH;
  if (isSockets || mapType === BPF_MAP_TYPE.XSKMAP) {
    to.type = isSockets ? REG_TYPE.SOCKET : REG_TYPE.XDP_SOCK;
    to.map = null;
    to.mapUid = 0;
    return to;
  }
  if (!reg.map.inner) return to;
  const map = pointer(REG_TYPE.MAP_PTR);
  map.map = reg.map.inner;
  map.id = reg.id;
  // Timers and locks of different inner maps must not be taken for one another.
  map.mapUid = reg.map.inner.fields.some((field) => field.kind === "bpf_timer" || field.kind === "bpf_wq")
    ? ++mapUids
    : 0;
  return map;
}

/** Every copy of a checked pointer becomes the pointer, or NULL (mark_ptr_or_null_regs). */
function resolveNull(env: Environment, state: State, index: number, isNull: boolean): void {
  const { id, ref } = state.regs[index];
  if (ref !== 0 && ref === id && isNull) {
    const current = env.state;
    env.state = state;
    dropReference(env, id);
    env.state = current;
  }
  state.mapRegs((reg) => {
    if (!reg.mayBeNull || reg.id !== id) return reg;
    if (isNull) return ZERO_SCALAR;
    const to = notNull(reg);
    if (!mayHoldLock(env, to)) to.id = 0;
    return to;
  });
}

/** Calls of BPF functions and callbacks, and the return from them (check_func_call, prepare_func_exit). */
import type { Bounds } from "../domain/bounds.ts";
import type { Environment, SubprogArg } from "../state/environment.ts";
import { Rejection } from "../state/environment.ts";
import { ERRNO } from "../../uapi/errno.ts";
import { functionArgs } from "./global_functions.ts";
import { BPF_FUNC } from "../../uapi/helpers.ts";
import { CallMeta, checkType } from "./helper_arguments.ts";
import { type HelperArg, helperPrototype } from "../kernel/helper_prototypes.ts";
import { checkHelperMemory } from "./helper_memory.ts";
import { checkUnmoved } from "../memory/context_access.ts";
import { processDynptr } from "../memory/dynptrs.ts";
import { notNull } from "../flow/conditional_jump.ts";
import { clearCallerSaved } from "../state/operands.ts";
import { markPrecise } from "../state/precision.ts";
import { previousEntry, widenImprecise } from "../flow/prune.ts";
import { invalidatePackets } from "../state/references.ts";
import { NOT_INIT, pointer, type Reg, REG_TYPE, UNKNOWN_SCALAR } from "../state/register.ts";
import { FP, Frame, MAIN_CALLSITE, MAX_FRAMES, State } from "../state/state.ts";
import { stateText } from "../state/state_text.ts";

const ALL_REGS = 0x7ff;
const FIRST_ARG = 1, LAST_ARG = 5;

/** A frame with its frame pointer set. */
export function newFrame(callsite: number, index: number, subprog: number): Frame {
  const frame = new Frame(callsite, index, subprog), fp = pointer(REG_TYPE.STACK);
  fp.frame = index;
  frame.regs[FP] = fp;
  return frame;
}

/** A call of a BPF function: a static one is followed, a global one is judged by its prototype. */
export function checkFunctionCall(env: Environment): void {
  const { state } = env, target = env.insn + env.insns[env.insn].imm + 1, index = env.subprogAt(target);
  const subprog = env.subprogs[index], caller = state.frame;
  if (subprog.isGlobal) return callGlobal(env, index);
  // The kernel looks at a static function's prototype too, but only to trust it less where it does not fit.
  enter(env, state, index, env.insn);
  for (let at = FIRST_ARG; at <= LAST_ARG; at++) state.regs[at] = caller.regs[at];
  clearCallerSaved(env, caller.regs);
  env.insn = subprog.start - 1;
  if (!env.log.isFull) return;
  const depth = state.frames.length - 1;
  env.log.write(`caller:\n${stateText(state, depth - 1, ALL_REGS, "all")}\n`);
  env.log.write(`callee:\n${stateText(state, depth, ALL_REGS, "all")}\n`);
}

function enter(env: Environment, state: State, subprog: number, callsite: number): Frame {
  const depth = state.frames.length;
  if (depth >= MAX_FRAMES) {
    env.reject(ERRNO.E2BIG, `the call stack of ${depth + 1} frames is too deep`);
  }
  const frame = newFrame(callsite, depth, subprog);
  state.frames.push(frame);
  return frame;
}

function callGlobal(env: Environment, index: number): void {
  const subprog = env.subprogs[index], { state } = env;
  let refused: Rejection | undefined;
  try {
    checkArguments(env, functionArgs(env, subprog) ?? []);
  } catch (error) {
    if (!(error instanceof Rejection) || error.errno === ERRNO.EFAULT) throw error;
    refused = error;
  }
  if (state.activeLocks > 0) {
    env.reject(
      ERRNO.EINVAL,
      "global function calls are not allowed while holding a lock,\nuse static function instead",
    );
  }
  if (subprog.mightSleep && !env.maySleepHere) {
    env.reject(
      ERRNO.EINVAL,
      "global functions that may sleep are not allowed in non-sleepable context,\n" +
        "i.e., in a RCU/IRQ/preempt-disabled section, or in\na non-sleepable BPF program context",
    );
  }
  if (refused) {
    env.reject(refused.errno, `Caller passes invalid args into func#${index} ('${subprog.name}')`);
  }
  if (env.log.isFull) env.log.write(`Func#${index} ('${subprog.name}') is global and assumed valid.\n`);
  if (subprog.changesPacket) invalidatePackets(env);
  subprog.isCalled = true;
  clearCallerSaved(env, env.regs);
  env.regs[0] = UNKNOWN_SCALAR;
}

/** An argument that is only checked, not an argument of a helper. */
const PLAIN_ARG: HelperArg = {
  kind: "dynptr",
  mayBeNull: false,
  isReadOnly: true,
  isWritten: false,
  isUninit: false,
  isAligned: false,
  releases: false,
  dynptr: "",
  fixedSize: 0,
};

/** Of no helper that has rules of its own. */
const NO_CALL = new CallMeta(helperPrototype(BPF_FUNC.get_current_task)!);

function checkArguments(env: Environment, args: readonly SubprogArg[]): void {
  args.forEach((arg, index) => {
    const regno = index + 1, reg = env.regs[regno];
    switch (arg.kind) {
      case "scalar":
        if (!reg.isScalar) env.reject(ERRNO.EINVAL, `R${regno} is not a scalar`);
        return;
      case "ctx":
        checkMovable(env, reg, regno);
        if (reg.type !== REG_TYPE.CTX) env.reject(ERRNO.EINVAL, `arg#${index} expects pointer to ctx`);
        return;
      case "mem":
        checkMovable(env, reg, regno);
        checkMemoryArgument(env, regno, arg);
        if (!arg.maybeNull && reg.mayBeNull) {
          env.reject(ERRNO.EINVAL, `arg#${index} is expected to be non-NULL`);
        }
        return;
      case "dynptr":
        checkMovable(env, reg, regno);
        processDynptr(env, regno, PLAIN_ARG);
        return;
      case "btf":
        if (reg.isNull && arg.maybeNull) return;
        checkMovable(env, reg, regno);
        checkType(env, regno, { ...PLAIN_ARG, kind: "btf", mayBeNull: arg.maybeNull, type: arg.type }, NO_CALL);
        return;
    }
  });
}

function checkMovable(env: Environment, reg: Reg, regno: number): void {
  const isMemory = [
    REG_TYPE.STACK,
    REG_TYPE.PACKET,
    REG_TYPE.PACKET_META,
    REG_TYPE.MAP_KEY,
    REG_TYPE.MAP_VALUE,
    REG_TYPE.MEM,
    REG_TYPE.BUF,
  ]
    .some((kind) => kind === reg.type);
  if (!isMemory && !reg.isScalar) checkUnmoved(env, reg, regno, reg.kind === REG_TYPE.BTF_ID);
}

function checkMemoryArgument(env: Environment, regno: number, arg: SubprogArg): void {
  try {
    checkMemory(env, regno, arg);
  } catch (error) {
    if (error instanceof Rejection) env.fail(ERRNO.EINVAL, error.message);
    throw error;
  }
}

/** The callee may read and write it (check_mem_reg). */
export function checkMemory(env: Environment, regno: number, arg: SubprogArg): void {
  const reg = env.regs[regno];
  if (reg.isNull) return;
  if (reg.mayBeNull) env.regs[regno] = notNull(reg);
  checkHelperMemory(env, regno, arg.memSize, { isWrite: false, zeroOk: true });
  checkHelperMemory(env, regno, arg.memSize, { isWrite: true, zeroOk: true });
  if (reg.mayBeNull) env.regs[regno] = reg;
}

/** Registers of a global function at its start. */
export function argumentRegisters(env: Environment, args: readonly SubprogArg[]): Reg[] {
  return args.map((arg) => {
    switch (arg.kind) {
      case "ctx":
        return pointer(REG_TYPE.CTX);
      case "scalar":
      case "arena":
        return UNKNOWN_SCALAR;
      case "dynptr": {
        const reg = pointer(REG_TYPE.DYNPTR);
        reg.dynptr = "local";
        reg.isFirstSlot = true;
        reg.id = env.newId();
        return reg;
      }
      case "btf": {
        const reg = pointer(REG_TYPE.BTF_ID | TRUSTED | (arg.maybeNull ? MAYBE_NULL : 0));
        reg.btf = { name: arg.type ?? "" };
        reg.id = env.newId();
        return reg;
      }
      case "mem": {
        const reg = pointer(REG_TYPE.MEM | (arg.maybeNull ? MAYBE_NULL : 0));
        reg.memSize = arg.memSize;
        reg.id = env.newId();
        return reg;
      }
    }
  });
}

const MAYBE_NULL = 1 << 8, TRUSTED = 1 << 15;

/** What a helper gives its callback. */
export interface Callback {
  readonly subprog: number;
  /** r1 to r5 of the callback, from the caller's registers. */
  readonly regs: readonly (Reg | undefined)[];
  readonly range: readonly [number, number];
}

/** Leaves a path that runs the callback once and then comes back to the call (push_callback_call). */
export function pushCallback(env: Environment, callback: Callback): void {
  const subprog = env.subprogs[callback.subprog];
  subprog.isCallback = true;
  const state = env.push(subprog.start, env.insn);
  const frame = enter(env, state, callback.subprog, env.insn);
  setCallback(frame, callback);
  frame.inCallback = true;
  state.callbackUnrollDepth++;
  state.frames[state.frames.length - 2].callbackDepth++;
  env.frame.callbackDepth = 0;
}

function setCallback(frame: Frame, callback: Callback): void {
  for (let at = FIRST_ARG; at <= LAST_ARG; at++) frame.regs[at] = callback.regs[at - 1] ?? NOT_INIT;
  frame.callbackRange = callback.range;
}

/** Leaves a path for a callback that runs some other time, with no caller (push_async_cb). */
export function pushAsyncCallback(env: Environment, callback: Callback, isSleepable: boolean): void {
  const subprog = env.subprogs[callback.subprog], caller = env.frame;
  subprog.isCallback = true;
  subprog.isAsyncCallback = true;
  const state = new State();
  state.isSleepable = isSleepable;
  const frame = newFrame(MAIN_CALLSITE, 0, callback.subprog);
  frame.inAsyncCallback = true;
  frame.asyncEntries = caller.asyncEntries + 1;
  setCallback(frame, callback);
  state.frames.push(frame);
  state.firstInsn = subprog.start;
  env.pending.push({
    state,
    insn: subprog.start,
    previous: env.insn,
    trailLength: env.trail.length,
  });
}

/**
 * A tail call that succeeds ends the function that makes it; r0 is whatever the other program leaves.
 * That it fails is a path of its own, in which the function goes on.
 */
export function returnByTailCall(env: Environment): void {
  if (env.frame.inCallback) env.reject(ERRNO.EFAULT, "verifier bug: callback unexpected regs 1");
  env.push(env.insn + 1, env.insn);
  invalidatePackets(env);
  env.regs[0] = UNKNOWN_SCALAR;
  if (env.log.isFull) env.log.write("\n");
  returnToCaller(env);
  env.insn--;
}

/** Returns from a BPF function; `env.insn` is where the caller goes on. */
export function returnToCaller(env: Environment): void {
  const { state } = env, callee = state.frame, caller = state.frames[state.frames.length - 2];
  const result = callee.regs[0];
  if (result.type === REG_TYPE.STACK) env.reject(ERRNO.EINVAL, "cannot return stack pointer to the caller");
  if (callee.inCallback) {
    if (!result.isScalar) env.reject(ERRNO.EACCES, "R0 not a scalar value");
    markPrecise(env, 0);
    if (!isWithin(result.bounds, callee.callbackRange)) {
      refuseResult(env, result, callee.callbackRange, "At callback return", "R0");
    }
  } else {
    caller.regs[0] = result;
  }
  env.insn = callee.inCallback ? callee.callsite : callee.callsite + 1;
  if (env.log.isFull) {
    const depth = state.frames.length - 1;
    env.log.write(`returning from callee:\n${stateText(state, depth, ALL_REGS, "all")}\n`);
    env.log.write(`to caller at ${env.insn}:\n${stateText(state, depth - 1, ALL_REGS, "all")}\n`);
  }
  state.frames.pop();
  if (!callee.inCallback) return;
  const before = previousEntry(env, state, env.insn);
  if (before) widenImprecise(before, state);
}

export const isWithin = (bounds: Bounds, [min, max]: readonly [number, number]): boolean =>
  bounds.smin >= BigInt(min) && bounds.smax <= BigInt(max);

/** `At program exit the register R0 has smin=2 smax=2 should have been in [0, 1]` (verbose_invalid_scalar). */
export function refuseResult(
  env: Environment,
  reg: Reg,
  range: readonly [number, number],
  place: string,
  name: string,
  note = "",
): never {
  const { smin, smax } = reg.bounds;
  let known = "";
  if (smin > -(1n << 63n)) known += ` smin=${smin}`;
  if (smax < (1n << 63n) - 1n) known += ` smax=${smax}`;
  if (known === "") known = " unknown scalar value";
  const message = `${place} the register ${name} has${known} should have been in [${range[0]}, ${range[1]}]`;
  env.log.write(`${message}\n${note}`);
  env.fail(ERRNO.EINVAL, message);
}

/** Follows every path of a program, one instruction after another (kernel/bpf/verifier.c:do_check). */
import { BPF_MAP_TYPE } from "../uapi/map_types.ts";
import {
  accessBytes,
  BPF_CLASS,
  BPF_MODE,
  BPF_PSEUDO,
  classOf,
  type Insn,
  isAtomic,
  isBpfCall,
  isCall,
  isExit,
  isWide,
  modeOf,
} from "../isa/insn.ts";
import { checkAlu } from "./flow/alu.ts";
import { checkAtomic } from "./memory/atomics.ts";
import { checkAttachTarget } from "./calls/attach_target.ts";
import { argumentRegisters, checkFunctionCall, newFrame, returnToCaller } from "./calls/calls.ts";
import { checkConditionalJump } from "./flow/conditional_jump.ts";
import {
  checkControlFlow,
  checkEarlyReturns,
  checkStackDepth,
  checkSubprogs,
  findSubprogs,
} from "./flow/control_flow.ts";
import { type Environment, MAX_INSNS } from "./state/environment.ts";
import { ERRNO } from "../uapi/errno.ts";
import { hasSince } from "../uapi/releases.ts";
import { isUnknownOpcode } from "./kernel/older_kernels.ts";
import { numberLoops } from "./flow/loops.ts";
import { functionArgs } from "./calls/global_functions.ts";
import { checkHelperCall } from "./calls/helper_call.ts";
import { BPF_FUNC } from "../uapi/helpers.ts";
import { checkKfuncCall } from "./calls/kfunc_call.ts";
import { resolveExtern } from "./kernel/externs.ts";
import { isAllowedUnderLock } from "./kernel/kfunc_kinds.ts";
import { computeLiveRegisters } from "./state/live_registers.ts";
import { checkLoadImmediate, checkPacketLoad } from "./calls/load_immediate.ts";
import { checkMapForProgram } from "./calls/map_compatibility.ts";
import type { MapState } from "./kernel/map_state.ts";
import { checkMemoryAccess } from "./memory/memory_access.ts";
import { checkWritable, readReg, settle } from "./state/operands.ts";
import { notePointerType } from "./state/pointer_types.ts";
import { isVisited, pathEnded } from "./flow/prune.ts";
import { pointer, REG_TYPE } from "./state/register.ts";
import { checkResourceLeak } from "./state/resource_leaks.ts";
import { checkReturnCode } from "./calls/return_code.ts";
import { MAIN_CALLSITE, State } from "./state/state.ts";

/**
 * Runs the verifier over a program.
 *
 * @throws Rejection when the program is refused
 */
export function check(env: Environment): void {
  findSubprogs(env);
  if (env.hasExceptionCallback) env.unsupported("an exception callback");
  checkSubprogs(env);
  checkEarlyReturns(env);
  resolveMaps(env);
  checkControlFlow(env);
  checkAttachTarget(env);
  numberLoops(env);
  computeLiveRegisters(env);
  checkFrom(env, 0);
  checkGlobalFunctions(env);
  checkStackDepth(env);
}

/** Which map each wide load means, and whether this type of program may use it (resolve_pseudo_ldimm64). */
function resolveMaps(env: Environment): void {
  const relocations = new Map(env.program.relocations.map((relocation) => [relocation.insn, relocation]));
  for (const [insn, relocation] of relocations) {
    if (relocation.kind === "extern") env.externAt.set(insn, relocation.name);
    if (relocation.kind === "extern" && relocation.isWeak) env.weakAt.add(insn);
  }
  env.insns.forEach((insn, at) => {
    const loadModes = hasSince(env.kernel, "6.6") ? LOAD_MODES : [BPF_MODE.MEM];
    if (classOf(insn) === BPF_CLASS.LDX && (!loadModes.includes(modeOf(insn)) || insn.imm !== 0)) {
      env.reject(ERRNO.EINVAL, "BPF_LDX uses reserved fields");
    }
    const relocation = relocations.get(at);
    if (isWide(insn) && !relocation && MAP_SOURCES.includes(insn.src)) {
      env.reject(ERRNO.EINVAL, `fd ${insn.imm} is not pointing to valid bpf_map`);
    }
    const isSecondHalf = at > 0 && isWide(env.insns[at - 1]);
    if (!isSecondHalf && isUnknownOpcode(insn, env.kernel)) {
      env.reject(ERRNO.EINVAL, `unknown opcode ${insn.opcode.toString(16).padStart(2, "0")}`);
    }
    if (relocation?.kind !== "map" && relocation?.kind !== "mapValue") return;
    const map: MapState | undefined = env.maps[relocation.map];
    if (!map) env.reject(ERRNO.EINVAL, `fd 0 is not pointing to valid bpf_map`);
    checkMapForProgram(env, map);
    const offset = relocation.kind === "mapValue" ? relocation.offset : undefined;
    const room = map.type === BPF_MAP_TYPE.ARENA ? map.maxEntries * ARENA_PAGE_BYTES : map.valueSize;
    if (offset !== undefined && offset >= room) {
      env.reject(
        ERRNO.EINVAL,
        `invalid access to map value pointer, value_size=${map.valueSize} off=${offset}`,
      );
    }
    env.mapAt.set(at, { map, offset });
  });
  refuseHiddenSymbols(env);
}

/** Variables of the kernel that it cannot find the address of (check_pseudo_btf_id). */
function refuseHiddenSymbols(env: Environment): void {
  for (const [at, name] of env.externAt) {
    if (!isWide(env.insns[at])) continue;
    const found = resolveExtern(env.btf, name);
    if (found.kind !== "variable" || !found.isHidden) continue;
    env.reject(ERRNO.ENOENT, `ldimm64 failed to find the address for kernel symbol '${name}'.`);
  }
}

/** PAGE_SIZE, which arenas count in. */
const ARENA_PAGE_BYTES = 4096;
const MAP_SOURCES: readonly number[] = [
  BPF_PSEUDO.MAP_FD,
  BPF_PSEUDO.MAP_VALUE,
  BPF_PSEUDO.MAP_IDX,
  BPF_PSEUDO.MAP_IDX_VALUE,
];
const LOAD_MODES: readonly number[] = [BPF_MODE.MEM, BPF_MODE.MEMSX];

/** Global functions that are called, each for any arguments that fit its prototype (do_check_subprogs). */
function checkGlobalFunctions(env: Environment): void {
  for (let found = true; found;) {
    found = false;
    env.subprogs.forEach((subprog, index) => {
      if (index === 0 || !subprog.isGlobal || !subprog.isCalled || subprog.isVerified) return;
      checkFrom(env, index);
      if (env.log.isFull) {
        env.log.write(`Func#${index} ('${subprog.name}') is safe for any args that match its prototype\n`);
      }
      subprog.isVerified = true;
      found = true;
    });
  }
}

/** Every path from the start of a function (do_check_common). */
function checkFrom(env: Environment, index: number): void {
  const subprog = env.subprogs[index];
  const state = new State(), frame = newFrame(MAIN_CALLSITE, 0, index);
  state.frames.push(frame);
  state.firstInsn = subprog.start;
  env.state = state;
  env.insn = subprog.start;
  env.previous = -1;
  env.explored.clear();
  env.loopVisits.clear();
  env.trail.length = env.trailCounts.length = 0;
  env.log.reach(env.processedInsns + 1);
  env.log.touchAll();
  if (index === 0) {
    frame.regs[1] = pointer(REG_TYPE.CTX);
  } else {
    if (env.log.isFull) env.log.write(`Validating ${subprog.name}() func#${index}...\n`);
    argumentRegisters(env, functionArgs(env, subprog) ?? []).forEach((reg, at) => (frame.regs[at + 1] = reg));
  }
  followPaths(env);
  env.log.leavePaths();
  // Nothing is left in the log of a function that is safe.
  env.trailCounts.length = 0;
}

function followPaths(env: Environment): void {
  for (;;) {
    env.currentHistory = null;
    env.processedInsns++;
    env.log.reach(env.processedInsns);
    if (env.processedInsns > MAX_INSNS) {
      env.reject(ERRNO.E2BIG, `BPF program is too large. Processed ${env.processedInsns} insn`);
    }
    env.state.lastInsn = env.previous;
    const at = env.insn, note = env.notes[at];
    if (note.isPrunePoint && isVisited(env)) {
      if (!nextPath(env)) return;
      continue;
    }
    if (note.isJumpPoint) env.remember();
    env.trail.push(at);
    env.trailCounts.push(env.processedInsns);
    env.log.insn(env);
    const insn = env.insns[at];
    if (env.poisoned.size > 0 && env.poisoned.has(at)) env.reject(ERRNO.EINVAL, env.poisoned.get(at)!);
    if (env.unknown.size > 0 && env.unknown.has(at)) env.unsupported(env.unknown.get(at)!);
    const { state } = env, depth = state.frames.length;
    const ends = checkInsn(env, insn);
    if (state.frames.length === depth) env.liveness.commit(state, at);
    else env.liveness.drop();
    env.previous = at;
    if (ends && !nextPath(env)) return;
  }
}

function nextPath(env: Environment): boolean {
  env.log.touchAll();
  pathEnded(env, env.state);
  env.liveness.update(env.state);
  return env.pop();
}

/** Checks one instruction and moves on; `true` when the path ends with it. */
function checkInsn(env: Environment, insn: Insn): boolean {
  switch (classOf(insn)) {
    case BPF_CLASS.ALU:
    case BPF_CLASS.ALU64:
      checkAlu(env, insn);
      break;
    case BPF_CLASS.LDX:
      checkLoad(env, insn);
      break;
    case BPF_CLASS.STX:
      if (isAtomic(insn)) checkAtomic(env, insn);
      else checkStore(env, insn);
      break;
    case BPF_CLASS.ST:
      checkStoreImmediate(env, insn);
      break;
    case BPF_CLASS.LD:
      if (modeOf(insn) === BPF_MODE.ABS || modeOf(insn) === BPF_MODE.IND) checkPacketLoad(env, insn);
      else {
        checkLoadImmediate(env, insn);
        env.insn++;
      }
      break;
    default:
      env.processedJumps++;
      if (isExit(insn)) return checkExit(env, insn);
      if (isCall(insn) && checkCall(env, insn)) return true;
      if (isCall(insn)) break;
      if (insn.opcode === 0x05 || insn.opcode === 0x06) jump(env, insn);
      else checkConditionalJump(env, insn);
  }
  env.insn++;
  return false;
}

function jump(env: Environment, insn: Insn): void {
  const isShort = insn.opcode === 0x05, unused = isShort ? insn.imm : insn.off;
  if (insn.src !== 0 || insn.dst !== 0 || unused !== 0) env.reject(ERRNO.EINVAL, "BPF_JA uses reserved fields");
  env.insn += isShort ? insn.off : insn.imm;
}

function checkLoad(env: Environment, insn: Insn): void {
  const { dst, src, off } = insn;
  const { type } = readReg(env, src);
  checkWritable(env, dst);
  checkMemoryAccess(env, src, off, accessBytes(insn), {
    isWrite: false,
    value: dst,
    isSignExtended: modeOf(insn) === BPF_MODE.MEMSX,
  });
  notePointerType(env, type, true);
  settle(env, dst);
}

function checkStore(env: Environment, insn: Insn): void {
  const { dst, src, off, imm } = insn;
  if (modeOf(insn) !== BPF_MODE.MEM || imm !== 0) env.reject(ERRNO.EINVAL, "BPF_STX uses reserved fields");
  readReg(env, src);
  const { type } = readReg(env, dst);
  checkMemoryAccess(env, dst, off, accessBytes(insn), { isWrite: true, value: src });
  notePointerType(env, type, false);
}

function checkStoreImmediate(env: Environment, insn: Insn): void {
  const { dst, src, off } = insn;
  if (modeOf(insn) !== BPF_MODE.MEM || src !== 0) env.reject(ERRNO.EINVAL, "BPF_ST uses reserved fields");
  const { type } = readReg(env, dst);
  checkMemoryAccess(env, dst, off, accessBytes(insn), { isWrite: true, value: -1 });
  notePointerType(env, type, false);
}

/** `true` when the path ends with it. */
function checkCall(env: Environment, insn: Insn): boolean {
  const isKnown = insn.src === 0 || insn.src === BPF_PSEUDO.CALL || insn.src === BPF_PSEUDO.KFUNC_CALL;
  if (!isKnown || insn.dst !== 0 || insn.src !== BPF_PSEUDO.KFUNC_CALL && insn.off !== 0) {
    env.reject(ERRNO.EINVAL, "BPF_CALL uses reserved fields");
  }
  if (env.state.activeLocks > 0) {
    const isHelper = insn.src === 0 && insn.imm !== BPF_FUNC.spin_unlock ||
      isBpfCall(insn) && !hasSince(env.kernel, "6.9");
    const name = env.externAt.get(env.insn) ?? "", isIterator = name.startsWith("bpf_iter_num_");
    const isAllowed = isAllowedUnderLock(name) && (!isIterator || hasSince(env.kernel, "6.13"));
    const isKfunc = !isBpfCall(insn) && insn.src !== 0 && !isAllowed;
    if (isHelper || isKfunc) {
      env.reject(ERRNO.EINVAL, "function calls are not allowed while holding a lock");
    }
  }
  env.log.touchReg(0);
  if (isBpfCall(insn)) checkFunctionCall(env);
  else if (insn.src === 0) checkHelperCall(env, insn);
  else return checkKfuncCall(env, insn);
  return false;
}

function checkExit(env: Environment, insn: Insn): boolean {
  if (insn.imm !== 0 || insn.src !== 0 || insn.dst !== 0) {
    env.reject(ERRNO.EINVAL, "BPF_EXIT uses reserved fields");
  }
  const isMain = env.state.frames.length === 1;
  // Before static functions could be called under a lock, none could return with one.
  if (env.state.activeLocks > 0 && !hasSince(env.kernel, "6.9")) env.reject(ERRNO.EINVAL, "bpf_spin_unlock is missing");
  checkResourceLeak(env, isMain, "BPF_EXIT instruction in main prog");
  if (!isMain) {
    env.liveness.update(env.state);
    returnToCaller(env);
    return false;
  }
  checkReturnCode(env);
  return true;
}

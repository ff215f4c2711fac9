/** Checks of the program's shape before any path is followed (check_subprogs, check_cfg, check_max_stack_depth). */
import {
  BPF_CLASS,
  BPF_PSEUDO,
  classOf,
  type Insn,
  isBpfCall,
  isCall,
  isExit,
  isHelperCall,
  isWide,
  jumpTarget,
} from "../../isa/insn.ts";
import type { Environment } from "../state/environment.ts";
import { ERRNO } from "../../uapi/errno.ts";
import {
  changesPacketData,
  isAsyncCallbackHelper,
  isSyncCallbackHelper,
  mightSleepHelper,
} from "../kernel/helper_kinds.ts";
import {
  asyncCallbackKfunc,
  changesPacketKfunc,
  isIteratorNext,
  mightSleepKfunc,
  syncCallbackKfunc,
} from "../kernel/kfunc_kinds.ts";
import { isScalarType, skipModifiers } from "../../object/special_fields.ts";
import { MAX_FRAMES, STACK_LIMIT } from "../state/state.ts";
import { BPF_FUNC } from "../../uapi/helpers.ts";

const OPERATION_MAY_GOTO = 0xe0;

export const isFuncAddress = (insn: Insn): boolean => isWide(insn) && insn.src === BPF_PSEUDO.FUNC;
const isJumpClass = (insn: Insn): boolean => classOf(insn) === BPF_CLASS.JMP || classOf(insn) === BPF_CLASS.JMP32;
const isUnconditional = (insn: Insn): boolean => insn.opcode === 0x05 || insn.opcode === 0x06;
export const isMayGoto = (insn: Insn): boolean => insn.opcode === (0x05 | OPERATION_MAY_GOTO);

/** For programs that are loaded for one network device (kernel/bpf/offload.c:bpf_dev_bound_kfunc_check). */
const DEVICE_KFUNCS = ["timestamp", "hash", "vlan_tag"].map((what) => `bpf_xdp_metadata_rx_${what}`);

/** Splits the program into functions; no jump may leave its function, no function may fall through its end. */
export function findSubprogs(env: Environment): void {
  env.subprogs = env.program.subprogs.map((subprog) => ({
    name: subprog.name,
    start: subprog.start,
    end: subprog.end,
    // Without BTF the kernel cannot tell global functions from static ones, and follows them all.
    isGlobal: subprog.global && env.btf !== undefined,
    btfId: subprog.btfId,
    isCallback: false,
    isAsyncCallback: false,
    hasTailCall: false,
    hasLoadAbs: false,
    changesPacket: false,
    mightSleep: false,
    stackDepth: 0,
    isCalled: false,
    isVerified: false,
    isUnreliable: false,
  }));
  const callsKernel = env.program.relocations.some(({ kind, insn }) => kind === "extern" && isCall(env.insns[insn]));
  if (callsKernel && !env.isGpl) {
    env.reject(ERRNO.EINVAL, "cannot call kernel function from non-GPL compatible program");
  }
  for (const relocation of env.program.relocations) {
    if (relocation.kind !== "extern" || !isCall(env.insns[relocation.insn])) continue;
    if (!DEVICE_KFUNCS.includes(relocation.name)) continue;
    env.reject(ERRNO.EINVAL, "metadata kfuncs require device-bound program");
  }
}

export function checkSubprogs(env: Environment): void {
  for (const subprog of env.subprogs) {
    for (let at = subprog.start; at < subprog.end; at++) {
      const insn = env.insns[at];
      if (isHelperCall(insn) && insn.imm === BPF_FUNC.tail_call) subprog.hasTailCall = true;
      if (classOf(insn) === BPF_CLASS.LD && !isWide(insn) && insn.opcode !== 0) subprog.hasLoadAbs = true;
      if (isJumpClass(insn) && !isCall(insn) && !isExit(insn)) {
        const target = jumpTarget(insn, at);
        if (target < subprog.start || target >= subprog.end) {
          env.reject(ERRNO.EINVAL, `jump out of range from insn ${at} to ${target}`);
        }
      }
      if (at === subprog.end - 1 && !isExit(insn) && !isUnconditional(insn)) {
        env.reject(ERRNO.EINVAL, "last insn is not an exit or jmp");
      }
    }
  }
}

/** Functions that may end the whole program must return a number, as the program does (check_btf_func). */
export function checkEarlyReturns(env: Environment): void {
  const { btf } = env;
  env.subprogs.forEach((subprog, index) => {
    if (index === 0 || !subprog.hasLoadAbs && !subprog.hasTailCall) return;
    const what = subprog.hasLoadAbs ? "LD_ABS" : "tail_call";
    if (!btf) env.reject(ERRNO.EINVAL, `${what} is not allowed in subprogs without BTF`);
    const proto = btf.types[btf.types[subprog.btfId ?? 0]?.type ?? 0];
    if (!isScalarType(skipModifiers(btf, proto?.type ?? 0))) {
      env.reject(ERRNO.EINVAL, `${what} is only allowed in functions that return 'int'.`);
    }
  });
}

const DISCOVERED = 0x10, EXPLORED = 0x20, FALLTHROUGH = 1, BRANCH = 2;

/** Walks every edge depth first: finds unreachable code and where paths meet. */
export function checkControlFlow(env: Environment): void {
  const { insns } = env, state = new Uint8Array(insns.length), stack = [0];
  state[0] = DISCOVERED;
  /** Follows an edge; true when its end must be walked first. */
  const follow = (from: number, to: number, edge: number): boolean => {
    if (state[from] >= (DISCOVERED | edge)) return false;
    if (to < 0 || to >= insns.length) env.reject(ERRNO.EINVAL, `jump out of range from insn ${from} to ${to}`);
    if (edge === BRANCH) markMeeting(env, to);
    if (state[to] === 0) {
      state[from] = DISCOVERED | edge;
      state[to] = DISCOVERED;
      stack.push(to);
      return true;
    }
    if (state[to] === EXPLORED) state[from] = DISCOVERED | edge;
    return false;
  };
  while (stack.length > 0) {
    const at = stack[stack.length - 1];
    if (visit(env, at, follow)) continue;
    state[at] = EXPLORED;
    stack.pop();
  }
  for (let at = 0; at < insns.length; at++) {
    if (state[at] !== EXPLORED) env.reject(ERRNO.EINVAL, `unreachable insn ${at}`);
    if (!isWide(insns[at])) continue;
    if (state[at + 1] !== 0) env.reject(ERRNO.EINVAL, `jump into the middle of ldimm64 insn ${at}`);
    at++;
  }
}

function markMeeting(env: Environment, at: number): void {
  env.notes[at].isPrunePoint = true;
  env.notes[at].isJumpPoint = true;
}

function visit(env: Environment, at: number, follow: (from: number, to: number, edge: number) => boolean): boolean {
  const insn = env.insns[at], note = env.notes[at];
  if (isFuncAddress(insn)) return visitCall(env, at, follow, true);
  if (!isJumpClass(insn)) return follow(at, at + (isWide(insn) ? 2 : 1), FALLTHROUGH);
  if (isExit(insn)) return false;
  if (isCall(insn)) {
    noteCall(env, at);
    return visitCall(env, at, follow, isBpfCall(insn));
  }
  if (isUnconditional(insn)) {
    const target = jumpTarget(insn, at);
    if (follow(at, target, FALLTHROUGH)) {
      markMeeting(env, target);
      return true;
    }
    markMeeting(env, target);
    return false;
  }
  note.isPrunePoint = true;
  if (isMayGoto(insn)) note.isForcedCheckpoint = true;
  return follow(at, at + 1, FALLTHROUGH) || follow(at, jumpTarget(insn, at), BRANCH);
}

function noteCall(env: Environment, at: number): void {
  const insn = env.insns[at], note = env.notes[at], owner = env.subprogs[env.subprogContaining(at)];
  const extern = env.externAt.get(at) ?? "";
  const isHelper = isHelperCall(insn);
  if (isHelper ? isAsyncCallbackHelper(insn.imm) : asyncCallbackKfunc(extern)) note.isPrunePoint = true;
  if (isHelper ? isSyncCallbackHelper(insn.imm) : syncCallbackKfunc(extern)) {
    note.callsCallback = true;
    note.isForcedCheckpoint = true;
    note.isPrunePoint = true;
    note.isJumpPoint = true;
  }
  if (isHelper ? changesPacketData(insn.imm) : changesPacketKfunc(extern)) owner.changesPacket = true;
  if (isHelper ? mightSleepHelper(insn.imm) : mightSleepKfunc(extern)) owner.mightSleep = true;
  if (isIteratorNext(extern)) {
    note.isIteratorNext = true;
    note.isPrunePoint = true;
    note.isForcedCheckpoint = true;
  }
}

function visitCall(
  env: Environment,
  at: number,
  follow: (from: number, to: number, edge: number) => boolean,
  entersCallee: boolean,
): boolean {
  const insn = env.insns[at], next = at + (isWide(insn) ? 2 : 1);
  if (follow(at, next, FALLTHROUGH)) return true;
  markMeeting(env, next);
  if (!entersCallee) return false;
  const target = at + insn.imm + 1;
  env.notes[at].isPrunePoint = true;
  const caller = env.subprogs[env.subprogContaining(at)], callee = env.subprogs[env.subprogAt(target)];
  const isDeeper = follow(at, target, BRANCH);
  caller.changesPacket ||= callee.changesPacket;
  caller.mightSleep ||= callee.mightSleep;
  return isDeeper;
}

const roundUp = (bytes: number, to: number): number => Math.ceil(bytes / to) * to;

/** The frames of nested calls share 512 bytes of stack, unless each program has a stack of its own. */
export function checkStackDepth(env: Environment): void {
  const hasPrivateStack = env.kind.hasPrivateStack && !env.subprogs.some((subprog) => subprog.hasTailCall);
  for (let at = env.subprogs.length - 1; at >= 0; at--) {
    if (at === 0 || env.subprogs[at].isAsyncCallback) new DepthWalk(env, at === 0 && hasPrivateStack).walk(at);
  }
}

const PRIVATE_STACK_MIN = 64;

class DepthWalk {
  readonly #calls: { index: number; at: number }[] = [];

  constructor(readonly env: Environment, readonly hasPrivateStack: boolean) {}

  walk(first: number): void {
    const { env } = this;
    let index = first, depth = 0, at = env.subprogs[first].start;
    const own = (subprog: number): number => roundUp(env.subprogs[subprog].stackDepth, 16);
    const isPrivate = (subprog: number): boolean => this.hasPrivateStack && (own(subprog) >= PRIVATE_STACK_MIN);
    const enter = (): void => {
      if (index !== 0 && env.subprogs[index].hasTailCall && depth >= 256) {
        env.reject(
          ERRNO.EACCES,
          `tail_calls are not allowed when call stack of previous frames is ${depth} bytes. Too large`,
        );
      }
      if (isPrivate(index)) {
        if (own(index) > STACK_LIMIT) {
          env.reject(ERRNO.EACCES, `stack size of subprog ${index} is ${own(index)}. Too large`);
        }
        return;
      }
      depth += own(index);
      if (depth > STACK_LIMIT) {
        env.reject(
          ERRNO.EACCES,
          `combined stack size of ${this.#calls.length + 1} calls is ${depth}. Too large`,
        );
      }
    };
    enter();
    for (;;) {
      const callee = this.#nextCallee(index, at);
      if (callee) {
        this.#calls.push({ index, at: callee.at + 1 });
        index = callee.index;
        at = env.subprogs[index].start;
        if (this.#calls.length >= MAX_FRAMES) {
          env.reject(ERRNO.E2BIG, `the call stack of ${this.#calls.length} frames is too deep !`);
        }
        enter();
        continue;
      }
      const back = this.#calls.pop();
      if (!back) return;
      if (!isPrivate(index)) depth -= own(index);
      index = back.index;
      at = back.at;
    }
  }

  /** What the kernel calls back it must get back from. */
  #checkThrow(at: number, index: number): void {
    const { subprogs } = this.env;
    if (!subprogs[index].isCallback && !this.#calls.some((call) => subprogs[call.index].isCallback)) return;
    this.env.reject(ERRNO.EINVAL, `bpf_throw kfunc (insn ${at}) cannot be called from callback subprog ${index}`);
  }

  #nextCallee(index: number, from: number): { index: number; at: number } | undefined {
    const { env } = this;
    for (let at = from; at < env.subprogs[index].end; at++) {
      const insn = env.insns[at];
      if (env.externAt.get(at) === "bpf_throw") this.#checkThrow(at, index);
      if (!isBpfCall(insn) && !isFuncAddress(insn)) continue;
      const callee = env.subprogAt(at + insn.imm + 1);
      if (env.subprogs[callee].isAsyncCallback && !isBpfCall(insn)) continue;
      return { index: callee, at };
    }
    return undefined;
  }
}

/**
 * Calls and returns: of helpers (which the machine performs), of BPF functions and of callbacks.
 *
 * A BPF function runs inside the same Wasm function. What its caller needs again stands in a frame of the task record:
 * r6 to r9, the table entry to return to, and the insn of the call. Each frame has 512 bytes of stack of its own.
 */
import { type Insn, isBpfCall, isCall } from "../isa/insn.ts";
import { calleeOf, following, namesStack } from "./translate_flow.ts";
import { FRAME, KIND, RETURN_TO_KERNEL, STACK_FRAME_BYTES, TASK } from "../cpu/layout.ts";
import {
  ARGUMENTS,
  CALLEE_SAVED,
  FRAME_POINTER,
  NEXT_LOCAL,
  register,
  registersIn,
  SCRATCH,
  TASK_LOCAL,
} from "./translate_locals.ts";
import type { StepEmitter } from "./translate_step.ts";
import type { LoopLabel } from "./wasm_assembler.ts";

/** Number of the imported function `env.helper(task, insn)` of direct mode. */
const HELPER_IMPORT = 0;

/** Publishes a helper call; the machine leaves r0 in the record and goes on at `afterBlock`. */
export function emitHelperCall(step: StepEmitter, at: number, afterBlock: number): void {
  step.countInsn();
  step.save(step.image.liveness.savedAt(at));
  step.setField(TASK.addr, (code) => code.i32(0));
  step.stop(KIND.call, afterBlock, at);
}

/** Calls a helper in the middle of a step. */
export function emitDirectHelperCall(step: StepEmitter, at: number): void {
  const { image, code } = step;
  step.countInsn();
  step.save(ARGUMENTS & image.liveness.dirty[at]);
  code.get(TASK_LOCAL).i32(at).call(HELPER_IMPORT);
  step.load(image.liveness.wanted[following(image.insns[at], at)] & 1);
}

/** Enters a BPF function up to the jump to it: a new frame, the stack pointer moved. */
export function emitFrameEntry(step: StepEmitter, at: number, returnBlock: number): void {
  const { code, image } = step;
  const keep = image.liveness.live[following(image.insns[at], at)];
  step.flushCount();
  code.i64(0).set(SCRATCH.pointer);
  code.get(TASK_LOCAL).memory("i32.load", TASK.depth).tee(SCRATCH.flags);
  // The main program has a frame of stack too, so there may be one call fewer than frames.
  code.i32(TASK.maxFrames - 1).op("i32.ge_u");
  step.faultIf(at);
  step.countInsn();
  emitFrameAddress(step);
  for (const r of registersIn(CALLEE_SAVED)) {
    code.get(SCRATCH.addr);
    // What will not be read again is stored as 0, so that equal states have equal bytes.
    if (keep & (1 << r)) code.get(register(r));
    else code.i64(0);
    code.memory("i64.store", TASK.frames + FRAME.savedRegister(r));
  }
  code.get(SCRATCH.addr).i32(returnBlock).memory("i32.store", TASK.frames + FRAME.returnBlock);
  code.get(SCRATCH.addr).i32(at).memory("i32.store", TASK.frames + FRAME.insn);
  step.setField(TASK.depth, (code) => code.get(SCRATCH.flags).i32(1).op("i32.add"));
  emitMoveStack(step, STACK_FRAME_BYTES);
  if (namesStack(image.insns, calleeOf(image.insns[at], at))) emitClearFrame(step);
}

/**
 * The kernel lets privileged programs read stack that they have not written (env->allow_uninit_stack), and leaves open
 * what is there. Here it is what the machine says for the whole run, zero for programs that do not ask: what an earlier
 * call left would be state of its own.
 */
function emitClearFrame({ code }: StepEmitter): void {
  code.get(register(FRAME_POINTER)).op("i32.wrap_i64").i32(STACK_FRAME_BYTES).op("i32.sub");
  code.get(TASK_LOCAL).memory("i32.load", TASK.stackFill).i32(STACK_FRAME_BYTES).fill();
}

/** Who may have called a function that is being left. */
export interface Calls {
  /** Other BPF functions do. */
  readonly bpf: boolean;
  /** Kernel models may, those of the helpers that the image calls. */
  readonly helpers: boolean;
}

export const callsOf = (insns: readonly Insn[]): Calls => ({
  bpf: insns.some(isBpfCall),
  helpers: insns.some((insn) => isCall(insn) && !isBpfCall(insn)),
});

/** Leaves a function: returns to its caller, to the kernel model that called it, or ends the program. */
export function emitLeave(step: StepEmitter, calls: Calls, dispatch: LoopLabel): void {
  const { code } = step;
  if (!calls.bpf && !calls.helpers) return emitEnd(step, KIND.exit);
  code.get(TASK_LOCAL).memory("i32.load", TASK.depth).tee(SCRATCH.flags).op("i32.eqz");
  code.if();
  emitEnd(step, KIND.exit);
  code.end();
  if (!calls.bpf) return emitEnd(step, KIND.callbackReturn);
  code.get(SCRATCH.flags).i32(1).op("i32.sub").set(SCRATCH.flags);
  emitFrameAddress(step);
  code.get(SCRATCH.addr).memory("i32.load", TASK.frames + FRAME.returnBlock).i32(RETURN_TO_KERNEL).op("i32.eq");
  code.if();
  emitEnd(step, KIND.callbackReturn);
  code.end();
  code.get(SCRATCH.addr).memory("i32.load", TASK.frames + FRAME.returnBlock).set(NEXT_LOCAL);
  step.setField(TASK.depth, (code) => code.get(SCRATCH.flags));
  emitMoveStack(step, -STACK_FRAME_BYTES);
  code.br(dispatch);
}

/** After the return of the call at `at`: the registers that the callee had to preserve come back from the frame. */
export function emitReturned(step: StepEmitter, at: number): void {
  const { code, image } = step;
  const wanted = image.liveness.wanted[following(image.insns[at], at)];
  for (const r of registersIn(wanted & CALLEE_SAVED)) {
    code.get(SCRATCH.addr).memory("i64.load", TASK.frames + FRAME.savedRegister(r)).set(register(r));
  }
  step.load(wanted & (1 << FRAME_POINTER));
}

/** Address of the frame that SCRATCH.flags numbers, less TASK.frames, into SCRATCH.addr. */
function emitFrameAddress(step: StepEmitter): void {
  step.code.get(SCRATCH.flags).i32(TASK.frameBytes).op("i32.mul").get(TASK_LOCAL).op("i32.add").set(SCRATCH.addr);
}

function emitMoveStack(step: StepEmitter, bytes: number): void {
  const { code } = step, offset = TASK.registers + 8 * FRAME_POINTER, r10 = register(FRAME_POINTER);
  code.get(TASK_LOCAL).memory("i64.load", offset).i64(bytes).op("i64.add").set(r10);
  code.get(TASK_LOCAL).get(r10).memory("i64.store", offset);
}

/** Ends the step with r0 in the record; NEXT_LOCAL holds the insn of the `exit`. */
function emitEnd(step: StepEmitter, kind: number): void {
  step.save(1);
  step.setField(TASK.addr, (code) => code.i32(0));
  step.setField(TASK.pending, (code) => code.i32(kind));
  step.setField(TASK.insn, (code) => code.get(NEXT_LOCAL));
  step.beginJoined();
  step.returnKind(kind);
}

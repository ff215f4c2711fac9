/**
 * What of an image ever ran: marks that the translated code sets, a byte each, and what follows from them.
 *
 * Marked are both ways of every conditional jump and every instruction at which a step begins from outside (the first
 * of a program, what follows a helper call); the rest is control flow that no data decides. A mark is set and never
 * taken back, so that after a search it speaks of all the states that were visited.
 */
import { type Insn, isBpfCall, isCall, isExit, isGoto, isJump, jumpTarget } from "../isa/insn.ts";
import { calleeOf, following } from "./translate_flow.ts";
import { NEXT_LOCAL } from "./translate_locals.ts";
import type { StepEmitter } from "./translate_step.ts";

/** Bytes of marks for an image of so many instructions: two for the ways of a jump, one for a beginning. */
export const coverageBytes = (insns: number): number => 3 * insns;

/** Marks which way a conditional jump goes, by the 0 or 1 on the stack, which stays there. */
export function emitWay({ code, options: { coverage } }: StepEmitter, at: number): void {
  if (coverage === undefined) return;
  code.tee(NEXT_LOCAL).get(NEXT_LOCAL).i32(1).memory("i32.store8", coverage + 2 * at);
}

/** Marks that a step begins at an instruction. */
export function emitBegun({ code, image, options: { coverage } }: StepEmitter, at: number): void {
  if (coverage === undefined) return;
  code.i32(0).i32(1).memory("i32.store8", coverage + 2 * image.insns.length + at);
}

/** A conditional jump that was come to. */
export interface JumpWays {
  readonly insn: number;
  /** The instruction that it jumps to, and the one behind it. */
  readonly target: number;
  readonly next: number;
  /** Whether it ever jumped, and whether it ever did not. */
  readonly jumped: boolean;
  readonly fellThrough: boolean;
}

/** What ran, as far as the marks say: control came to an instruction, perhaps not past it. */
export interface Covered {
  /** 1 for every instruction that control came to. */
  readonly reached: Uint8Array;
  readonly jumps: readonly JumpWays[];
}

/** Reads the marks of an image. */
export function readCoverage(insns: readonly Insn[], marks: Uint8Array): Covered {
  const reached = new Uint8Array(insns.length), jumps: JumpWays[] = [], todo: number[] = [];
  for (let at = 0; at < insns.length; at++) if (marks[2 * insns.length + at]) todo.push(at);
  for (let at = todo.pop(); at !== undefined; at = todo.pop()) {
    if (at >= insns.length || reached[at]) continue;
    reached[at] = 1;
    const insn = insns[at], next = following(insn, at);
    if (isExit(insn)) continue;
    if (isBpfCall(insn)) todo.push(calleeOf(insn, at), next);
    // a helper that comes back begins a step, which has a mark of its own
    else if (isCall(insn)) continue;
    else if (isGoto(insn)) todo.push(jumpTarget(insn, at));
    else if (isJump(insn)) {
      const fellThrough = marks[2 * at] !== 0, jumped = marks[2 * at + 1] !== 0, target = jumpTarget(insn, at);
      jumps.push({ insn: at, target, next, jumped, fellThrough });
      if (fellThrough) todo.push(next);
      if (jumped) todo.push(target);
    } else todo.push(next);
  }
  return { reached, jumps: jumps.sort((a, b) => a.insn - b.insn) };
}

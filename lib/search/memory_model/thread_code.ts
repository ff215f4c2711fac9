/** What a thread runs: BPF instructions whose jumps and addresses are resolved. */
import type { Insn } from "../../isa/insn.ts";

export interface Step {
  readonly insn: Insn;
  /** Where a jump goes, or a call of a BPF function. */
  readonly target?: number;
  /** What stands for the source operand: an immediate of more than 32 bits, or an address. */
  readonly constant?: bigint;
  /** Bytes that an access touches. */
  readonly bytes?: number;
  /** Line of the litmus file or of the C listing. */
  readonly line?: number;
  /** The instruction as the reader knows it. */
  readonly text: string;
  /** A dependency that a repair adds: this access computes with what the last read of that step gave. */
  readonly dependsOn?: number;
  /** A full barrier that a repair adds before this access: an atomic that gives back what it found. */
  readonly barrier?: boolean;
}

export interface ThreadCode {
  /** `P0`, or `count on cpu 1`. */
  readonly name: string;
  readonly steps: readonly Step[];
  /** At the start, r0 to r10. */
  readonly registers: readonly bigint[];
}

/** Why a program cannot be judged by an axiomatic model: where, and what. */
export class ModelRefusal extends Error {
  override name = "ModelRefusal";
}

/**
 * Stack that a program reads although it never wrote it. The kernel lets privileged programs do so
 * (kernel/bpf/verifier.c: env->allow_uninit_stack), and what they find is whatever the stack held before.
 */
import { isCall, isHelperCall } from "../../isa/insn.ts";
import type { LineInfo } from "../../object/bpf_object.ts";
import { helperPrototype } from "../kernel/helper_prototypes.ts";
import type { Environment } from "./environment.ts";
import { BYTE, byteType, SLOT_BYTES, type State } from "./state.ts";

/** Something that the kernel accepts and a reader should know of. */
export interface VerifierWarning {
  /** Index of the instruction in its program. */
  readonly insn: number;
  /** The C line that it comes from. */
  readonly line?: LineInfo;
  /** Where the undefined bytes go: `the key of flows`. */
  readonly where: string;
  /** The whole sentence. */
  readonly text: string;
}

/** Undefined bytes that one argument of a call, or one load, reads: offsets from its beginning. */
export interface UndefinedRead {
  readonly insn: number;
  readonly where: string;
  readonly offsets: Set<number>;
}

/** Notes that the instruction under way reads a byte that was never written. */
export function noteUndefined(env: Environment, regno: number, offset: number): void {
  const key = `${env.insn} ${regno}`;
  let read = env.undefinedReads.get(key);
  if (!read) env.undefinedReads.set(key, read = { insn: env.insn, where: placeOf(env, regno), offsets: new Set() });
  read.offsets.add(offset);
}

function placeOf(env: Environment, regno: number): string {
  const insn = env.insns[env.insn];
  if (!isCall(insn)) return "a value that is loaded from the stack";
  const prototype = isHelperCall(insn) ? helperPrototype(insn.imm) : undefined;
  if (!prototype) return `argument ${regno} of a function`;
  const { kind } = prototype.args[regno - 1], map = env.regs[1].map?.name;
  return (kind === "key" || kind === "value") && map !== undefined
    ? `the ${kind} of ${map}`
    : `argument ${regno} of ${prototype.name}`;
}

/**
 * Whether a state that is covered by an older one has undefined bytes where that one's paths read defined ones: what they
 * read was noted there, and is not noted for this one.
 */
export function hidesUndefined(old: State, current: State): boolean {
  for (let index = 0; index < old.frames.length; index++) {
    const { stack } = old.frames[index], others = current.frames[index].stack;
    for (let at = 0; at < stack.length; at++) {
      const was = stack[at].bytes, is = at < others.length ? others[at].bytes : 0;
      if (was === is || was === 0) continue;
      for (let byte = 0; byte < SLOT_BYTES; byte++) {
        if (byteType(is, byte) === BYTE.INVALID && byteType(was, byte) !== BYTE.INVALID) return true;
      }
    }
  }
  return false;
}

/** What was noted in any of several runs over a program, in its order. */
export function warningsOf(env: Environment, ...others: Environment[]): VerifierWarning[] {
  const found = new Map(env.undefinedReads);
  for (const other of others) for (const [key, read] of other.undefinedReads) found.set(key, read);
  const reads = [...found.values()].sort((a, b) => a.insn - b.insn);
  return reads.map(({ insn, where, offsets }) => {
    const bytes = rangesOf([...offsets].sort((a, b) => a - b)), line = env.lineAt(insn);
    const were = offsets.size === 1 ? "was" : "were";
    const text = `${bytes} of ${where} ${were} never written: what the stack held before is read`;
    return { insn, ...(line && { line }), where, text };
  });
}

/** `byte 3`, `bytes 4 to 7, 12 to 15`. */
function rangesOf(offsets: readonly number[]): string {
  const ranges: string[] = [];
  for (let i = 0; i < offsets.length;) {
    let end = i;
    while (offsets[end + 1] === offsets[end] + 1) end++;
    ranges.push(end === i ? `${offsets[i]}` : `${offsets[i]} to ${offsets[end]}`);
    i = end + 1;
  }
  return `byte${offsets.length === 1 ? "" : "s"} ${ranges.join(", ")}`;
}

/** Intrinsics of LLVM that instructions are chosen for. */
import { ALU, BPF_CLASS } from "../../isa/insn.ts";
import type { Instruction } from "../../llvm/module.ts";
import { bitsOf } from "../data_layout.ts";
import { FROM_REGISTER, LIFETIME_END, LIFETIME_START } from "../machine.ts";
import { selectCoreIntrinsic } from "./core_questions.ts";
import { selectCopy, selectFill } from "./block_memory.ts";
import { refuse, type Selection } from "./selection.ts";
import { addressOf, moveInto, ownRegister } from "./values.ts";

type Call = Instruction & { opcode: "call" };

export function selectIntrinsic(s: Selection, insn: Call): void {
  const name = insn.callee.kind === "global" ? insn.callee.name : "";
  const lifetime = /^llvm\.lifetime\.(start|end)\./.exec(name);
  if (lifetime) return markLifetime(s, insn, lifetime[1] === "start");
  if (/^llvm\.memset\./.test(name)) return selectFill(s, insn);
  const copy = /^llvm\.mem(cpy|cpy\.inline|move)\./.exec(name);
  if (copy) return selectCopy(s, insn, copy[1] === "move");
  if (/^llvm\.bswap\./.test(name)) return swapBytes(s, insn);
  if (/^llvm\.(preserve|bpf)\./.test(name)) return selectCoreIntrinsic(s, insn, name);
  refuse(s, `the intrinsic ${name}`);
}

/** `be16` and its kin swap on a little-endian machine; v4 has `bswap`, which says so. */
function swapBytes(s: Selection, insn: Call): void {
  const { builder, features } = s, bits = bitsOf(insn.type), dst = ownRegister(s, insn.name!);
  if (bits !== 16 && bits !== 32 && bits !== 64) refuse(s, `a swap of the bytes of i${bits}`);
  moveInto(s, dst, insn.arguments[0]);
  const opcode = features.v4 ? BPF_CLASS.ALU64 | ALU.END : BPF_CLASS.ALU | ALU.END | FROM_REGISTER;
  builder.emit({ opcode, dst, imm: bits });
}

/** Of a variable on the stack; of what else memory may be, nothing follows from it. */
function markLifetime(s: Selection, insn: Call, isStart: boolean): void {
  const slot = addressOf(s, insn.arguments.at(-1)!).slot;
  if (slot !== undefined) s.builder.emit({ opcode: isStart ? LIFETIME_START : LIFETIME_END, slot, keep: true });
}

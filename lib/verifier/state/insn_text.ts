/** The text of an instruction in the verifier's log. */
import { disassembleInsn } from "../../isa/disassemble.ts";
import { isBpfCall, isCall, isWide } from "../../isa/insn.ts";
import type { Environment } from "./environment.ts";

/** Maps have no address before they are loaded: the log shows one of the form that the kernel prints. */
const MAP_ADDRESS = 0xffff_8881_0000_0000n;

/** One instruction, as kernel/bpf/disasm.c writes it. */
export function insnText(env: Environment, at: number): string {
  const insn = env.insns[at], code = `(${insn.opcode.toString(16).padStart(2, "0")})`;
  if (isWide(insn)) {
    const loaded = env.mapAt.get(at);
    if (loaded) {
      const address = MAP_ADDRESS + BigInt(loaded.map.def ? loaded.map.name.length << 12 : 0) +
        BigInt(loaded.offset ?? 0);
      return `${code} r${insn.dst} = 0x${address.toString(16)}`;
    }
    if (insn.src === 4) return `${code} r${insn.dst} = func pc${insn.imm >= 0 ? "+" : ""}${insn.imm}`;
  }
  if (isBpfCall(insn)) return `${code} call pc${insn.imm >= 0 ? "+" : ""}${insn.imm}`;
  const extern = env.externAt.get(at);
  if (isCall(insn) && extern) return `${code} call ${extern}#0`;
  return `${code} ${disassembleInsn(insn)}`;
}

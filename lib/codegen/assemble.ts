/** Last pass: puts blocks in a row, with as few jumps as that takes, and encodes what has become of the function. */
import { encode, type Insn } from "../isa/insn.ts";
import type { Linkage, Visibility } from "../llvm/module.ts";
import type { AssembledFunction, CoreRelocation, LineEntry, Relocation } from "./assembled.ts";
import type { Features } from "./features.ts";
import { CALL, GOTO, GOTOL, isConditional, LD_IMM64, type MachineFunction, type MachineInsn } from "./machine.ts";
import { flatten, type Label } from "./place_blocks.ts";
import { UnsupportedError } from "./unsupported.ts";

interface Named {
  readonly section?: string;
  readonly linkage: Linkage;
  readonly visibility: Visibility;
  readonly subprogram?: number;
}

const BYTES = 8;
const fits16 = (distance: number): boolean => distance >= -32768 && distance <= 32767;

export function assemble(fn: MachineFunction, named: Named, features: Features): AssembledFunction {
  const rows = flatten(fn, features.lessThan), starts = new Map<Label, number>();
  let size = 0;
  for (const { label, insns } of rows) {
    starts.set(label, size);
    for (const insn of insns) size += insn.opcode === LD_IMM64 ? 2 : 1;
  }
  const insns: Insn[] = [], relocations: Relocation[] = [], coreRelocations: CoreRelocation[] = [];
  const lines: LineEntry[] = [];
  for (const insn of rows.flatMap((row) => row.insns)) {
    const offset = insns.length * BYTES;
    if (insn.location !== undefined && lines.at(-1)?.location !== insn.location) {
      lines.push({ offset, location: insn.location });
    }
    if (insn.core) coreRelocations.push({ ...insn.core, offset });
    if (insn.symbol !== undefined) {
      relocations.push({ offset, kind: insn.opcode === CALL ? "call" : "address", symbol: insn.symbol, addend: 0 });
    }
    insns.push(...encoded(insn, insns.length, starts, features, fn.name));
  }
  const { section = ".text", linkage, visibility, subprogram } = named;
  return {
    ...{ name: fn.name, section, linkage, visibility, subprogram },
    ...{ insns: encode(insns), relocations, lines, coreRelocations },
  };
}

function encoded(
  insn: MachineInsn,
  index: number,
  starts: ReadonlyMap<Label, number>,
  features: Features,
  name: string,
): Insn[] {
  const { opcode, dst, src, off, imm, target } = insn;
  if (opcode === LD_IMM64) {
    const value = BigInt.asUintN(64, insn.imm64 ?? 0n), high = Number(BigInt.asIntN(32, value >> 32n));
    const first = { opcode, dst, src: 0, off: 0, imm: Number(BigInt.asIntN(32, value)), imm64: value };
    return [first, { opcode: 0, dst: 0, src: 0, off: 0, imm: high }];
  }
  if (!target) {
    if (!fits16(off)) throw new UnsupportedError(`an offset of ${off} bytes`, insn.location, name);
    return [{ opcode, dst, src, off, imm }];
  }
  const distance = starts.get(target)! - index - 1;
  if (fits16(distance)) return [{ opcode, dst, src, off: distance, imm }];
  if (opcode === GOTO && features.v4) return [{ opcode: GOTOL, dst: 0, src: 0, off: 0, imm: distance }];
  const what = isConditional(insn) ? "a conditional jump" : "a jump";
  throw new UnsupportedError(`${what} over ${Math.abs(distance)} instructions`, insn.location, name);
}

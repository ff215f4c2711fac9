/** Atomic loads and stores, read-modify-writes, compare-and-exchange. */
import { ALU, BPF_ATOMIC, BPF_CLASS, BPF_MODE } from "../../isa/insn.ts";
import type { Instruction } from "../../llvm/module.ts";
import { bitsOf } from "../data_layout.ts";
import { R0, type Register } from "../machine.ts";
import { noInstruction } from "../no_instruction.ts";
import { accessSize, selectLoad, selectStore } from "./memory.ts";
import { numberOf, refuseAsClang, type Selection } from "./selection.ts";
import { addressOf, moveInto, ownRegister, registerOf } from "./values.ts";

const OPERATIONS: Readonly<Record<string, number>> = {
  add: BPF_ATOMIC.ADD,
  sub: BPF_ATOMIC.ADD,
  and: BPF_ATOMIC.AND,
  or: BPF_ATOMIC.OR,
  xor: BPF_ATOMIC.XOR,
  xchg: BPF_ATOMIC.XCHG,
};
const SIZE_CODES: Readonly<Record<number, number>> = { 1: 0x10, 2: 0x08, 4: 0x00, 8: 0x18 };

export function selectAtomicLoad(s: Selection, insn: Instruction & { opcode: "load" }): void {
  if (insn.ordering === "unordered" || insn.ordering === "monotonic") return selectLoad(s, insn);
  requireAcquire(s, "AtomicLoad", insn.ordering!, bitsOf(insn.type));
  const { base, slot, off, core } = addressOf(s, insn.pointer), dst = ownRegister(s, insn.name!);
  const opcode = BPF_CLASS.STX | BPF_MODE.ATOMIC | SIZE_CODES[accessSize(s, insn.type)];
  s.builder.emit({ opcode, dst, src: base, slot, off, core, imm: BPF_ATOMIC.LOAD_ACQ });
}

export function selectAtomicStore(s: Selection, insn: Instruction & { opcode: "store" }): void {
  if (insn.ordering === "unordered" || insn.ordering === "monotonic") return selectStore(s, insn);
  requireAcquire(s, "AtomicStore", insn.ordering!, bitsOf(insn.value.type));
  const value = registerOf(s, insn.value), place = addressOf(s, insn.pointer);
  s.builder.atomic(BPF_ATOMIC.STORE_REL, place, value, accessSize(s, insn.value.type));
}

function requireAcquire(s: Selection, node: string, ordering: string, bits: number): void {
  if (ordering === "seq_cst" || !s.features.v4) refuseAsClang(s, noInstruction(node, ordering, bits));
}

/** Read-modify-writes, as LLVM's back ends call them. */
const NODES: Readonly<Record<string, string>> = { xchg: "AtomicSwap", nand: "AtomicLoadNand" };
const nodeOf = (operation: string): string =>
  NODES[operation] ?? `AtomicLoad${operation[0].toUpperCase()}${operation.slice(1)}`;

function requireWidth(s: Selection, node: string, bits: number): void {
  if (bits !== 32 && bits !== 64) refuseAsClang(s, noInstruction(node, undefined, bits));
}

/**
 * A read-modify-write. One whose result is not used and whose order is relaxed is done without fetching (`lock`), as
 * clang has done it since 20; before, the order did not matter. Before v3 a plain addition never fetches, and it is all
 * that there is on 32 bits (BPFInstrInfo.td, BPFMIChecking.cpp). clang 20 and 21 do a relaxed one without fetching even
 * where its result is used; that is a fault of theirs, which is not followed.
 */
export function selectReadModifyWrite(s: Selection, insn: Instruction & { opcode: "atomicrmw" }): void {
  const { builder, features } = s, operation = OPERATIONS[insn.operation], bits = bitsOf(insn.type);
  const node = nodeOf(insn.operation), isOldAdd = insn.operation === "add" && !features.fetchingAtomics;
  if (operation === undefined) refuseAsClang(s, noInstruction(node, undefined, bits));
  requireWidth(s, node, bits);
  const isUsed = s.facts.users.has(insn.name!), isExchange = operation === BPF_ATOMIC.XCHG;
  if (isOldAdd ? isUsed : bits === 32 && !features.fetchingAtomics) {
    refuseAsClang(
      s,
      isOldAdd ? "an atomic addition whose result is used needs -mcpu=v3" : noInstruction(node, undefined, bits),
    );
  }
  const fetches = isExchange || isUsed || insn.ordering !== "monotonic" && !isOldAdd;
  const place = addressOf(s, insn.pointer), dst = ownRegister(s, insn.name!);
  const src = operandRegister(s, insn, dst, fetches);
  builder.atomic(fetches ? operation | BPF_ATOMIC.FETCH : operation, place, src, bits / 8);
}

/** What is added, and-ed, ...; where the machine writes the old value over it, in the result's register. */
function operandRegister(
  s: Selection,
  insn: Instruction & { opcode: "atomicrmw" },
  dst: Register,
  fetches: boolean,
): Register {
  const { builder, features } = s, width = bitsOf(insn.type) === 32 && features.alu32 ? 32 : 64;
  const number = numberOf(s, insn.value);
  if (insn.operation === "sub") {
    if (number !== undefined) builder.immediate(dst, negated(number, bitsOf(insn.type)), features.alu32);
    else {
      moveInto(s, dst, insn.value);
      builder.alu(ALU.NEG, width, dst, { imm: 0 });
    }
    return dst;
  }
  if (!fetches) return registerOf(s, insn.value);
  moveInto(s, dst, insn.value);
  return dst;
}

const negated = (number: bigint, bits: number): bigint =>
  bits === 32 ? BigInt.asUintN(32, -number) : BigInt.asUintN(64, -number);

/** Compare-and-exchange, whose expected and old values are in r0. */
export function selectCompareExchange(s: Selection, insn: Instruction & { opcode: "cmpxchg" }): void {
  const { builder, features } = s, bits = bitsOf(insn.value.type);
  requireWidth(s, "AtomicCmpSwap", bits);
  if (bits === 32 && !features.fetchingAtomics) refuseAsClang(s, noInstruction("AtomicCmpSwap", undefined, bits));
  const value = registerOf(s, insn.value), place = addressOf(s, insn.pointer);
  moveInto(s, R0, insn.expected);
  builder.atomic(BPF_ATOMIC.CMPXCHG, place, value, bits / 8);
  builder.copy(ownRegister(s, insn.name!), R0);
}

/** CO-RE: questions about fields, types and enumerators that the loader answers (BPFPreserveDIType.cpp). */
import { ALU, BPF_CLASS } from "../../isa/insn.ts";
import type { MetadataNode } from "../../llvm/metadata.ts";
import type { Instruction } from "../../llvm/module.ts";
import { CORE_RELO, type CoreRelocationKind } from "../../uapi/core_relo.ts";
import { alignOf } from "../data_layout.ts";
import { LD_IMM64, type Register } from "../machine.ts";
import { accessOf, type FieldRelocation, isAccessStep, plainType } from "./core_access.ts";
import { definitionOf, numberOf, refuse, type Selection } from "./selection.ts";
import { moveInto, ownRegister } from "./values.ts";

type Call = Instruction & { opcode: "call" };

export function selectCoreIntrinsic(s: Selection, insn: Call, name: string): void {
  const dst = ownRegister(s, insn.name!);
  const { preserveAccessIndex: type } = insn, question = insn.arguments.at(-1)!;
  const flag = Number(numberOf(s, question) ?? -1n);
  if (name.startsWith("llvm.bpf.preserve.field.info")) return selectFieldInfo(s, insn, dst, flag);
  if (name.startsWith("llvm.bpf.passthrough")) return moveInto(s, dst, insn.arguments[1]);
  if (type === undefined) return refuse(s, `the intrinsic ${name} without a type`);
  const node = s.metadata.get(type),
    ask = (kind: CoreRelocationKind, value: number, access = "0") =>
      relocatedNumber(s, dst, value, { type, access, kind });
  if (name.startsWith("llvm.bpf.preserve.type.info")) {
    const [kind, value] = [
      [CORE_RELO.TYPE_EXISTS, 1],
      [CORE_RELO.TYPE_SIZE, sizeOfDebugType(node)],
      [CORE_RELO.TYPE_MATCHES, 1],
    ][flag] ?? refuse(s, `a question about a type that is not known (${flag})`);
    return ask(kind as CoreRelocationKind, value);
  }
  if (name.startsWith("llvm.bpf.btf.type.id")) {
    return ask(flag === 0 ? CORE_RELO.TYPE_ID_LOCAL : CORE_RELO.TYPE_ID_TARGET, 0);
  }
  if (name.startsWith("llvm.bpf.preserve.enum.value")) return selectEnumerator(s, insn, dst, flag, type);
  refuse(s, `the intrinsic ${name}`);
}

/** A number that the loader may replace, as a 32-bit immediate. */
function relocatedNumber(s: Selection, dst: Register, value: number, core: FieldRelocation): void {
  s.builder.emit({ opcode: BPF_CLASS.ALU64 | ALU.MOV, dst, imm: value, core });
}

/** What a relocation says of a field besides its offset (BPFAbstractMemberAccess.cpp: GetFieldInfo). */
function selectFieldInfo(s: Selection, insn: Call, dst: Register, kind: number): void {
  const step = definitionOf(s, insn.arguments[0]);
  if (!isAccessStep(step)) return refuse(s, "a CO-RE question about what is no field");
  const { offset, relocation, member, record } = accessOf(s, step), type = plainType(member?.node("baseType"));
  const ask = (value: number) => relocatedNumber(s, dst, value, { ...relocation, kind: kind as CoreRelocationKind });
  if (kind === CORE_RELO.EXISTS) return ask(1);
  if (!member) return refuse(s, "a CO-RE question about an element of an array");
  const isBits = member.has("flags", "DIFlagBitField"),
    bits = isBits ? member.number("size") : sizeOfDebugType(type) * 8;
  // A bit field is read with the whole word, as wide as its struct is aligned, that it is in.
  const word = Math.min(8, record ? alignOf(record) : 1) * 8, bitOffset = member.number("offset");
  const start = bitOffset - bitOffset % word;
  if (isBits && bitOffset + bits > start + word) return refuse(s, "a CO-RE question about a bit field across words");
  switch (kind) {
    case CORE_RELO.OFFSET:
      return ask(isBits ? offset - Math.floor(bitOffset / 8) + start / 8 : offset);
    case CORE_RELO.SIZE:
      return ask(isBits ? word / 8 : bits / 8);
    case CORE_RELO.SIGNED:
      return ask(/_signed/.test(type?.word("encoding") ?? "") ? 1 : 0);
    case CORE_RELO.LSHIFT:
      return ask(isBits ? start + 64 - bitOffset - bits : 64 - bits);
    case CORE_RELO.RSHIFT:
      return ask(64 - bits);
  }
  refuse(s, `a CO-RE question that is not known (${kind})`);
}

/** Bytes of a type, from its debug metadata. */
function sizeOfDebugType(node: MetadataNode | undefined): number {
  const plain = plainType(node);
  return plain ? plain.number("size") / 8 : 0;
}

/** `enum task_state:TASK_DEAD` and its number, in a string constant beside. */
function selectEnumerator(s: Selection, insn: Call, dst: Register, flag: number, type: number): void {
  const [, where] = insn.arguments,
    global = s.module.globals.find((one) => where.kind === "global" && one.name === where.name);
  const text = global?.initializer?.kind === "bytes" ? new TextDecoder().decode(global.initializer.bytes) : "";
  const [, name, value] = /^(.*):(-?\d+)\0?$/.exec(text) ?? refuse(s, "an enumerator without a name");
  const enumerators = plainType(s.metadata.get(type))?.list("elements") ?? [];
  const index = enumerators.findIndex((one) => one?.text("name") === name);
  if (index < 0) return refuse(s, `the enumerator ${name}`);
  const isValue = flag === 1, kind = isValue ? CORE_RELO.ENUMVAL_VALUE : CORE_RELO.ENUMVAL_EXISTS;
  const core = { type, access: String(index), kind };
  if (!isValue) return relocatedNumber(s, dst, 1, core);
  s.builder.emit({ opcode: LD_IMM64, dst, imm64: BigInt.asUintN(64, BigInt(value)), core });
}

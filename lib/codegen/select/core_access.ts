/**
 * CO-RE: accesses whose offsets the loader adjusts to the kernel at hand (BPFAbstractMemberAccess.cpp). The front end marks each step from a struct to its member; a
 * chain of such steps is one relocation, on the instruction that uses the offset.
 */
import type { Instruction, Type, Value } from "../../llvm/module.ts";
import type { MetadataNode } from "../../llvm/metadata.ts";
import type { CoreRelocation } from "../assembled.ts";
import { CORE_RELO } from "../../uapi/core_relo.ts";
import { fieldOffset, sizeOf } from "../data_layout.ts";
import { definitionOf, numberOf, refuse, type Selection } from "./selection.ts";

type Call = Instruction & { opcode: "call" };
export type FieldRelocation = Omit<CoreRelocation, "offset">;

export const calleeOf = (insn: Instruction | undefined): string =>
  insn?.opcode === "call" && insn.callee.kind === "global" ? insn.callee.name : "";

const STEP = /^llvm\.preserve\.(struct|union|array)\.access\.index\./;

/** Whether an instruction is a step from a type to a part of it. */
export const isAccessStep = (insn: Instruction | undefined): insn is Call => STEP.test(calleeOf(insn));

export interface Access {
  /** The pointer that the chain begins with. */
  readonly root: Value;
  /** Bytes from there, as the types of this compilation have it. */
  readonly offset: number;
  readonly relocation: FieldRelocation;
  /** Metadata of the member that the last step goes to, and the struct that it is in; of an array's element none. */
  readonly member?: MetadataNode;
  readonly record?: Type;
}

/** The whole chain that ends with a step. */
export function accessOf(s: Selection, last: Call): Access {
  const steps: Call[] = [];
  let root: Value = { kind: "local", type: last.type, name: last.name! };
  for (let at: Instruction | undefined = last; isAccessStep(at); at = definitionOf(s, root)) {
    steps.unshift(at);
    root = at.arguments[0];
  }
  const indices: number[] = [];
  let offset = 0, member: MetadataNode | undefined, record: Type | undefined;
  steps.forEach((step, i) => {
    const [, kind] = STEP.exec(calleeOf(step))!, [, first, second] = step.arguments;
    if (kind === "array") {
      const dimension = Number(numberOf(s, first)), index = Number(BigInt.asIntN(32, numberOf(s, second)!));
      const type = step.elementType!, element = dimension > 0 && type.kind === "array" ? type.element : type;
      if (i === 0 && dimension > 0) indices.push(0);
      indices.push(index);
      offset += index * sizeOf(element);
      member = record = undefined;
      return;
    }
    const index = Number(numberOf(s, kind === "struct" ? second : first)), type = step.elementType;
    if (i === 0) indices.push(0);
    indices.push(index);
    if (kind === "struct") {
      if (type?.kind !== "struct") return refuse(s, "a CO-RE access into what is no struct");
      offset += fieldOffset(type, Number(numberOf(s, first)));
    }
    const node = step.preserveAccessIndex;
    record = type;
    member = node === undefined ? undefined : plainType(s.metadata.get(node))?.list("elements")[index];
  });
  const type = steps[0].preserveAccessIndex;
  if (type === undefined) return refuse(s, "a CO-RE access without its type");
  const relocation = { type, access: indices.join(":"), kind: CORE_RELO.OFFSET };
  return { root, offset, relocation, member, record };
}

/** A type without the names and qualifiers around it. */
export function plainType(node: MetadataNode | undefined): MetadataNode | undefined {
  const isName = ["DW_TAG_typedef", "DW_TAG_const_type", "DW_TAG_volatile_type"].includes(node?.word("tag") ?? "");
  return isName ? plainType(node!.node("baseType")) : node;
}

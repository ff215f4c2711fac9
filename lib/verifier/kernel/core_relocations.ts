/**
 * Puts the kernel's own layout into the instructions that depend on it, as libbpf does before it loads a program
 * (tools/lib/bpf/relo_core.c): for the structs of the tables out of these, for others out of the running kernel's BTF.
 */
import { CORE_RELO } from "../../uapi/core_relo.ts";
import { BPF_CLASS, classOf, type Insn, isWide } from "../../isa/insn.ts";
import type { CoreRelocation, Program } from "../../object/bpf_object.ts";
import type { Btf } from "../../object/btf.ts";
import { resolveType, sizeOfType } from "../../object/btf_types.ts";
import {
  bitFieldValue,
  CORE_RELO_NAMES,
  type CoreAnswer,
  type CoreValue,
  essentialName,
  isTypeBased,
  isValueBased,
} from "./core_relo.ts";
import { targetValue } from "./core_target.ts";
import { kernelBtf } from "./kernel_btf.ts";
import { isInTables, type StructField, type StructLayout, structLayout } from "./kernel_structs.ts";

/** A step along a path: a member by its name, or so many elements on. */
type Step = { readonly member: string } | { readonly element: number };

/** A program as the kernel gets it. */
export interface Relocated {
  readonly insns: readonly Insn[];
  /** What to say of an instruction that names something the kernel does not have, should a path lead there. */
  readonly poisoned: ReadonlyMap<number, string>;
  /** What is not known of an instruction. */
  readonly unknown: ReadonlyMap<number, string>;
}

const NONE: ReadonlyMap<number, string> = new Map();
/** A call that no kernel knows: libbpf puts it in the instruction's place (relo_core.c:bpf_core_poison_insn). */
const POISON: Insn = { opcode: 0x85, dst: 0, src: 0, off: 0, imm: 0xbad2310 };

export function relocate(program: Program, btf: Btf | undefined): Relocated {
  const { coreRelocations } = program;
  if (!coreRelocations || !btf) return { insns: program.insns, poisoned: NONE, unknown: NONE };
  const insns = [...program.insns], poisoned = new Map<number, string>(), unknown = new Map<number, string>();
  for (const relocation of coreRelocations) {
    const { insn } = relocation, found = kernelValue(btf, relocation);
    if (found === "unknown") unknown.set(insn, `relocating ${spec(btf, relocation)}`);
    else if (found === "missing" || found?.hasOtherSize && isAccess(insns[insn])) {
      poisoned.set(insn, `failed to resolve CO-RE relocation ${spec(btf, relocation)}`);
      if (isWide(insns[insn])) insns[insn + 1] = POISON;
      insns[insn] = POISON;
    } else if (found) patch(insns, insn, found);
  }
  return { insns, poisoned, unknown };
}

/** The tables answer what they can, so that a listing means the same everywhere; the running kernel the rest. */
function kernelValue(btf: Btf, relocation: CoreRelocation): CoreAnswer {
  const kernel = kernelBtf();
  const fromTable = tableValue(btf, relocation);
  if (fromTable !== "unknown") return fromTable;
  return kernel ? targetValue(kernel, btf, relocation) : "unknown";
}

function tableValue(btf: Btf, { type, access, kind }: CoreRelocation): CoreAnswer {
  if (kind === CORE_RELO.TYPE_ID_LOCAL) return undefined;
  const local = resolveType(btf, type), name = essentialName(local.name);
  const layout = isInTables(name) ? structLayout(name) : undefined;
  if (!layout || local.kind !== "struct" && local.kind !== "union") return "unknown";
  if (kind === CORE_RELO.TYPE_SIZE) return { value: BigInt(layout.size) };
  if (kind === CORE_RELO.TYPE_EXISTS) return { value: 1n };
  if (kind > CORE_RELO.RSHIFT) return "unknown";
  const path = localPath(btf, type, access);
  if (!path) return "unknown";
  const place = findPath(layout, path.steps);
  if (place === "unknown") return "unknown";
  if (kind === CORE_RELO.EXISTS) return { value: place ? 1n : 0n };
  if (!place) return "missing";
  const { field, offset } = place, isElement = place.isElement || !field.isArray;
  if (kind === CORE_RELO.SIGNED) return field.bits > 0 ? { value: field.isSigned ? 1n : 0n } : "unknown";
  if (field.bits > 0) {
    // The place of a bit field counts from the start of the struct that it stands in.
    const bits = { size: field.size, offset: (offset - field.offset) * 8 + field.firstBit, count: field.bits };
    return bitFieldValue(bits, kind);
  }
  switch (kind) {
    case CORE_RELO.OFFSET:
      return { value: BigInt(offset), bytes: isElement && field.type.kind === "scalar" ? field.size : undefined };
    case CORE_RELO.SIZE:
      return { value: BigInt(field.size * (isElement ? 1 : field.count)) };
    default:
      return { value: BigInt(64 - field.size * 8) };
  }
}

/** Bytes, and the bits beyond them where there are any. */
const placeText = (bits: number): string => `${bits >> 3}${bits % 8 ? `.${bits % 8}` : ""}`;

/** As libbpf puts it in place of the kernel's message (bpf_core_format_spec). */
function spec(btf: Btf, { type, access, kind }: CoreRelocation): string {
  const { name, kind: what, values } = btf.types[type], head = `<${CORE_RELO_NAMES[kind]}> [${type}] ${what} ${name}`;
  if (isTypeBased(kind)) return head;
  if (isValueBased(kind)) {
    const one = (values ?? resolveType(btf, type).values)?.[Number(access)];
    return `${head}::${one?.name} = ${one?.value}`;
  }
  const path = localPath(btf, type, access);
  const steps = path?.steps.map((step) => "member" in step ? `.${step.member}` : `[${step.element}]`).join("") ?? "";
  return `${head}${steps} (${access} @ offset ${placeText(path?.bitOffset ?? 0)})`;
}

/** The path by names, members without a name passed through as libbpf does; and its offset in the listing's type. */
function localPath(btf: Btf, root: number, access: string): { steps: Step[]; bitOffset: number } | undefined {
  const [first, ...indices] = access.split(":").map(Number), steps: Step[] = [];
  if (first > 0) steps.push({ element: first });
  let type = resolveType(btf, root), bitOffset = first * (type.size ?? 0) * 8;
  for (const index of indices) {
    if (type.kind === "array") {
      steps.push({ element: index });
      bitOffset += index * sizeOfType(btf, type.type ?? 0) * 8;
      type = resolveType(btf, type.type ?? 0);
      continue;
    }
    const member = type.members?.[index];
    if (!member) return undefined;
    if (member.name) steps.push({ member: member.name });
    bitOffset += member.bitOffset;
    type = resolveType(btf, member.type);
  }
  return { steps, bitOffset };
}

interface Place {
  readonly field: StructField;
  readonly offset: number;
  readonly isElement: boolean;
}

/** `"unknown"`: the path leads into a struct that the tables leave out. */
function findPath(layout: StructLayout, path: readonly Step[]): Place | "unknown" | undefined {
  let inside: StructLayout | undefined = layout, place: Place | undefined, base = 0;
  for (const step of path) {
    if ("element" in step) {
      const size: number = place?.field.size ?? layout.size;
      base += step.element * size;
      if (place) place = { field: place.field, offset: base, isElement: true };
      continue;
    }
    if (!inside) return place?.field.type.kind === "struct" ? "unknown" : undefined;
    const found: { field: StructField; offset: number } | undefined = findMember(inside, step.member);
    if (!found) return undefined;
    base += found.offset;
    place = { field: found.field, offset: base, isElement: false };
    const { type } = found.field;
    inside = type.kind !== "struct" ? undefined : type.layout ?? (type.name ? structLayout(type.name) : undefined);
  }
  return place;
}

/** A member, or one of a member without a name. */
function findMember(layout: StructLayout, name: string): { field: StructField; offset: number } | undefined {
  for (const field of layout.fields) {
    if (field.name === name) return { field, offset: field.offset };
    if (field.name !== "" || field.type.kind !== "struct" || !field.type.layout) continue;
    const inner = findMember(field.type.layout, name);
    if (inner) return { field: inner.field, offset: field.offset + inner.offset };
  }
  return undefined;
}

const isAccess = (insn: Insn): boolean =>
  [BPF_CLASS.LDX, BPF_CLASS.ST, BPF_CLASS.STX].some((one) => one === classOf(insn));

/** Where an instruction keeps the number: a load or store its offset, the others their constant. */
function patch(insns: Insn[], at: number, { value, bytes }: CoreValue): void {
  const insn = insns[at], imm = Number(BigInt.asIntN(32, value));
  if (isAccess(insn)) {
    const size = SIZE_BITS[bytes ?? 0];
    const opcode = size === undefined ? insn.opcode : insn.opcode & ~SIZE_MASK | size;
    insns[at] = { ...insn, opcode, off: Number(value) };
  } else if (isWide(insn)) {
    insns[at] = { ...insn, imm, imm64: BigInt.asUintN(64, value) };
    insns[at + 1] = { ...insns[at + 1], imm: Number(BigInt.asIntN(32, value >> 32n)) };
  } else if (classOf(insn) !== BPF_CLASS.LD) {
    insns[at] = { ...insn, imm };
  }
}

const SIZE_MASK = 0x18;
const SIZE_BITS: Readonly<Record<number, number>> = { 1: 0x10, 2: 0x08, 4: 0x00, 8: 0x18 };

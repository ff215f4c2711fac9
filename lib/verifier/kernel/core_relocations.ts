/**
 * Puts the kernel's own layout into the instructions that depend on it, as libbpf does before it loads a program
 * (tools/lib/bpf/relo_core.c), for the structs that {@link structLayout} knows; the rest stays as it was compiled.
 */
import { BPF_CLASS, classOf, type Insn, isWide } from "../../isa/insn.ts";
import type { CoreRelocation, Program } from "../../object/bpf_object.ts";
import type { Btf } from "../../object/btf.ts";
import { resolveType, sizeOfType } from "../../object/btf_types.ts";
import { type StructField, type StructLayout, structLayout } from "./kernel_structs.ts";

/** enum bpf_core_relo_kind, as far as fields and sizes go. */
const CORE_RELO = { OFFSET: 0, SIZE: 1, EXISTS: 2, LSHIFT: 4, RSHIFT: 5, TYPE_SIZE: 9 } as const;

/** A step along a path: a member by its name, or so many elements on. */
type Step = { readonly member: string } | { readonly element: number };

/** A program as a 6.18 kernel gets it. */
export interface Relocated {
  readonly insns: readonly Insn[];
  /** What to say of an instruction that names a field the kernel does not have, should a path lead there. */
  readonly poisoned: ReadonlyMap<number, string>;
}

const NONE: ReadonlyMap<number, string> = new Map();

export function relocate(program: Program, btf: Btf | undefined): Relocated {
  const { coreRelocations } = program;
  if (!coreRelocations || !btf) return { insns: program.insns, poisoned: NONE };
  const insns = [...program.insns], poisoned = new Map<number, string>();
  for (const relocation of coreRelocations) {
    const found = kernelValue(btf, relocation);
    if (found === "missing") poisoned.set(relocation.insn, complaint(btf, relocation));
    else if (found) insns[relocation.insn] = patched(insns[relocation.insn], found);
  }
  return { insns, poisoned };
}

interface Found {
  readonly value: number;
  /** Bytes of a plain number, which a load or store takes over. */
  readonly bytes?: number;
}

/** `undefined`: not known here; `"missing"`: the kernel has no such field. */
function kernelValue(btf: Btf, { type, access, kind }: CoreRelocation): Found | "missing" | undefined {
  const local = resolveType(btf, type), layout = structLayout(essentialName(local.name));
  if (!layout || local.kind !== "struct" && local.kind !== "union") return undefined;
  if (kind === CORE_RELO.TYPE_SIZE) return { value: layout.size };
  if (kind > CORE_RELO.RSHIFT) return undefined;
  const path = localPath(btf, type, access);
  if (!path) return undefined;
  const place = findPath(layout, path.steps);
  if (kind === CORE_RELO.EXISTS) return { value: place ? 1 : 0 };
  if (!place) return "missing";
  const { field, offset } = place, word = field.bits > 0 ? wordOf(field) : undefined;
  const isElement = place.isElement || !field.isArray;
  switch (kind) {
    case CORE_RELO.OFFSET:
      if (word) return { value: word.offset };
      return { value: offset, bytes: isElement && field.type.kind === "scalar" ? field.size : undefined };
    case CORE_RELO.SIZE:
      return { value: word ? word.bytes : field.size * (isElement ? 1 : field.count) };
    case CORE_RELO.LSHIFT:
      return { value: word ? 64 - (field.firstBit + field.bits - word.offset * 8) : 64 - field.size * 8 };
    case CORE_RELO.RSHIFT:
      return { value: 64 - (word ? field.bits : field.size * 8) };
    default:
      return undefined;
  }
}

const KIND_NAMES = ["byte_off", "byte_sz", "field_exists", "signed", "lshift_u64", "rshift_u64"];

/** As libbpf puts it in place of the kernel's message (bpf_core_format_spec). */
function complaint(btf: Btf, { type, access, kind }: CoreRelocation): string {
  const { name, kind: what } = resolveType(btf, type), path = localPath(btf, type, access);
  const steps = path?.steps.map((step) => "member" in step ? `.${step.member}` : `[${step.element}]`).join("") ?? "";
  const place = `(${access} @ offset ${path?.offset ?? 0})`;
  return `failed to resolve CO-RE relocation <${KIND_NAMES[kind]}> [${type}] ${what} ${name}${steps} ${place}`;
}

/** `task_struct___old` is a flavour of `task_struct`. */
const essentialName = (name: string): string => name.replace(/___.*$/, "");

/** The smallest aligned word that holds all of a bit field. */
function wordOf(field: StructField): { offset: number; bytes: number } {
  for (let bytes = 1; bytes <= 8; bytes *= 2) {
    const offset = Math.floor(field.firstBit / 8 / bytes) * bytes;
    if (field.firstBit + field.bits <= (offset + bytes) * 8) return { offset, bytes };
  }
  return { offset: field.offset, bytes: 8 };
}

/** The path by names, members without a name passed through as libbpf does; and its offset in the listing's type. */
function localPath(btf: Btf, root: number, access: string): { steps: Step[]; offset: number } | undefined {
  const [first, ...indices] = access.split(":").map(Number), steps: Step[] = [];
  if (first > 0) steps.push({ element: first });
  let type = resolveType(btf, root), offset = first * (type.size ?? 0);
  for (const index of indices) {
    if (type.kind === "array") {
      steps.push({ element: index });
      offset += index * sizeOfType(btf, type.type ?? 0);
      type = resolveType(btf, type.type ?? 0);
      continue;
    }
    const member = type.members?.[index];
    if (!member) return undefined;
    if (member.name) steps.push({ member: member.name });
    offset += member.bitOffset >> 3;
    type = resolveType(btf, member.type);
  }
  return { steps, offset };
}

interface Place {
  readonly field: StructField;
  readonly offset: number;
  readonly isElement: boolean;
}

function findPath(layout: StructLayout, path: readonly Step[]): Place | undefined {
  let inside: StructLayout | undefined = layout, place: Place | undefined, base = 0;
  for (const step of path) {
    if ("element" in step) {
      const size: number = place?.field.size ?? layout.size;
      base += step.element * size;
      if (place) place = { field: place.field, offset: base, isElement: true };
      continue;
    }
    if (!inside) return undefined;
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

/** Where an instruction keeps the number: a load or store its offset, the others their constant. */
function patched(insn: Insn, { value, bytes }: Found): Insn {
  switch (classOf(insn)) {
    case BPF_CLASS.LDX:
    case BPF_CLASS.ST:
    case BPF_CLASS.STX: {
      const size = SIZE_BITS[bytes ?? 0];
      return { ...insn, opcode: size === undefined ? insn.opcode : insn.opcode & ~SIZE_MASK | size, off: value };
    }
    case BPF_CLASS.LD:
      return isWide(insn) ? { ...insn, imm: value, imm64: BigInt(value) } : insn;
    default:
      return { ...insn, imm: value };
  }
}

const SIZE_MASK = 0x18;
const SIZE_BITS: Readonly<Record<number, number>> = { 1: 0x10, 2: 0x08, 4: 0x00, 8: 0x18 };

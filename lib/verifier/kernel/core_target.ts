/** Where the kernel keeps what a CO-RE relocation names, out of its BTF (tools/lib/bpf/relo_core.c). */
import { CORE_RELO } from "../../uapi/core_relo.ts";
import type { CoreRelocation } from "../../object/bpf_object.ts";
import type { Btf, BtfType } from "../../object/btf.ts";
import { resolveType, sizeOfType } from "../../object/btf_types.ts";
import type { LazyBtf } from "../../object/lazy_btf.ts";
import {
  bitFieldValue,
  type CoreAnswer,
  type CoreValue,
  essentialName,
  isTypeBased,
  isValueBased,
} from "./core_relo.ts";

/** A step along a path: a member by its name, or so many elements on. */
interface Step {
  readonly name?: string;
  readonly index: number;
  /** Of a member: its type in the object. */
  readonly type: number;
}

const ENUMS: readonly BtfType["kind"][] = ["enum", "enum64"];
const isComposite = ({ kind }: BtfType): boolean => kind === "struct" || kind === "union";
const isEnum = ({ kind }: BtfType): boolean => ENUMS.includes(kind);
const MAX_NESTING = 32;

/** What stands in the instruction's place; `"missing"`: the kernel has no such type, field or constant. */
export function targetValue(kernel: LazyBtf, local: Btf, relocation: CoreRelocation): CoreAnswer {
  const { kind, type, access } = relocation;
  // The object's own type, by its id in the BTF that is loaded with it: as it was compiled.
  if (kind === CORE_RELO.TYPE_ID_LOCAL) return undefined;
  const root = local.types[type], candidates = candidatesOf(kernel, root);
  if (isTypeBased(kind)) return typeValue(kernel, local, relocation, candidates);
  if (isValueBased(kind)) return enumValue(resolveType(local, type), Number(access), kind, candidates, kernel);
  const steps = localSteps(local, type, access);
  if (!steps) return "unknown";
  for (const candidate of candidates) {
    const place = match(kernel, local, candidate.id, steps);
    if (place) return kind === CORE_RELO.EXISTS ? { value: 1n } : fieldValue(kernel, place, kind, local, steps);
  }
  return kind === CORE_RELO.EXISTS ? { value: 0n } : "missing";
}

/** Types of the kernel with the name of the object's, but for what follows `___` (bpf_core_add_cands). */
function candidatesOf(kernel: LazyBtf, root: BtfType): BtfType[] {
  const name = essentialName(root.name);
  if (name === "") return [];
  return kernel.findAll(name, isEnum(root) ? ENUMS : [root.kind]);
}

function typeValue(kernel: LazyBtf, local: Btf, { kind, type }: CoreRelocation, candidates: BtfType[]): CoreAnswer {
  // A type that the kernel lacks is 0, not a fault (bpf_core_calc_type_relo).
  const found = candidates.find((one) => areCompatible(kernel, local, type, one.id, 0));
  switch (kind) {
    case CORE_RELO.TYPE_EXISTS:
      return { value: found ? 1n : 0n };
    case CORE_RELO.TYPE_MATCHES:
      return candidates.length === 0 ? { value: 0n } : "unknown";
    case CORE_RELO.TYPE_SIZE:
      return { value: BigInt(found ? sizeOfType(kernel, found.id) : 0) };
    default:
      return { value: BigInt(found?.id ?? 0) };
  }
}

/** __bpf_core_types_are_compat */
export function areCompatible(kernel: LazyBtf, local: Btf, localId: number, targetId: number, depth: number): boolean {
  const own = resolveType(local, localId), target = resolveType(kernel, targetId);
  if (depth > MAX_NESTING) return false;
  if (own.kind !== target.kind && !(isEnum(own) && isEnum(target))) return false;
  switch (own.kind) {
    case "ptr":
    case "array":
      return areCompatible(kernel, local, own.type ?? 0, target.type ?? 0, depth + 1);
    case "func_proto": {
      const params = own.params ?? [], others = target.params ?? [];
      return params.length === others.length &&
        params.every(({ type }, at) => areCompatible(kernel, local, type, others[at].type, depth + 1)) &&
        areCompatible(kernel, local, own.type ?? 0, target.type ?? 0, depth + 1);
    }
    default:
      return true;
  }
}

function enumValue(own: BtfType, index: number, kind: number, candidates: BtfType[], kernel: LazyBtf): CoreAnswer {
  const wanted = essentialName(own.values?.[index]?.name ?? "");
  for (const candidate of candidates) {
    const found = resolveType(kernel, candidate.id).values?.find(({ name }) => essentialName(name) === wanted);
    if (found) return { value: kind === CORE_RELO.ENUMVAL_EXISTS ? 1n : found.value };
  }
  return kind === CORE_RELO.ENUMVAL_EXISTS ? { value: 0n } : "missing";
}

/** The path by names; members without a name are passed through (bpf_core_parse_spec). */
function localSteps(local: Btf, root: number, access: string): Step[] | undefined {
  const [first, ...indices] = access.split(":").map(Number), steps: Step[] = [{ index: first, type: root }];
  let type = resolveType(local, root);
  for (const index of indices) {
    if (type.kind === "array") {
      steps.push({ index, type: type.type ?? 0 });
      type = resolveType(local, type.type ?? 0);
      continue;
    }
    const member = type.members?.[index];
    if (!member) return undefined;
    if (member.name) steps.push({ name: member.name, index, type: member.type });
    type = resolveType(local, member.type);
  }
  return steps;
}

interface Place {
  readonly type: number;
  readonly bitOffset: number;
  readonly bitSize: number;
  readonly isMember: boolean;
}

/** bpf_core_spec_match */
function match(kernel: LazyBtf, local: Btf, root: number, [first, ...steps]: readonly Step[]): Place | undefined {
  let place: Place = {
    type: root,
    bitOffset: first.index * sizeOfType(kernel, root) * 8,
    bitSize: 0,
    isMember: false,
  };
  for (const step of steps) {
    const type = resolveType(kernel, place.type);
    if (step.name !== undefined) {
      const found = member(kernel, local, type, step, 0);
      if (!found) return undefined;
      place = { ...found, bitOffset: place.bitOffset + found.bitOffset };
      continue;
    }
    // An array without a length at the end of a struct has any number of elements.
    if (type.kind !== "array" || (type.nelems ?? 0) > 0 && step.index >= type.nelems!) return undefined;
    const element = type.type ?? 0;
    place = {
      type: element,
      bitOffset: place.bitOffset + step.index * sizeOfType(kernel, element) * 8,
      bitSize: 0,
      isMember: false,
    };
  }
  return place;
}

/** bpf_core_match_member */
function member(kernel: LazyBtf, local: Btf, type: BtfType, step: Step, depth: number): Place | undefined {
  if (!isComposite(type) || depth > MAX_NESTING) return undefined;
  for (const { name, type: of, bitOffset, bitSize } of type.members ?? []) {
    if (name === "") {
      const inner = member(kernel, local, resolveType(kernel, of), step, depth + 1);
      if (inner) return { ...inner, bitOffset: bitOffset + inner.bitOffset };
    } else if (name === step.name) {
      return haveLikeKinds(kernel, local, step.type, of) ? { type: of, bitOffset, bitSize, isMember: true } : undefined;
    }
  }
  return undefined;
}

/** bpf_core_fields_are_compat */
function haveLikeKinds(kernel: LazyBtf, local: Btf, localId: number, targetId: number): boolean {
  const own = resolveType(local, localId), target = resolveType(kernel, targetId);
  if (isComposite(own) && isComposite(target)) return true;
  if (own.kind !== target.kind && !(isEnum(own) && isEnum(target))) return false;
  if (own.kind === "array") return haveLikeKinds(kernel, local, own.type ?? 0, target.type ?? 0);
  if (own.kind !== "fwd" && !isEnum(own)) return true;
  const [a, b] = [essentialName(own.name), essentialName(target.name)];
  return a === "" || b === "" || a === b;
}

/** bpf_core_calc_field_relo */
function fieldValue(kernel: LazyBtf, place: Place, kind: number, local: Btf, steps: readonly Step[]): CoreAnswer {
  const type = resolveType(kernel, place.type), number = (value: number): CoreValue => ({ value: BigInt(value) });
  if (kind === CORE_RELO.SIGNED) return number(type.signed ? 1 : 0);
  if (place.bitSize > 0) {
    return bitFieldValue({ size: type.size ?? 0, offset: place.bitOffset, count: place.bitSize }, kind);
  }
  const bytes = sizeOfType(kernel, place.type);
  switch (kind) {
    case CORE_RELO.OFFSET:
      return { ...number(place.bitOffset >> 3), ...access(kernel, place.type, bytes, local, steps) };
    case CORE_RELO.SIZE:
      return number(bytes);
    case CORE_RELO.LSHIFT:
    case CORE_RELO.RSHIFT:
      return number(64 - bytes * 8);
    default:
      return "unknown";
  }
}

/** Loads and stores take over the kernel's size of a pointer or a number without a sign; others must have the same. */
function access(
  kernel: LazyBtf,
  target: number,
  bytes: number,
  local: Btf,
  steps: readonly Step[],
): Pick<CoreValue, "bytes" | "hasOtherSize"> {
  const own = steps.at(-1)!.type;
  if (sizeOfType(local, own) === bytes) return {};
  const [a, b] = [resolveType(local, own), resolveType(kernel, target)];
  const isSafe = a.kind === "ptr" && b.kind === "ptr" || a.kind === "int" && b.kind === "int" && !a.signed && !b.signed;
  return isSafe ? { bytes } : { hasOtherSize: true };
}

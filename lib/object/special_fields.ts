/** Finds locks, timers and other special fields in a map's value type (kernel/bpf/btf.c:btf_parse_fields). */
import type { Variable } from "./bpf_object.ts";
import type { Btf, BtfType } from "./btf.ts";
import { ERRNO } from "../uapi/errno.ts";

/** Fields of a map value that a program may touch only through helpers (kernel/bpf/btf.c:btf_parse_fields). */
export type SpecialFieldKind =
  | "bpf_spin_lock"
  | "bpf_res_spin_lock"
  | "bpf_timer"
  | "bpf_wq"
  | "bpf_task_work"
  | "bpf_list_head"
  | "bpf_list_node"
  | "bpf_rb_root"
  | "bpf_rb_node"
  | "bpf_refcount"
  | "kptr_untrusted"
  | "kptr_ref"
  | "kptr_percpu";

export interface SpecialField {
  readonly kind: SpecialFieldKind;
  /** Byte offset in the value, and size in bytes. */
  readonly offset: number;
  readonly size: number;
  /** Of a kptr: the struct it points to. */
  readonly target?: string;
  /** That struct's id in the program's own BTF. */
  readonly targetId?: number;
  /** Of a list or tree: the type of its objects in the program's BTF, and where in them the node lies. */
  readonly contains?: { readonly type: number; readonly nodeOffset: number };
}

const MAX_FIELDS = 11;
const MAX_NESTING = 32;

interface FieldShape {
  readonly kind: SpecialFieldKind;
  readonly size: number;
  readonly align: number;
  /** At most one in a value. */
  readonly isUnique: boolean;
}

const SHAPES: readonly FieldShape[] = [
  { kind: "bpf_spin_lock", size: 4, align: 4, isUnique: true },
  { kind: "bpf_res_spin_lock", size: 4, align: 4, isUnique: true },
  { kind: "bpf_timer", size: 16, align: 8, isUnique: true },
  { kind: "bpf_wq", size: 16, align: 8, isUnique: true },
  { kind: "bpf_task_work", size: 8, align: 8, isUnique: true },
  { kind: "bpf_list_head", size: 16, align: 8, isUnique: false },
  { kind: "bpf_list_node", size: 24, align: 8, isUnique: false },
  { kind: "bpf_rb_root", size: 16, align: 8, isUnique: false },
  { kind: "bpf_rb_node", size: 32, align: 8, isUnique: false },
  { kind: "bpf_refcount", size: 4, align: 4, isUnique: true },
];
const KPTR_BYTES = 8;

/** The kernel would refuse the type with this error. */
export class FieldError extends Error {
  override readonly name = "FieldError";
  constructor(readonly errno: number) {
    super(`special fields refused with error ${errno}`);
  }
}

const MODIFIERS: readonly BtfType["kind"][] = ["typedef", "volatile", "const", "restrict", "type_tag"];

export function skipModifiers(btf: Btf, id: number): BtfType {
  let type = btf.types[id];
  while (type && MODIFIERS.includes(type.kind)) type = btf.types[type.type ?? 0];
  return type ?? btf.types[0];
}

/** Types that fit a register as a number. */
export const isScalarType = (type: BtfType): boolean =>
  type.kind === "int" || type.kind === "enum" || type.kind === "enum64";

/**
 * The special fields of a value type, sorted by offset.
 *
 * @param variables of a data section, where the object has them: the compiler leaves their places in BTF to libbpf
 * (libbpf.c:btf_fixup_datasec)
 * @throws FieldError when the kernel would refuse the type: two locks (E2BIG), fields that overlap (EEXIST), ...
 */
export function specialFields(btf: Btf, typeId: number, variables?: readonly Variable[]): SpecialField[] {
  // The kernel looks at the type itself: a value declared through a typedef is resolved by its size first.
  const type = skipModifiers(btf, typeId);
  if (type.kind !== "struct" && type.kind !== "datasec") return [];
  return fieldsAmong(btf, (search) => variables ? search.visitVariables(variables) : search.visit(type, 0, 0));
}

function fieldsAmong(btf: Btf, visit: (search: FieldSearch) => void): SpecialField[] {
  const search = new FieldSearch(btf);
  visit(search);
  const fields = search.found.sort((a, b) => a.offset - b.offset);
  for (let at = 1; at < fields.length; at++) {
    if (fields[at].offset < fields[at - 1].offset + fields[at - 1].size) throw new FieldError(ERRNO.EEXIST);
  }
  const has = (kind: SpecialFieldKind) => fields.some((field) => field.kind === kind);
  const hasLock = has("bpf_spin_lock") || has("bpf_res_spin_lock");
  if (has("bpf_spin_lock") && has("bpf_res_spin_lock")) throw new FieldError(ERRNO.EINVAL);
  if ((has("bpf_list_head") || has("bpf_rb_root")) && !hasLock) throw new FieldError(ERRNO.EINVAL);
  if (has("bpf_list_node") && has("bpf_rb_node") && !has("bpf_refcount")) throw new FieldError(ERRNO.EINVAL);
  return fields;
}

/** The special fields of a type that the kernel takes; none of one that it would refuse. */
export const fieldsOf = (btf: Btf, typeId: number): readonly SpecialField[] => orNone(() => specialFields(btf, typeId));

/** The same of the variables of a data section. */
export const variableFields = (btf: Btf, variables: readonly Variable[]): readonly SpecialField[] =>
  orNone(() => fieldsAmong(btf, (search) => search.visitVariables(variables)));

function orNone(find: () => readonly SpecialField[]): readonly SpecialField[] {
  try {
    return find();
  } catch (error) {
    if (error instanceof FieldError) return [];
    throw error;
  }
}

/** Fields that arrays may hold (btf_repeat_fields). */
const isRepeatable = (kind: SpecialFieldKind): boolean =>
  kind.startsWith("kptr") || kind === "bpf_list_head" || kind === "bpf_rb_root";

/** Structs that the kernel looks into while it loads BTF: those with a special member of their own. */
export const hasSpecialMember = (btf: Btf, type: BtfType): boolean =>
  type.kind === "struct" && (type.members ?? []).some((member) => {
    const held = btf.types[member.type];
    return held?.kind === "struct" && SHAPES.some((shape) => shape.kind === held.name);
  });

class FieldSearch {
  readonly found: SpecialField[] = [];
  readonly #seen = new Set<SpecialFieldKind>();

  constructor(readonly btf: Btf) {}

  visitVariables(variables: readonly Variable[]): void {
    for (const { name, type, offset, size } of variables) {
      if (type === undefined) continue;
      const variable = this.btf.types.find((one) => one.kind === "var" && one.name === name);
      this.#field(type, offset, size, 0, this.#contains(variable?.id, -1, type));
    }
  }

  visit(type: BtfType, offset: number, depth: number): void {
    if (depth >= MAX_NESTING) throw new FieldError(ERRNO.E2BIG);
    for (const variable of type.variables ?? []) {
      const held = this.btf.types[variable.type]?.type ?? 0, contains = this.#contains(variable.type, -1, held);
      this.#field(held, variable.offset, variable.size, depth, contains);
    }
    for (const [index, member] of (type.members ?? []).entries()) {
      if (member.bitOffset % 8 !== 0) {
        if (member.bitSize > 0) continue;
        throw new FieldError(ERRNO.EINVAL);
      }
      this.#field(member.type, offset + member.bitOffset / 8, 0, depth, this.#contains(type.id, index, member.type));
    }
  }

  /** The tag of __contains(struct, node) on a list or tree (btf_find_graph_root). */
  #contains(owner: number | undefined, component: number, heldType: number): SpecialField["contains"] {
    let held = skipModifiers(this.btf, heldType);
    while (held.kind === "array") held = skipModifiers(this.btf, held.type ?? 0);
    if (held.name !== "bpf_list_head" && held.name !== "bpf_rb_root") return undefined;
    const isList = held.name === "bpf_list_head";
    const tag = this.btf.types.find((one) =>
      one.kind === "decl_tag" && one.type === owner && one.component === component && one.name.startsWith("contains:")
    );
    const [, struct, node] = tag?.name.split(":") ?? [];
    const type = this.btf.types.find((one) => one.kind === "struct" && one.name === struct);
    const member = type?.members?.find(({ name }) => name === node);
    const kind = member && skipModifiers(this.btf, member.type).name;
    if (!type || !member || kind !== (isList ? "bpf_list_node" : "bpf_rb_node")) return undefined;
    return { type: type.id, nodeOffset: member.bitOffset / 8 };
  }

  /** A member or variable, or the elements of an array of them; `expected` is a variable's size in its section. */
  #field(typeId: number, offset: number, expected: number, depth: number, contains?: SpecialField["contains"]): void {
    let type = this.btf.types[typeId], count = 1;
    while (type?.kind === "array") {
      count *= type.nelems ?? 0;
      type = this.btf.types[type.type ?? 0];
    }
    if (!type || count === 0) return;
    const shape = SHAPES.find((shape) => shape.kind === type.name && type.kind === "struct");
    if (shape) {
      if (shape.isUnique && this.#seen.has(shape.kind)) throw new FieldError(ERRNO.E2BIG);
      if (shape.isUnique) this.#seen.add(shape.kind);
      if (expected && expected !== shape.size * count || offset % shape.align !== 0 || type.size !== shape.size) return;
      if (count > 1 && !isRepeatable(shape.kind)) throw new FieldError(ERRNO.EINVAL);
      if ((shape.kind === "bpf_list_head" || shape.kind === "bpf_rb_root") && !contains) {
        throw new FieldError(ERRNO.EINVAL);
      }
      this.#add(shape.kind, offset, shape.size, count, { contains });
    } else if (type.kind === "struct") {
      const size = type.size ?? 0;
      if (expected && expected !== size * count) return;
      const before = this.found.length;
      this.visit(type, offset, depth + 1);
      const inner = this.found.slice(before);
      if (count > 1 && inner.some((field) => !isRepeatable(field.kind))) throw new FieldError(ERRNO.EINVAL);
      for (let at = 1; at < count; at++) {
        for (const field of inner) this.#push({ ...field, offset: field.offset + at * size });
      }
    } else {
      this.#kptr(type, offset, count);
    }
  }

  /** A pointer tagged `kptr`, `kptr_untrusted` or `percpu_kptr`. */
  #kptr(type: BtfType, offset: number, count: number): void {
    let pointer = type;
    while (pointer.kind !== "ptr") {
      if (!MODIFIERS.includes(pointer.kind)) return;
      pointer = this.btf.types[pointer.type ?? 0];
    }
    const tag = this.btf.types[pointer.type ?? 0];
    if (tag?.kind !== "type_tag") return;
    const kinds: Record<string, SpecialFieldKind> = {
      kptr_untrusted: "kptr_untrusted",
      kptr: "kptr_ref",
      percpu_kptr: "kptr_percpu",
    };
    const kind = kinds[tag.name];
    if (!kind || offset % KPTR_BYTES !== 0) return;
    const { name: target, id: targetId } = skipModifiers(this.btf, tag.type ?? 0);
    this.#add(kind, offset, KPTR_BYTES, count, { target, targetId });
  }

  #add(
    kind: SpecialFieldKind,
    offset: number,
    size: number,
    count: number,
    what: Pick<SpecialField, "target" | "targetId" | "contains">,
  ): void {
    for (let at = 0; at < count; at++) this.#push({ kind, offset: offset + at * size, size, ...what });
  }

  #push(field: SpecialField): void {
    if (this.found.length >= MAX_FIELDS) throw new FieldError(ERRNO.E2BIG);
    this.found.push(field);
  }
}

/**
 * Types of BTF out of debug metadata, those that LLVM would write (llvm/lib/Target/BPF/BTFDebug.cpp). A struct that is
 * reached from a member of another by a pointer alone is left as a forward declaration: else each kernel struct would
 * bring the whole kernel along.
 */
import type { MetadataNode } from "../../llvm/metadata.ts";
import type { BtfEntry, TypeRef } from "./btf_entries.ts";

/** Linkage of functions and variables (include/uapi/linux/btf.h). */
export const BTF_LINKAGE = { STATIC: 0, GLOBAL: 1, EXTERN: 2 } as const;

const INT_SIGNED = 1, INT_BOOL = 4, MAX_COUNT = 0xffff;
const INT_ENCODINGS: Readonly<Record<string, number>> = {
  DW_ATE_boolean: INT_BOOL,
  DW_ATE_signed: INT_SIGNED,
  DW_ATE_signed_char: INT_SIGNED,
  DW_ATE_unsigned: 0,
  DW_ATE_unsigned_char: 0,
};
const MODIFIERS = {
  DW_TAG_pointer_type: "ptr",
  DW_TAG_typedef: "typedef",
  DW_TAG_const_type: "const",
  DW_TAG_volatile_type: "volatile",
  DW_TAG_restrict_type: "restrict",
} as const;

type Node = MetadataNode | undefined;

/** How a type was come to. */
interface Way {
  /** Through a member of a struct or union. */
  readonly throughMember: boolean;
  /** And behind that through a pointer. */
  readonly throughPointer: boolean;
}

const DIRECT: Way = { throughMember: false, throughPointer: false };
const MEMBER: Way = { throughMember: true, throughPointer: false };

export class BtfTypes {
  readonly entries: BtfEntry[] = [];
  /** Types by number of their metadata. */
  readonly #ids = new Map<number, number>();
  /** Structs and unions with their members, by name: the first of a name. */
  readonly #structs = new Map<string, number>();
  /** Pointers (and typedefs, qualifiers) to structs that may remain without members, and what they point to in the end. */
  readonly #forward: { readonly node: MetadataNode; readonly struct: MetadataNode; target: number }[] = [];
  #arrayIndex?: number;

  /** Adds a type that no other refers to by its metadata. */
  add(entry: BtfEntry): number {
    return this.entries.push(entry);
  }

  /** The number of a type; 0, void, for none and for what BTF has no kind for. */
  idOf(node: Node): number {
    return node ? this.#ids.get(unwrapAtomic(node)?.id ?? -1) ?? 0 : 0;
  }

  /** Collects a type and those that it is made of; gives its number. */
  visit(node: Node, way: Way = DIRECT): number {
    if (!node) return 0;
    const known = this.#ids.get(node.id);
    if (known !== undefined) {
      if (!way.throughMember || !way.throughPointer) this.#visitBehind(node, way);
      return known;
    }
    switch (node.kind) {
      case "DIBasicType":
        return this.#basic(node);
      case "DISubroutineType":
        return this.prototype(node, new Map(), node);
      case "DICompositeType":
        return this.#composite(node);
      case "DIDerivedType":
        return this.#derived(node, way);
    }
    return 0;
  }

  /**
   * A function's type.
   *
   * @param names of its arguments, by their number from 1
   * @param as the metadata by which other types refer to it
   */
  prototype(node: MetadataNode, names: ReadonlyMap<number, string>, as?: MetadataNode): number {
    const [result, ...parameters] = node.list("types");
    if (parameters.length > MAX_COUNT) return 0;
    const id = this.add({
      kind: "func_proto",
      name: "",
      sizeOrType: () => this.idOf(result),
      count: parameters.length,
      tail: (out, strings) =>
        parameters.forEach((parameter, index) => {
          // Without a type: `...`.
          out.u32(parameter ? strings.add(names.get(index + 1) ?? "") : 0, this.idOf(parameter));
        }),
    });
    if (as) this.#ids.set(as.id, id);
    this.visit(result);
    for (const parameter of parameters) this.visit(parameter);
    return id;
  }

  /** `__attribute__((btf_decl_tag("...")))` of a function, variable, struct, or of a part of it. */
  declarationTags(node: MetadataNode, target: number, component: number): void {
    for (const tag of tagsOf(node, "btf_decl_tag")) {
      this.add({ kind: "decl_tag", name: tag, sizeOrType: target, tail: (out) => out.u32(component >>> 0) });
    }
  }

  /**
   * The type of a map's definition: keys and values stand in it as pointers, and are wanted with their members, so they
   * are collected first.
   */
  visitMapDefinition(node: Node): number {
    if (!node) return 0;
    const known = this.#ids.get(node.id);
    if (known !== undefined) return known;
    const tag = node.word("tag");
    if (tag in MODIFIERS || tag === "DW_TAG_array_type") this.visitMapDefinition(node.node("baseType"));
    else if (tag === "DW_TAG_structure_type") {
      for (const member of node.list("elements")) {
        const type = member?.node("baseType");
        if (type?.kind === "DICompositeType") this.visitMapDefinition(type);
        else this.visit(type);
      }
    }
    return this.visit(node);
  }

  /** When everything is collected: what pointers point to whose struct was left out until now. */
  finish(): void {
    const declared = new Map<number, number>();
    for (const forward of this.#forward) {
      const { node, struct } = forward, name = struct.text("name");
      let target = this.#structs.get(name) ?? declared.get(struct.id);
      if (target === undefined) {
        target = this.#forwardDeclaration(struct);
        declared.set(struct.id, target);
      }
      forward.target = this.#typeTags(node, target) ?? target;
    }
  }

  #addAs(node: MetadataNode, entry: BtfEntry): number {
    const id = this.add(entry);
    this.#ids.set(node.id, id);
    return id;
  }

  #basic(node: MetadataNode): number {
    const bits = node.number("size"), size = Math.ceil(bits / 8), name = node.text("name");
    const encoding = node.word("encoding");
    if (encoding === "DW_ATE_float") return this.#addAs(node, { kind: "float", name, sizeOrType: size });
    const known = INT_ENCODINGS[encoding];
    if (known === undefined) return 0;
    return this.#addAs(node, { kind: "int", name, sizeOrType: size, tail: (out) => out.u32((known << 24) + bits) });
  }

  #composite(node: MetadataNode): number {
    switch (node.word("tag")) {
      case "DW_TAG_structure_type":
      case "DW_TAG_union_type": {
        if (!node.has("flags", "DIFlagFwdDecl")) return this.#struct(node);
        const id = this.#forwardDeclaration(node);
        this.#ids.set(node.id, id);
        return id;
      }
      case "DW_TAG_array_type":
        return this.#array(node);
      case "DW_TAG_enumeration_type":
        return this.#enum(node);
    }
    return 0;
  }

  #forwardDeclaration(struct: MetadataNode): number {
    return this.add({ kind: "fwd", name: struct.text("name"), sizeOrType: 0, flag: isUnion(struct) });
  }

  #struct(node: MetadataNode): number {
    const members = node.list("elements").filter((member) => member !== undefined);
    if (members.length > MAX_COUNT) return 0;
    const name = node.text("name"), hasBitFields = members.some(isBitField);
    const id = this.#addAs(node, {
      kind: isUnion(node) ? "union" : "struct",
      name,
      sizeOrType: Math.ceil(node.number("size") / 8),
      count: members.length,
      flag: hasBitFields,
      tail: (out, strings) => {
        for (const member of members) {
          const bits = hasBitFields && isBitField(member) ? member.number("size") : 0;
          const offset = bits * 0x100_0000 + member.number("offset");
          out.u32(strings.add(member.text("name")), this.idOf(member.node("baseType")), offset);
        }
      },
    });
    if (!this.#structs.has(name)) this.#structs.set(name, id);
    this.declarationTags(node, id, -1);
    members.forEach((member, index) => {
      this.visit(member);
      this.declarationTags(member, id, index);
    });
    return id;
  }

  /** An array of arrays is as many types, the innermost first. */
  #array(node: MetadataNode): number {
    let element: TypeRef = this.visit(node.node("baseType"));
    const dimensions = node.list("elements");
    for (let at = dimensions.length - 1; at >= 0; at--) {
      const dimension = dimensions[at];
      if (dimension?.kind !== "DISubrange") continue;
      // A flexible array member counts as many as -1.
      const inner = element, count = Math.max(0, Number(BigInt.asIntN(64, dimension.integer("count") ?? 0n)));
      element = this.add({
        kind: "array",
        name: "",
        sizeOrType: 0,
        tail: (out) => out.u32(inner as number, this.#arrayIndex ?? 0, count),
      });
      if (at === 0) this.#ids.set(node.id, element);
    }
    // DWARF has no type for the index of an array, BTF wants one.
    this.#arrayIndex ??= this.add({
      kind: "int",
      name: "__ARRAY_SIZE_TYPE__",
      sizeOrType: 4,
      tail: (out) => out.u32(32),
    });
    return element as number;
  }

  #enum(node: MetadataNode): number {
    const constants = node.list("elements").filter((constant) => constant !== undefined);
    if (constants.length > MAX_COUNT) return 0;
    const base = node.node("baseType"), isWide = (base?.number("size") ?? 32) > 32;
    return this.#addAs(node, {
      kind: isWide ? "enum64" : "enum",
      name: node.text("name"),
      sizeOrType: Math.ceil(node.number("size") / 8),
      count: constants.length,
      flag: /^DW_ATE_signed/.test(base?.word("encoding") ?? ""),
      tail: (out, strings) => {
        for (const constant of constants) {
          const value = BigInt.asUintN(64, constant.integer("value") ?? 0n);
          out.u32(strings.add(constant.text("name")));
          if (isWide) out.u64(value);
          else out.u32(Number(value & 0xffff_ffffn));
        }
      },
    });
  }

  /** Pointers, typedefs, qualifiers, members. */
  #derived(node: MetadataNode, way: Way): number {
    const tag = node.word("tag"), base = node.node("baseType"), isPointer = tag === "DW_TAG_pointer_type";
    if (tag === "DW_TAG_atomic_type") return this.visit(base, way);
    if (tag === "DW_TAG_member") {
      this.visit(base, MEMBER);
      return 0;
    }
    const kind = MODIFIERS[tag as keyof typeof MODIFIERS];
    if (!kind) return 0;
    const name = node.text("name");
    if (way.throughMember && !way.throughPointer) {
      way = { throughMember: true, throughPointer: isPointer && !node.node("annotations") };
    }
    if (way.throughMember && way.throughPointer && base && mayBeForward(base)) {
      const forward = { node, struct: base, target: 0 };
      this.#forward.push(forward);
      return this.#addAs(node, { kind, name, sizeOrType: () => forward.target });
    }
    const tagged = isPointer ? this.#typeTags(node, () => this.idOf(base)) : undefined;
    const id = this.#addAs(node, { kind, name, sizeOrType: tagged ?? (() => this.idOf(base)) });
    if (kind === "typedef") this.declarationTags(node, id, -1);
    this.visit(base, way);
    return id;
  }

  /** `int __tag1 __tag2 *p` is a pointer to tag 2 of tag 1 of int; gives the outermost tag. */
  #typeTags(pointer: MetadataNode, target: TypeRef): number | undefined {
    let outermost: number | undefined;
    for (const tag of tagsOf(pointer, "btf_type_tag")) {
      outermost = this.add({ kind: "type_tag", name: tag, sizeOrType: outermost ?? target });
    }
    return outermost;
  }

  /**
   * A type that is known already may have been come to by a pointer first, and end at a struct that was left out; come
   * to in another way, its members are wanted.
   */
  #visitBehind(known: MetadataNode, way: Way): void {
    let { throughPointer } = way;
    for (let node: Node = known; node?.kind === "DIDerivedType";) {
      const base = node.node("baseType");
      if (!base) return;
      if (this.#ids.has(base.id)) {
        node = base;
        continue;
      }
      if (way.throughMember && node.word("tag") === "DW_TAG_pointer_type" && !node.node("annotations")) {
        throughPointer = true;
        if (mayBeForward(base)) return;
      }
      this.visit(base, { throughMember: way.throughMember, throughPointer });
      return;
    }
  }
}

const isUnion = (node: MetadataNode): boolean => node.word("tag") === "DW_TAG_union_type";
const isBitField = (member: MetadataNode): boolean => member.has("flags", "DIFlagBitField");

/** Whether a forward declaration can stand for it. */
function mayBeForward(node: MetadataNode): boolean {
  const isStruct = node.word("tag") === "DW_TAG_structure_type" || isUnion(node);
  return isStruct && node.text("name") !== "" && !node.has("flags", "DIFlagFwdDecl");
}

const unwrapAtomic = (node: Node): Node => node?.word("tag") === "DW_TAG_atomic_type" ? node.node("baseType") : node;

/** Values of annotations of a kind, as the source has them. */
const tagsOf = (node: MetadataNode, kind: string): readonly string[] =>
  node.list("annotations").map((annotation) => annotation?.strings() ?? [])
    .filter(([name]) => name === kind).map(([, value]) => value);

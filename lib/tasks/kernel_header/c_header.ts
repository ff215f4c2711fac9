/** A kernel's BTF as one C header: every struct, union, enum and typedef, each behind what it needs. */
import type { Btf, BtfType } from "../../object/btf.ts";
import { alignmentOf, isPacked, sizeOfType } from "../../object/btf_types.ts";
import { behindQualifiers, declare } from "./c_types.ts";

const BITS = 8;
const isAggregate = ({ kind }: BtfType): boolean => kind === "struct" || kind === "union";
const isEnum = ({ kind }: BtfType): boolean => kind === "enum" || kind === "enum64";

/** C text of all types of a kernel; field offsets and sizes are the kernel's. */
export function cDeclarations(btf: Btf): string {
  return new CHeader(btf).write();
}

class CHeader {
  readonly #text: string[] = [];
  /** Begun, so that a type that holds a pointer to itself ends; and written. */
  readonly #begun = new Set<number>();
  readonly #written = new Set<number>();
  readonly #announced = new Set<string>();
  /** Tags have a name space of their own; typedefs and constants of enums share one. */
  readonly #tags = new Map<string, number>();
  readonly #identifiers = new Map<string, number>();
  readonly #names = new Map<number, string>();

  constructor(readonly btf: Btf) {}

  write(): string {
    const { types } = this.btf;
    // Constants of an enum without a name are declared where the enum stands, or else by themselves.
    const inside = new Set(types.flatMap((type) => [type.type, ...(type.members ?? []).map((member) => member.type)]));
    for (const type of types) {
      if (isAggregate(type) && type.name !== "") this.#define(type);
      else if (isEnum(type) && type.name !== "") this.#define(type);
      else if (type.kind === "typedef" && behindQualifiers(this.btf, type.id) === type) this.#define(type);
      else if (isEnum(type) && !inside.has(type.id)) this.#put(`${this.#enumBody(type, "")};`);
    }
    return this.#text.join("\n");
  }

  #put(text: string): void {
    this.#text.push(text);
  }

  #define(type: BtfType): void {
    if (this.#begun.has(type.id)) return;
    this.#begun.add(type.id);
    if (type.kind === "typedef") {
      this.#need(type.type ?? 0, false);
      this.#put(`typedef ${declare(this.btf, type.type ?? 0, this.#name(type), (one) => this.#mention(one, ""))};`);
    } else if (isEnum(type)) {
      this.#put(`${this.#enumBody(type, "")};`);
    } else {
      for (const member of type.members ?? []) this.#need(member.type, true);
      this.#put(`${this.#body(type, "")};`);
    }
    this.#written.add(type.id);
  }

  /**
   * Declares what a type mentions.
   *
   * @param whole a value of it is kept, so that a declaration without members will not do
   * @param inParameters a struct that is first met among parameters would end with them
   */
  #need(id: number, whole: boolean, inParameters = false): void {
    const type = behindQualifiers(this.btf, id);
    switch (type.kind) {
      case "ptr":
        return this.#need(type.type ?? 0, false, inParameters);
      case "array":
        return this.#need(type.type ?? 0, true, inParameters);
      case "func_proto":
        for (const one of [type.type ?? 0, ...(type.params ?? []).map((param) => param.type)]) {
          this.#need(one, false, true);
        }
        return;
      case "typedef":
        if (whole) this.#need(type.type ?? 0, true);
        return this.#define(type);
      case "struct":
      case "union":
        if (type.name === "") { for (const member of type.members ?? []) this.#need(member.type, true); }
        else if (whole) this.#define(type);
        else if (inParameters) this.#announce(type);
        return;
      case "enum":
      case "enum64":
        if (type.name !== "") this.#define(type);
        return;
      case "fwd":
        if (inParameters) this.#announce(type);
    }
  }

  #announce(type: BtfType): void {
    const tag = this.#tagOf(type);
    if (this.#written.has(type.id) || this.#announced.has(tag)) return;
    this.#announced.add(tag);
    this.#put(`${tag};`);
  }

  /** A type at the beginning of a declaration; one without a name is written out. */
  #mention(type: BtfType, indent: string): string {
    if (type.kind === "void") return "void";
    if (isAggregate(type)) return type.name === "" ? this.#body(type, indent) : this.#tagOf(type);
    if (isEnum(type)) return type.name === "" ? this.#enumBody(type, indent) : this.#tagOf(type);
    return type.kind === "fwd" ? this.#tagOf(type) : this.#name(type);
  }

  #tagOf(type: BtfType): string {
    // parseBtf leaves out what a declaration alone is of; a struct of that name elsewhere tells.
    const kind = type.kind === "enum64" ? "enum" : type.kind === "fwd" ? this.#kindOfName(type.name) : type.kind;
    return `${kind} ${type.kind === "fwd" ? type.name : this.#unique(type, this.#tags)}`;
  }

  #kindOfName(name: string): string {
    this.#unions ??= new Set(this.btf.types.filter(({ kind }) => kind === "union").map((type) => type.name));
    return this.#unions.has(name) ? "union" : "struct";
  }
  #unions: Set<string> | undefined;

  #name(type: BtfType): string {
    return type.kind === "typedef" ? this.#unique(type, this.#identifiers) : INTEGERS[type.name] ?? type.name;
  }

  /** Two types of the kernel may go by one name in different files; the second is a flavour of it for CO-RE. */
  #unique(type: BtfType, space: Map<string, number>): string {
    const known = this.#names.get(type.id);
    if (known !== undefined) return known;
    const name = this.#next(type.name, space);
    this.#names.set(type.id, name);
    return name;
  }

  #next(name: string, space: Map<string, number>): string {
    const count = (space.get(name) ?? 0) + 1;
    space.set(name, count);
    return count === 1 ? name : `${name}___${count}`;
  }

  #enumBody(type: BtfType, indent: string): string {
    const big = type.kind === "enum64";
    const number = (value: bigint) =>
      big ? `${value}${type.signed ? "" : "U"}LL` : `${value}${value > MAX_INT ? "U" : ""}`;
    const values = (type.values ?? []).map(({ name, value }) =>
      `${indent}\t${this.#next(name, this.#identifiers)} = ${number(value)},`
    );
    const tag = type.name === "" ? "enum" : this.#tagOf(type);
    // The kernel packs a few enums into a byte or two.
    const mode = type.size === 1 ? " __attribute__((mode(byte)))" : type.size === 2 ? " __attribute__((mode(HI)))" : "";
    return values.length > 0 ? `${tag} {\n${values.join("\n")}\n${indent}}${mode}` : tag;
  }

  #body(type: BtfType, indent: string): string {
    const tag = type.name === "" ? type.kind : this.#tagOf(type);
    const packed = isPacked(this.btf, type), inner = `${indent}\t`, lines: string[] = [];
    let at = 0;
    const pad = (to: number) => {
      for (const chunk of paddingChunks(at, to)) lines.push(`${inner}${chunk};`);
    };
    for (const { name, type: id, bitOffset, bitSize } of type.members ?? []) {
      if (type.kind === "struct" && bitOffset !== this.#placed(at, id, bitSize, packed)) pad(bitOffset);
      const declared = declare(this.btf, id, name, (one) => this.#mention(one, inner));
      lines.push(`${inner}${declared}${bitSize ? `: ${bitSize}` : ""};`);
      at = bitOffset + (bitSize || sizeOfType(this.btf, id) * BITS);
    }
    const end = (type.size ?? 0) * BITS, align = packed ? 1 : Math.max(1, ...this.#alignments(type));
    if (type.kind === "struct" && end > 0 && Math.ceil(at / BITS / align) * align * BITS !== end) pad(end);
    return `${tag} {\n${lines.join("\n")}\n${indent}}${packed ? " __attribute__((packed))" : ""}`;
  }

  #alignments(type: BtfType): number[] {
    return (type.members ?? []).map((member) => alignmentOf(this.btf, member.type));
  }

  /** Where the compiler puts a member that follows bit `at`. */
  #placed(at: number, id: number, bits: number, packed: boolean): number {
    if (bits > 0) {
      const unit = sizeOfType(this.btf, id) * BITS;
      const crosses = Math.floor(at / unit) !== Math.floor((at + bits - 1) / unit);
      return crosses && !packed ? Math.ceil(at / unit) * unit : at;
    }
    const align = packed ? BITS : alignmentOf(this.btf, id) * BITS;
    return Math.ceil(at / align) * align;
  }
}

/** Integers that C spells otherwise than gcc's debug information, or that BPF has no type for. */
const INTEGERS: Readonly<Record<string, string>> = { "__int128 unsigned": "unsigned __int128" };
const MAX_INT = 0x7fff_ffffn;

const UNITS = [["long", 64], ["int", 32], ["short", 16], ["char", 8]] as const;

/** Bit fields without a name, which take space and nothing else. */
function* paddingChunks(from: number, to: number): Generator<string> {
  for (let at = from; at < to;) {
    const rest = to - at, whole = UNITS.find(([, bits]) => at % bits === 0 && rest >= bits);
    const [unit, bits] = whole ?? ["char", Math.min(rest, BITS - at % BITS)];
    yield `${unit}: ${bits}`;
    at += bits;
  }
}

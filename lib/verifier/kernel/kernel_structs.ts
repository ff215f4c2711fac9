/** Fields of kernel structs: what {@link KERNEL_STRUCTS} says, read when it is asked for. */
import { KERNEL_STRUCTS } from "./kernel_structs_table.ts";

export type FieldType =
  | { readonly kind: "scalar" }
  /** `to`: the struct; absent for pointers to anything else. */
  | { readonly kind: "pointer"; readonly to?: string }
  /** `layout`: of a struct without a name. With neither, a struct that the table leaves out. */
  | { readonly kind: "struct"; readonly name?: string; readonly layout?: StructLayout };

export interface StructField {
  readonly name: string;
  /** Bytes from the start of the struct; of a bit field, of its first bit, rounded down. */
  readonly offset: number;
  /** Bits of a bit field, and where they begin; 0 for others. */
  readonly bits: number;
  readonly firstBit: number;
  /** Of one element. */
  readonly type: FieldType;
  readonly size: number;
  /** Elements in a row; 1 unless it is an array. */
  readonly count: number;
  readonly isArray: boolean;
}

export interface StructLayout {
  readonly isUnion: boolean;
  readonly size: number;
  readonly fields: readonly StructField[];
}

const layouts = new Map<string, StructLayout>();
let texts: Map<string, string> | undefined;

/** `undefined` for structs that Interleave does not know. */
export function structLayout(name: string): StructLayout | undefined {
  const known = layouts.get(name);
  if (known) return known;
  texts ??= new Map(
    KERNEL_STRUCTS.trim().split("\n").map((line) => {
      const at = line.search(/[([]/);
      return [line.slice(0, at), line.slice(at)];
    }),
  );
  const text = texts.get(name);
  if (text === undefined) return undefined;
  const layout = new Reader(text).layout();
  layouts.set(name, layout);
  return layout;
}

/** Reads one line of the table. */
class Reader {
  #at = 0;
  constructor(readonly text: string) {}

  layout(): StructLayout {
    const isUnion = this.text[this.#at++] === "[", end = isUnion ? "]" : ")";
    const size = this.#number(), fields: StructField[] = [];
    this.#at++;
    while (this.text[this.#at] !== end) {
      fields.push(this.#field());
      if (this.text[this.#at] === ",") this.#at++;
    }
    this.#at++;
    return { isUnion, size, fields };
  }

  #field(): StructField {
    const name = this.#word();
    this.#at++;
    const place = this.#number(), isBits = this.text[this.#at++] === "/";
    if (isBits) {
      const bits = this.#number();
      const type = { kind: "scalar" } as const;
      return { name, offset: place >> 3, bits, firstBit: place, type, size: 0, count: 1, isArray: false };
    }
    const { type, size } = this.#type();
    const isArray = this.text[this.#at] === "#";
    if (isArray) this.#at++;
    return { name, offset: place, bits: 0, firstBit: 0, type, size, count: isArray ? this.#number() : 1, isArray };
  }

  #type(): { type: FieldType; size: number } {
    const first = this.text[this.#at];
    if (first === "*") {
      this.#at++;
      const to = this.#target();
      return { type: to ? { kind: "pointer", to } : { kind: "pointer" }, size: POINTER_BYTES };
    }
    if (first === ".") {
      this.#at++;
      const name = this.#word();
      return { type: { kind: "struct", name }, size: structLayout(name)?.size ?? 0 };
    }
    if (first === "!") {
      this.#at++;
      return { type: { kind: "struct" }, size: this.#number() };
    }
    if (first === "(" || first === "[") {
      const layout = this.layout();
      return { type: { kind: "struct", layout }, size: layout.size };
    }
    return { type: { kind: "scalar" }, size: this.#number() };
  }

  #target(): string {
    if (this.text[this.#at] !== "?") return this.#word();
    this.#at++;
    return "?";
  }

  #match(pattern: RegExp): string {
    pattern.lastIndex = this.#at;
    const found = pattern.exec(this.text)?.[0] ?? "";
    this.#at += found.length;
    return found;
  }

  #word(): string {
    return this.#match(/\w*/y);
  }

  #number(): number {
    return Number(this.#match(/\d*/y));
  }
}

const POINTER_BYTES = 8;

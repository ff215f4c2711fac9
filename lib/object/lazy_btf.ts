/**
 * BTF of which a type is read when it is first asked for: a kernel has more than a hundred thousand, and a program meets
 * a few of them.
 */
import type { Btf, BtfType } from "./btf.ts";
import { BTF_KINDS, readBtfHeader, readType, VOID } from "./btf_parser.ts";
import { ByteReader } from "./byte_reader.ts";
import { ObjectError } from "./object_error.ts";

/** Bytes behind the 12 that every type begins with: so many, and so many more for each of its members. */
const TAIL_BYTES: Readonly<Record<BtfType["kind"], readonly [fixed: number, each: number]>> = {
  void: [0, 0],
  int: [4, 0],
  ptr: [0, 0],
  array: [12, 0],
  struct: [0, 12],
  union: [0, 12],
  enum: [0, 8],
  fwd: [0, 0],
  typedef: [0, 0],
  volatile: [0, 0],
  const: [0, 0],
  restrict: [0, 0],
  func: [0, 0],
  func_proto: [0, 8],
  var: [4, 0],
  datasec: [0, 12],
  float: [0, 0],
  decl_tag: [4, 0],
  type_tag: [0, 0],
  enum64: [0, 12],
};

export class LazyBtf implements Btf {
  readonly types: readonly BtfType[];
  readonly #body: ByteReader;
  readonly #strings: ByteReader;
  /** By id: where the type begins, its kind as a number, and where its name begins. */
  readonly #starts: number[] = [0];
  readonly #kinds: number[] = [0];
  readonly #names: number[] = [0];
  /** All names, made when one is first looked for; and the ids of those that were. */
  #text: string | undefined;
  readonly #found = new Map<string, readonly number[]>();
  readonly #read = new Map<number, BtfType>([[0, VOID]]);

  /**
   * @param bytes BTF that its maker checked, such as the running kernel's
   * @throws ObjectError when it is damaged
   */
  constructor(readonly bytes: Uint8Array) {
    const section = new ByteReader(bytes, "BTF"), { bodyAt } = readBtfHeader(section);
    this.#strings = section.part(bodyAt + section.u32(16), section.u32(20), "the strings of BTF");
    this.#body = section.part(bodyAt + section.u32(8), section.u32(12), "the types of BTF");
    this.#index();
    // What walks BTF takes an array; this one makes its elements on demand.
    this.types = new Proxy([] as BtfType[], {
      get: (array, key) => {
        if (key === "length") return this.#starts.length;
        return typeof key === "string" && /^\d+$/.test(key) ? this.#type(Number(key)) : Reflect.get(array, key);
      },
    });
  }

  /** The first type of a name and one of the kinds; undefined when there is none. */
  find(name: string, ...kinds: readonly BtfType["kind"][]): BtfType | undefined {
    return this.findAll(name, kinds, 1)[0];
  }

  /** Types of a name and one of the kinds, by id, and of them at most so many. */
  findAll(name: string, kinds: readonly BtfType["kind"][], most = Infinity): BtfType[] {
    let ids = this.#found.get(name);
    if (!ids) this.#found.set(name, ids = this.#idsOf(name));
    const found: BtfType[] = [];
    for (const id of ids) {
      if (found.length < most && kinds.includes(BTF_KINDS[this.#kinds[id]])) found.push(this.#type(id)!);
    }
    return found;
  }

  #idsOf(name: string): number[] {
    const ids: number[] = [], at = this.#nameAt(name);
    if (at < 0) return ids;
    for (let id = this.#names.indexOf(at); id >= 0; id = this.#names.indexOf(at, id + 1)) ids.push(id);
    return ids;
  }

  /** Every type of a kind. */
  *ofKind(kind: BtfType["kind"]): Generator<BtfType> {
    const wanted = BTF_KINDS.indexOf(kind);
    for (let id = 0; id < this.#kinds.length; id++) {
      if (this.#kinds[id] === wanted) yield this.#type(id)!;
    }
  }

  #index(): void {
    const body = this.#body;
    for (let at = 0; at < body.length;) {
      const info = body.u32(at + 4), kind = (info >> 24) & 0x1f, tail = TAIL_BYTES[BTF_KINDS[kind]];
      if (!tail || kind === 0) {
        throw new ObjectError(`corrupt BTF: type ${this.#starts.length} has unknown kind ${kind}`);
      }
      this.#starts.push(at);
      this.#kinds.push(kind);
      this.#names.push(body.u32(at));
      at += 12 + tail[0] + tail[1] * (info & 0xffff);
    }
  }

  #type(id: number): BtfType | undefined {
    let type = this.#read.get(id);
    if (!type && id < this.#starts.length) {
      this.#read.set(id, type = readType(this.#body, this.#starts[id], id, this.#strings).type);
    }
    return type;
  }

  /** Where a name begins among the strings, each of which stands there once, between zero bytes; -1: nowhere. */
  #nameAt(name: string): number {
    // Names are ASCII, so that a place in the text is a place among the bytes.
    this.#text ??= new TextDecoder("latin1").decode(this.#strings.bytes);
    const at = this.#text.indexOf(`\0${name}\0`);
    return at < 0 ? at : at + 1;
  }
}

/**
 * Programs made at random in which control goes astray: callbacks of bpf_loop and bpf_for_each_map_elem with a context on
 * somebody's stack, subprograms that are handed such a pointer, tail calls; with loads, stores and atomics on shared
 * memory in between, few enough for every schedule to be looked at.
 *
 * Functions call only those behind them in the list, so no program recurses. r6 and r7 hold numbers, r8 the program's
 * context, r9 a pointer to 8 bytes of stack: in the main function its own, else what the caller handed over.
 */
import fc from "fast-check";
import { BPF_ATOMIC, BPF_PSEUDO, type Insn } from "../../lib/isa/insn.ts";
import type { Btf } from "../../lib/object/btf.ts";
import type { BpfObject, MapDef, Program, Relocation } from "../../lib/object/bpf_object.ts";

const BPF_FUNC = { lookup: 1, update: 2, delete: 3, tailCall: 12, forEach: 164, loop: 181 } as const;
const MAPS = { globals: 0, array: 1, hash: 2, jumps: 3 } as const;
const WORDS = 4;
/** Offsets from r10: a variable, what r9 points to in callees, the key and the value of helper calls. */
const OWN = -8, HANDED = -16, KEY = -24, VALUE = -32;

/** How a function is called. */
type Role = "loop" | "each" | "sub";

type Item =
  | { readonly kind: "load" | "store" | "atomic"; readonly word: number; readonly reg: number }
  | { readonly kind: "add"; readonly reg: number; readonly imm: number }
  | { readonly kind: "sum" }
  | { readonly kind: "stackLoad" | "stackStore" | "handedLoad" | "handedStore"; readonly reg: number }
  | { readonly kind: "call"; readonly turns: number; readonly callee: number; readonly own: boolean }
  | { readonly kind: "update" | "delete" | "lookup"; readonly key: number; readonly reg: number }
  | { readonly kind: "tail" };

interface Body {
  readonly role: Role;
  readonly items: readonly Item[];
  /** What a callback returns: 0 to go on, 1 to stop, or as a number's lowest bit says. */
  readonly returns: 0 | 1 | "bit";
  /** Whether it writes its stack before it may read it: the kernel lets privileged programs read what was there. */
  readonly clearsStack: boolean;
}

/** A program, and one that it may leave for. */
export interface GeneratedCalls {
  readonly functions: readonly Body[];
  readonly target: readonly Item[];
}

const reg = fc.constantFrom(6, 7), word = fc.nat(WORDS - 2);
const shared = fc.record({ kind: fc.constantFrom("load" as const, "store" as const, "atomic" as const), word, reg });
const quiet = fc.oneof(
  fc.record({ kind: fc.constant("add" as const), reg, imm: fc.integer({ min: 1, max: 3 }) }),
  fc.constant({ kind: "sum" as const }),
  fc.record({
    kind: fc.constantFrom(...["stackLoad", "stackStore", "handedLoad", "handedStore"] as const),
    reg,
  }),
);
const call = fc.record({
  kind: fc.constant("call" as const),
  turns: fc.integer({ min: 1, max: 2 }),
  callee: fc.nat(2),
  own: fc.boolean(),
});
const helper = fc.record({
  kind: fc.constantFrom("update" as const, "delete" as const, "lookup" as const),
  key: fc.nat(1),
  reg,
});
const item: fc.Arbitrary<Item> = fc.oneof(
  { weight: 5, arbitrary: shared },
  { weight: 6, arbitrary: quiet },
  { weight: 5, arbitrary: call },
  { weight: 1, arbitrary: helper },
  { weight: 1, arbitrary: fc.constant({ kind: "tail" as const }) },
);
const body = fc.record({
  role: fc.constantFrom("loop" as const, "each" as const, "sub" as const),
  items: fc.array(item, { minLength: 1, maxLength: 4 }),
  returns: fc.constantFrom(0 as const, 1 as const, "bit" as const),
  clearsStack: fc.boolean(),
});

export const generatedCalls: fc.Arbitrary<GeneratedCalls> = fc.record({
  functions: fc.array(body, { minLength: 2, maxLength: 4 }),
  target: fc.array(fc.oneof(shared, quiet), { maxLength: 3 }),
});

const DEFS: readonly MapDef[] = [
  { name: "globals", type: 2, keySize: 4, valueSize: 8 * WORDS, maxEntries: 1, flags: 0 },
  { name: "array", type: 2, keySize: 4, valueSize: 8, maxEntries: 2, flags: 0 },
  { name: "hash", type: 1, keySize: 4, valueSize: 8, maxEntries: 2, flags: 0 },
  { name: "jumps", type: 3, keySize: 4, valueSize: 4, maxEntries: 1, flags: 0, slots: [{ key: 0, map: 1 }] },
];

/** The object of a program `main` and of `target`, to which it may leave. */
export function objectOfCalls({ functions, target }: GeneratedCalls): BpfObject {
  const leaf: Body = { role: "sub", items: target, returns: 0, clearsStack: true };
  const programs = [programOf("main", allCalled(functions)), programOf("target", [leaf])];
  // Callbacks are accepted only of objects that have type information, whatever it says.
  const btf = { types: [{ id: 0, kind: "void", name: "" }], bytes: new Uint8Array() } satisfies Btf;
  return { name: "generated", bytes: new Uint8Array(), programs, maps: DEFS, license: "GPL", btf };
}

/** The verifier refuses functions that cannot be reached: whoever nobody calls is called by the function before it. */
function allCalled(functions: readonly Body[]): Body[] {
  const called = new Set(
    functions.flatMap(({ items }, index) => items.map((one) => one.kind === "call" ? index + 1 + one.callee : -1)),
  );
  return functions.map((body, index) => {
    if (index + 1 === functions.length || called.has(index + 1)) return body;
    return { ...body, items: [...body.items, { kind: "call", turns: 1, callee: 0, own: true }] };
  });
}

function programOf(name: string, functions: readonly Body[]): Program {
  const code = new Code(functions);
  functions.forEach((_, index) => code.function(index));
  const ends = [...code.starts.slice(1), code.insns.length];
  return {
    name,
    section: "raw_tp",
    insns: code.insns,
    relocations: code.linked(),
    subprogs: code.starts.map((start, i) => ({ name: i === 0 ? name : `f${i}`, start, end: ends[i], global: i === 0 })),
    lines: [],
  };
}

/** Instructions under construction. */
class Code {
  readonly insns: Insn[] = [];
  readonly starts: number[] = [];
  readonly #relocations: Relocation[] = [];
  /** References to functions: the instruction, and the function's index. */
  readonly #references: { readonly at: number; readonly callee: number }[] = [];

  constructor(readonly functions: readonly Body[]) {}

  /** Relocations, with calls resolved; called once all functions stand. */
  linked(): Relocation[] {
    for (const { at, callee } of this.#references) {
      const target = this.starts[callee], insn = this.insns[at];
      this.insns[at] = { ...insn, imm: target - at - 1 };
      if (insn.opcode !== 0x85) this.#relocations.push({ insn: at, kind: "func", target });
    }
    return this.#relocations;
  }

  function(index: number): void {
    const { role, items, returns, clearsStack } = this.functions[index], isMain = index === 0;
    this.starts.push(this.insns.length);
    if (isMain) this.#emit(0xbf, 8, 1);
    else this.#emit(0xbf, 9, { loop: 2, each: 4, sub: 1 }[role]);
    this.#emit(0xb7, 6, 0, 0, index + 1);
    if (!isMain && role === "each") this.#emit(0x61, 6, 2);
    this.#emit(0xb7, 7, 0, 0, 10 * (index + 1));
    if (clearsStack || isMain) { for (const off of [OWN, HANDED]) this.#emit(0x7a, 10, 0, off, index + 5); }
    if (isMain) this.#pointTo(9, HANDED);
    for (const one of items) this.#item(one, index);
    if (isMain) {
      this.#emit(0x0f, 6, 7);
      this.#globals();
      this.#emit(0x7b, 1, 6, 8 * (WORDS - 1));
      this.#emit(0xb7, 0);
    } else if (role === "sub" || returns === "bit") {
      this.#emit(0xbf, 0, 6);
      if (role !== "sub") this.#emit(0x57, 0, 0, 0, 1);
    } else this.#emit(0xb7, 0, 0, 0, returns);
    this.#emit(0x95);
  }

  #emit(opcode: number, dst = 0, src = 0, off = 0, imm = 0): void {
    this.insns.push({ opcode, dst, src, off, imm });
  }

  #wide(dst: number, src = 0): void {
    this.insns.push({ opcode: 0x18, dst, src, off: 0, imm: 0, imm64: 0n }, {
      opcode: 0,
      dst: 0,
      src: 0,
      off: 0,
      imm: 0,
    });
  }

  #map(dst: number, map: number): void {
    this.#relocations.push({ insn: this.insns.length, kind: "map", map });
    this.#wide(dst);
  }

  #globals(): void {
    this.#relocations.push({ insn: this.insns.length, kind: "mapValue", map: MAPS.globals, offset: 0 });
    this.#wide(1);
  }

  #pointTo(dst: number, off: number): void {
    this.#emit(0xbf, dst, 10);
    this.#emit(0x07, dst, 0, 0, off);
  }

  #item(one: Item, index: number): void {
    switch (one.kind) {
      case "load":
        this.#globals();
        return this.#emit(0x79, one.reg, 1, 8 * one.word);
      case "store":
        this.#globals();
        return this.#emit(0x7b, 1, one.reg, 8 * one.word);
      case "atomic":
        this.#globals();
        return this.#emit(0xdb, 1, one.reg, 8 * one.word, BPF_ATOMIC.ADD | BPF_ATOMIC.FETCH);
      case "add":
        return this.#emit(0x07, one.reg, 0, 0, one.imm);
      case "sum":
        return this.#emit(0x0f, 6, 7);
      case "stackLoad":
        return this.#emit(0x79, one.reg, 10, OWN);
      case "stackStore":
        return this.#emit(0x7b, 10, one.reg, OWN);
      case "handedLoad":
        return this.#emit(0x79, one.reg, 9);
      case "handedStore":
        return this.#emit(0x7b, 9, one.reg);
      case "tail":
        // Only the main function has the context.
        if (index > 0) return;
        this.#emit(0xbf, 1, 8);
        this.#map(2, MAPS.jumps);
        this.#emit(0xb7, 3);
        return this.#emit(0x85, 0, 0, 0, BPF_FUNC.tailCall);
      case "update":
      case "delete":
      case "lookup":
        return this.#helper(one);
      case "call":
        return this.#call(one, index);
    }
  }

  #helper({ kind, key, reg }: Extract<Item, { readonly key: number }>): void {
    this.#emit(0x7a, 10, 0, KEY, key);
    this.#emit(0x7b, 10, reg, VALUE);
    this.#map(1, MAPS.hash);
    this.#pointTo(2, KEY);
    this.#pointTo(3, VALUE);
    this.#emit(0xb7, 4);
    this.#emit(0x85, 0, 0, 0, BPF_FUNC[kind]);
    if (kind !== "lookup") return this.#emit(0x0f, reg, 0);
    this.#emit(0x15, 0, 0, 1);
    this.#emit(0x79, reg, 0);
  }

  #call({ turns, callee: nth, own }: Extract<Item, { readonly kind: "call" }>, index: number): void {
    const callee = index + 1 + nth;
    if (callee >= this.functions.length) return;
    const hand = (dst: number) => own ? this.#pointTo(dst, HANDED) : this.#emit(0xbf, dst, 9);
    const refer = () => this.#references.push({ at: this.insns.length, callee });
    const { role } = this.functions[callee];
    if (own) this.#emit(0x7b, 10, 7, HANDED);
    if (role === "sub") {
      hand(1);
      refer();
      this.#emit(0x85, 0, BPF_PSEUDO.CALL);
    } else if (role === "loop") {
      this.#emit(0xb7, 1, 0, 0, turns);
      refer();
      this.#wide(2, BPF_PSEUDO.FUNC);
      hand(3);
      this.#emit(0xb7, 4);
      this.#emit(0x85, 0, 0, 0, BPF_FUNC.loop);
    } else {
      this.#map(1, MAPS.array);
      refer();
      this.#wide(2, BPF_PSEUDO.FUNC);
      hand(3);
      this.#emit(0xb7, 4);
      this.#emit(0x85, 0, 0, 0, BPF_FUNC.forEach);
    }
    this.#emit(0x0f, 6, 0);
  }
}

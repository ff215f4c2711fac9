/** The programs of a scenario: as byte code for both kernels, and as C for the reader. */
import { BPF_ATOMIC, BPF_PSEUDO, type Insn } from "../../isa/insn.ts";
import type { BpfObject, Program, Relocation } from "../../object/bpf_object.ts";
import { BPF_FUNC } from "../../uapi/helpers.ts";
import { type Item, MAPS } from "./draw.ts";

const FUNC = {
  lookup: BPF_FUNC.map_lookup_elem,
  update: BPF_FUNC.map_update_elem,
  delete: BPF_FUNC.map_delete_elem,
  lock: BPF_FUNC.spin_lock,
  unlock: BPF_FUNC.spin_unlock,
};
/** Offsets of the global variables in their section. */
export interface Globals {
  readonly map: number;
  readonly words: number;
  readonly result: number;
  readonly fence: number;
}
const KEY = -8, VALUE = -40;
/** Where the two words of a value stand. */
const fieldsOf = (locked: boolean): readonly [number, number] => locked ? [8, 16] : [0, 8];

/** Delays that the kernel's copy of a program has: one before each item, one inside a double read, and one at the end. */
export const DELAYS = 16;

/** Where a program finds how long it is to wait: bytes of an array's value. Only in the kernel's copy. */
export interface Delays {
  readonly fd: number;
  readonly offset: number;
}

const insn = (opcode: number, dst = 0, src = 0, off = 0, imm = 0): Insn => ({ opcode, dst, src, off, imm });

class Code {
  readonly insns: Insn[] = [];
  readonly relocations: Relocation[] = [];
  readonly #waits: number[] = [];
  #delay = 0;

  constructor(
    readonly object: Pick<BpfObject, "maps">,
    readonly globals: Globals,
    readonly delays: Delays | undefined,
  ) {}

  emit(opcode: number, dst = 0, src = 0, off = 0, imm = 0): void {
    this.insns.push(insn(opcode, dst, src, off, imm));
  }

  wide(dst: number, src: number, low: number, high: number): void {
    this.insns.push({ ...insn(0x18, dst, src, 0, low), imm64: BigInt(low) }, insn(0, 0, 0, 0, high));
  }

  map(reg: number, name: string): void {
    this.relocations.push({
      insn: this.insns.length,
      kind: "map",
      map: this.object.maps.findIndex((map) => map.name === name),
    });
    this.wide(reg, 0, 0, 0);
  }

  global(reg: number, offset: number): void {
    this.relocations.push({ insn: this.insns.length, kind: "mapValue", map: this.globals.map, offset });
    this.wide(reg, 0, 0, 0);
  }

  key(key: number): void {
    this.emit(0x62, 10, 0, KEY, key);
    this.emit(0xbf, 2, 10);
    this.emit(0x07, 2, 0, 0, KEY);
  }

  call(id: number): void {
    this.emit(0x85, 0, 0, 0, id);
  }

  /** r6 = r6 << 8 | the low byte of a register. */
  note(reg: number): void {
    this.emit(0x57, reg, 0, 0, 0xff);
    this.emit(0x67, 6, 0, 0, 8);
    this.emit(0x4f, 6, reg);
  }

  /** In the kernel's copy: an empty loop, as long as this run is to wait here. */
  wait(): void {
    if (!this.delays || this.#delay === DELAYS) return;
    this.wide(1, BPF_PSEUDO.MAP_VALUE, this.delays.fd, this.delays.offset + 4 * this.#delay++);
    this.emit(0x61, 1, 1);
    this.#waits.push(this.insns.length);
    this.wide(2, BPF_PSEUDO.FUNC, 0, 0);
    this.emit(0xb7, 3);
    this.emit(0xb7, 4);
    this.call(BPF_FUNC.loop);
  }

  /** The loop's body, behind the program. */
  end(): readonly number[] {
    if (this.#waits.length === 0) return [0];
    const body = this.insns.length;
    for (const at of this.#waits) this.insns[at] = { ...this.insns[at], imm: body - at - 1 };
    this.emit(0xb7, 0);
    this.emit(0x95);
    return [0, body];
  }

  /** Emits a piece that is jumped over when r0 is NULL; then 0xee is noted. */
  ifFound(piece: () => void): void {
    const at = this.insns.length;
    this.emit(0x15, 0);
    piece();
    const end = this.insns.length;
    this.emit(0x05);
    this.insns[at] = { ...this.insns[at], off: this.insns.length - at - 1 };
    this.emit(0xb7, 1, 0, 0, 0xee);
    this.note(1);
    this.insns[end] = { ...this.insns[end], off: this.insns.length - end - 1 };
  }
}

function emitItem(code: Code, one: Item, task: number): void {
  const { globals } = code;
  code.wait();
  switch (one.kind) {
    case "load":
    case "store":
    case "increment":
    case "atomic":
      return emitWord(code, one);
    case "barrier":
      code.global(1, globals.fence + 8 * task);
      code.emit(0xb7, 2, 0, 0, 1);
      return code.emit(0xdb, 1, 2, 0, BPF_ATOMIC.ADD | BPF_ATOMIC.FETCH);
    case "delete":
      code.map(1, one.map);
      code.key(one.key);
      code.call(FUNC.delete);
      return code.note(0);
    case "update": {
      const [a, b] = fieldsOf(MAPS[one.map].locked);
      if (a > 0) code.emit(0x7a, 10, 0, VALUE);
      code.emit(0x7a, 10, 0, VALUE + a, one.value);
      code.emit(0x7a, 10, 0, VALUE + b, one.value);
      code.map(1, one.map);
      code.key(one.key);
      code.emit(0xbf, 3, 10);
      code.emit(0x07, 3, 0, 0, VALUE);
      code.emit(0xb7, 4, 0, 0, one.flags);
      code.call(FUNC.update);
      return code.note(0);
    }
    default:
      return emitValue(code, one);
  }
}

function emitWord(code: Code, one: Extract<Item, { readonly word: number }>): void {
  code.global(1, code.globals.words + 8 * one.word);
  if (one.kind === "atomic") {
    if (one.op === "cmpxchg") code.emit(0xb7, 0, 0, 0, 0);
    code.emit(0xb7, 2, 0, 0, one.value);
    const op = {
      add: BPF_ATOMIC.ADD,
      fetch: BPF_ATOMIC.ADD | BPF_ATOMIC.FETCH,
      xchg: BPF_ATOMIC.XCHG,
      cmpxchg: BPF_ATOMIC.CMPXCHG,
    };
    code.emit(0xdb, 1, 2, 0, op[one.op]);
    if (one.op !== "add") code.note(one.op === "cmpxchg" ? 0 : 2);
    return;
  }
  if (one.kind === "store") return code.emit(0x7a, 1, 0, 0, one.value);
  code.emit(0x79, 2, 1);
  if (one.kind === "load") return code.note(2);
  code.emit(0x07, 2, 0, 0, 1);
  code.emit(0x7b, 1, 2);
}

function emitValue(
  code: Code,
  one: Extract<Item, { readonly kind: "read" | "readTwice" | "write" | "bump" | "add" | "underLock" }>,
): void {
  const [a, b] = fieldsOf(MAPS[one.map].locked);
  code.map(1, one.map);
  code.key(one.key);
  code.call(FUNC.lookup);
  code.ifFound(() => {
    code.emit(0xbf, 7, 0);
    switch (one.kind) {
      case "read":
      case "readTwice":
        code.emit(0x79, 1, 7, a);
        code.note(1);
        if (one.kind === "readTwice") code.wait();
        code.emit(0x79, 1, 7, one.kind === "read" ? b : a);
        return code.note(1);
      case "write":
        return code.emit(0x7a, 7, 0, a, one.value);
      case "bump":
        code.emit(0x79, 1, 7, a);
        code.emit(0x07, 1, 0, 0, 1);
        return code.emit(0x7b, 7, 1, a);
      case "add":
        code.emit(0xb7, 1, 0, 0, one.value);
        return code.emit(0xdb, 7, 1, a, BPF_ATOMIC.ADD);
      case "underLock":
        code.emit(0xbf, 1, 7);
        code.call(FUNC.lock);
        code.emit(0x79, 8, 7, a);
        code.emit(0x7a, 7, 0, a, one.value);
        code.emit(0x7a, 7, 0, b, one.value);
        code.emit(0xbf, 1, 7);
        code.call(FUNC.unlock);
        return code.note(8);
    }
  });
}

/** A program of some items, with where its functions begin. */
export function programOf(
  name: string,
  section: string,
  items: readonly Item[],
  task: number,
  object: Pick<BpfObject, "maps">,
  globals: Globals,
  delays?: Delays,
): { readonly program: Program; readonly starts: readonly number[] } {
  const code = new Code(object, globals, delays);
  code.emit(0xb7, 6);
  for (const one of items) emitItem(code, one, task);
  code.wait();
  code.global(1, globals.result + 8 * task);
  code.emit(0x7b, 1, 6);
  code.emit(0xb7, 0);
  code.emit(0x95);
  const end = code.insns.length, starts = code.end();
  const subprogs = starts.map((start, i) => ({
    name: i ? "wait" : name,
    start,
    end: i ? end + 2 : end,
    global: i === 0,
  }));
  return { program: { name, section, insns: code.insns, relocations: code.relocations, subprogs, lines: [] }, starts };
}

/** The same program in C. */
export function listingOf(name: string, section: string, items: readonly Item[], task: number): string {
  const body = items.map((one) => `\t${lineOf(one, task)}`);
  return [
    `SEC("${section}") int ${name}(void *ctx)`,
    "{",
    "\t__u64 found = 0;",
    ...body,
    `\tWRITE_ONCE(result[${task}], found);`,
    "\treturn 0;",
    "}",
  ].join("\n");
}

const NOTE = "found = found << 8 | (__u8)";

function lineOf(one: Item, task: number): string {
  const value = (value: number, locked: boolean) =>
    `&(struct ${locked ? "locked" : "pair"}){ .a = ${value}, .b = ${value} }`;
  switch (one.kind) {
    case "load":
      return `${NOTE}READ_ONCE(words[${one.word}]);`;
    case "store":
      return `WRITE_ONCE(words[${one.word}], ${one.value});`;
    case "increment":
      return `WRITE_ONCE(words[${one.word}], READ_ONCE(words[${one.word}]) + 1);`;
    case "barrier":
      return `${FENCE}(&fence[${task}], 1);`;
    case "atomic":
      return one.op === "add"
        ? `__sync_fetch_and_add(&words[${one.word}], ${one.value});`
        : one.op === "fetch"
        ? `${NOTE}__sync_fetch_and_add(&words[${one.word}], ${one.value});`
        : one.op === "xchg"
        ? `${NOTE}__sync_lock_test_and_set(&words[${one.word}], ${one.value});`
        : `${NOTE}__sync_val_compare_and_swap(&words[${one.word}], 0, ${one.value});`;
    case "delete":
      return `${NOTE}bpf_map_delete_elem(&${one.map}, &(__u32){ ${one.key} });`;
    case "update": {
      const given = value(one.value, MAPS[one.map].locked);
      return `${NOTE}bpf_map_update_elem(&${one.map}, &(__u32){ ${one.key} }, ${given}, ${one.flags});`;
    }
    default: {
      const struct = MAPS[one.map].locked ? "locked" : "pair";
      const inside = {
        read: `${NOTE}READ_ONCE(v->a); ${NOTE}READ_ONCE(v->b);`,
        readTwice: `${NOTE}READ_ONCE(v->a); ${NOTE}READ_ONCE(v->a);`,
        write: `WRITE_ONCE(v->a, ${one.value});`,
        bump: "WRITE_ONCE(v->a, READ_ONCE(v->a) + 1);",
        add: `__sync_fetch_and_add(&v->a, ${one.value});`,
        underLock: `__u64 old; bpf_spin_lock(&v->lock); old = READ_ONCE(v->a); WRITE_ONCE(v->a, ${one.value}); ` +
          `WRITE_ONCE(v->b, ${one.value}); bpf_spin_unlock(&v->lock); ${NOTE}old;`,
      }[one.kind];
      return `{ struct ${struct} *v = bpf_map_lookup_elem(&${one.map}, &(__u32){ ${one.key} }); ` +
        `if (v) { ${inside} } else ${NOTE}0xee; }`;
    }
  }
}

const FENCE = "__sync_fetch_and_add";

/**
 * Straight-line and branching programs made at random that the verifier accepts: arithmetic on three registers, loads,
 * stores and atomics on map values and on the stack, hash and per-CPU maps by helper calls, forward jumps.
 */
import fc from "fast-check";
import { BPF_ATOMIC, BPF_PSEUDO, type Insn } from "../../lib/isa/insn.ts";
import type { BpfObject, MapDef, Program, Relocation } from "../../lib/object/bpf_object.ts";

const BPF_FUNC = { lookup: 1, update: 2, delete: 3, cpuId: 8 } as const;
const VALUE_BYTES = 32, STACK_SLOTS = 4;
/** Scalars live in r6 to r8; r9 points to the map value that memory items touch. */
const SCALARS = [6, 7, 8] as const, VALUE = 9;
const MAPS = { array: 0, globals: 1, hash: 2, percpu: 3, result: 4 } as const;

/** The maps of a generated program. */
export const GENERATED_MAPS: readonly MapDef[] = [
  { name: "array", type: 2, keySize: 4, valueSize: VALUE_BYTES, maxEntries: 4, flags: 0 },
  { name: "globals", type: 2, keySize: 4, valueSize: VALUE_BYTES, maxEntries: 1, flags: 0 },
  { name: "hash", type: 1, keySize: 4, valueSize: 8, maxEntries: 3, flags: 0 },
  { name: "percpu", type: 6, keySize: 4, valueSize: 8, maxEntries: 2, flags: 0 },
  { name: "result", type: 2, keySize: 4, valueSize: 8, maxEntries: 1, flags: 0 },
];

export type Item =
  | { readonly kind: "alu"; readonly opcode: number; readonly dst: number; readonly src: number; readonly imm: number }
  | { readonly kind: "constant"; readonly dst: number; readonly value: bigint }
  | { readonly kind: "end"; readonly dst: number; readonly opcode: number; readonly bits: number }
  | {
    readonly kind: "load" | "store";
    readonly size: number;
    readonly at: number;
    readonly reg: number;
    readonly stack: boolean;
  }
  | {
    readonly kind: "atomic";
    readonly op: number;
    readonly size: number;
    readonly at: number;
    readonly reg: number;
    readonly stack: boolean;
  }
  | {
    readonly kind: "branch";
    readonly opcode: number;
    readonly dst: number;
    readonly src: number;
    readonly imm: number;
    readonly over: number;
  }
  | { readonly kind: "value"; readonly map: "array" | "globals"; readonly key: number }
  | {
    readonly kind: "hash";
    readonly call: "lookup" | "update" | "delete";
    readonly key: number;
    readonly reg: number;
    readonly flags: number;
  }
  | { readonly kind: "percpu"; readonly key: number; readonly reg: number }
  | { readonly kind: "cpuId"; readonly dst: number };

const scalar = fc.constantFrom(...SCALARS);
const imm = fc.oneof(
  fc.constantFrom(0, 1, -1, 7, 63, 0x7fff_ffff, -0x8000_0000),
  fc.integer({ min: -0x8000_0000, max: 0x7fff_ffff }),
);
const wideNumber = fc.oneof(
  fc.constantFrom(0n, 1n, 0x8000_0000n, 0xffff_ffffn, 0x8000_0000_0000_0000n, 0xffff_ffff_ffff_ffffn),
  fc.bigInt({ min: 0n, max: 0xffff_ffff_ffff_ffffn }),
);
/** Operations of classes ALU and ALU64 (RFC 9669 section 4.1) but for negation and byte swaps. */
const ALU_OPS = [0x00, 0x10, 0x20, 0x30, 0x40, 0x50, 0x60, 0x70, 0x90, 0xa0, 0xb0, 0xc0] as const;
const SHIFTS: readonly number[] = [0x60, 0x70, 0xc0], DIVISIONS: readonly number[] = [0x30, 0x90];
const JUMP_OPS = [0x10, 0x20, 0x30, 0x40, 0x50, 0x60, 0x70, 0xa0, 0xb0, 0xc0, 0xd0] as const;
const sizes = fc.constantFrom(1, 2, 4, 8);

const alu = fc.record({
  kind: fc.constant("alu" as const),
  opcode: fc.tuple(fc.constantFrom(...ALU_OPS), fc.constantFrom(4, 7), fc.constantFrom(0, 8)).map(([op, cls, from]) =>
    op | cls | from
  ),
  dst: scalar,
  src: scalar,
  imm,
}).map((item) => legalAlu(item));

/** The verifier refuses a division by the constant 0 and a shift by a constant as wide as the register. */
function legalAlu<T extends { readonly opcode: number; readonly imm: number }>(item: T): T {
  const op = item.opcode & 0xf0, bits = (item.opcode & 7) === 4 ? 32 : 64;
  if (item.opcode & 8) return { ...item, imm: 0 };
  if (SHIFTS.includes(op)) return { ...item, imm: (item.imm >>> 0) % bits };
  return DIVISIONS.includes(op) && item.imm === 0 ? { ...item, imm: 3 } : item;
}

const item: fc.Arbitrary<Item> = fc.oneof(
  { weight: 6, arbitrary: alu },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant("constant" as const), dst: scalar, value: wideNumber }) },
  {
    weight: 1,
    arbitrary: fc.record({
      kind: fc.constant("end" as const),
      dst: scalar,
      opcode: fc.constantFrom(0xd4, 0xdc),
      bits: fc.constantFrom(16, 32, 64),
    }),
  },
  {
    weight: 6,
    arbitrary: fc.record({
      kind: fc.constantFrom("load" as const, "store" as const),
      size: sizes,
      at: fc.nat(VALUE_BYTES - 1),
      reg: scalar,
      stack: fc.boolean(),
    }),
  },
  {
    weight: 4,
    arbitrary: fc.record({
      kind: fc.constant("atomic" as const),
      op: fc.constantFrom(
        ...[BPF_ATOMIC.ADD, BPF_ATOMIC.OR, BPF_ATOMIC.AND, BPF_ATOMIC.XOR].flatMap((op) => [op, op | BPF_ATOMIC.FETCH]),
        BPF_ATOMIC.XCHG,
        BPF_ATOMIC.CMPXCHG,
      ),
      size: fc.constantFrom(4, 8),
      at: fc.nat(VALUE_BYTES - 1),
      reg: scalar,
      stack: fc.boolean(),
    }),
  },
  {
    weight: 3,
    arbitrary: fc.record({
      kind: fc.constant("branch" as const),
      opcode: fc.tuple(fc.constantFrom(...JUMP_OPS), fc.constantFrom(5, 6), fc.constantFrom(0, 8)).map(
        ([op, cls, from]) => op | cls | from,
      ),
      dst: scalar,
      src: scalar,
      imm,
      over: fc.integer({ min: 1, max: 4 }),
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      kind: fc.constant("value" as const),
      map: fc.constantFrom("array" as const, "globals" as const),
      key: fc.nat(3),
    }),
  },
  {
    weight: 3,
    arbitrary: fc.record({
      kind: fc.constant("hash" as const),
      call: fc.constantFrom("lookup" as const, "update" as const, "delete" as const),
      key: fc.nat(3),
      reg: scalar,
      flags: fc.nat(3),
    }),
  },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant("percpu" as const), key: fc.nat(1), reg: scalar }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant("cpuId" as const), dst: scalar }) },
);

export const items: fc.Arbitrary<Item[]> = fc.array(item, { minLength: 1, maxLength: 30 });

const insn = (opcode: number, dst = 0, src = 0, off = 0, imm = 0): Insn => ({ opcode, dst, src, off, imm });
const wide = (dst: number, value: bigint): Insn[] => [
  { ...insn(0x18, dst, 0, 0, Number(BigInt.asIntN(32, value))), imm64: value },
  insn(0, 0, 0, 0, Number(BigInt.asIntN(32, value >> 32n))),
];
const SIZE_CODE: Readonly<Record<number, number>> = { 1: 0x10, 2: 0x08, 4: 0x00, 8: 0x18 };
/** Offset from r10 of the scratch for keys and values of helper calls, below the slots that items use. */
const KEY_OFF = -8 * STACK_SLOTS - 8, SCRATCH_OFF = KEY_OFF - 8;

/** Instructions with their relocations, which count from the beginning of the piece. */
interface Piece {
  readonly insns: Insn[];
  readonly relocations: Relocation[];
}

function pieceOf(item: Item): Piece {
  const insns: Insn[] = [], relocations: Relocation[] = [];
  const map = (reg: number, index: number) => {
    relocations.push({ insn: insns.length, kind: "map", map: index });
    insns.push(...wide(reg, 0n));
  };
  const key = (value: number) =>
    insns.push(insn(0x7a, 10, 0, KEY_OFF, value), insn(0xbf, 2, 10), insn(0x07, 2, 0, 0, KEY_OFF));
  switch (item.kind) {
    case "alu":
      insns.push(insn(item.opcode, item.dst, item.opcode & 8 ? item.src : 0, 0, item.imm));
      break;
    case "constant":
      insns.push(...wide(item.dst, item.value));
      break;
    case "end":
      insns.push(insn(item.opcode, item.dst, 0, 0, item.bits));
      break;
    case "load":
    case "store": {
      const [base, off] = place(item);
      insns.push(
        item.kind === "load"
          ? insn(0x61 | SIZE_CODE[item.size], item.reg, base, off)
          : insn(0x63 | SIZE_CODE[item.size], base, item.reg, off),
      );
      break;
    }
    case "atomic": {
      const [base, off] = place(item);
      if (item.op === BPF_ATOMIC.CMPXCHG) insns.push(insn(0xbf, 0, item.reg === 6 ? 7 : 6));
      insns.push(insn(0xc3 | SIZE_CODE[item.size], base, item.reg, off, item.op));
      if (item.op === BPF_ATOMIC.CMPXCHG) insns.push(insn(0xaf, 8, 0));
      break;
    }
    case "value":
      if (item.map === "globals") {
        relocations.push({ insn: 0, kind: "mapValue", map: MAPS.globals, offset: 0 });
        insns.push(...wide(VALUE, 0n));
      } else {
        map(1, MAPS.array);
        key(item.key);
        insns.push(insn(0x85, 0, 0, 0, BPF_FUNC.lookup), insn(0x55, 0, 0, 2, 0), insn(0xb7, 0), insn(0x95));
        insns.push(insn(0xbf, VALUE, 0));
      }
      break;
    case "hash":
      map(1, MAPS.hash);
      key(item.key);
      if (item.call === "lookup") {
        insns.push(insn(0x85, 0, 0, 0, BPF_FUNC.lookup), insn(0x15, 0, 0, 3, 0));
        insns.push(insn(0x79, 1, 0, 0), insn(0x0f, item.reg, 1), insn(0x7b, 0, item.reg, 0));
      } else {
        insns.push(insn(0x7b, 10, item.reg, SCRATCH_OFF), insn(0xbf, 3, 10), insn(0x07, 3, 0, 0, SCRATCH_OFF));
        insns.push(insn(0xb7, 4, 0, 0, item.flags), insn(0x85, 0, 0, 0, BPF_FUNC[item.call]), insn(0x0f, item.reg, 0));
      }
      break;
    case "percpu":
      map(1, MAPS.percpu);
      key(item.key);
      insns.push(insn(0x85, 0, 0, 0, BPF_FUNC.lookup), insn(0x15, 0, 0, 1, 0), insn(0xdb, 0, item.reg, 0, 0));
      break;
    case "cpuId":
      insns.push(insn(0x85, 0, 0, 0, BPF_FUNC.cpuId), insn(0x0f, item.dst, 0));
      break;
    case "branch":
      throw new RangeError("a branch is put together from the pieces that it jumps over");
  }
  return { insns, relocations };
}

/** Base register and aligned offset of a memory item. */
function place({ at, size, stack }: { at: number; size: number; stack: boolean }): [number, number] {
  return stack ? [10, -8 * STACK_SLOTS + at - at % size] : [VALUE, at - at % size];
}

/** Sets every register and stack slot that items use. */
function prologue(): Piece {
  const insns: Insn[] = [];
  SCALARS.forEach((reg, index) => insns.push(...wide(reg, 0x0123_4567_89ab_cdefn * BigInt(index + 1))));
  for (let slot = 1; slot <= STACK_SLOTS; slot++) insns.push(insn(0x7a, 10, 0, -8 * slot, slot));
  return append({ insns, relocations: [] }, pieceOf({ kind: "value", map: "globals", key: 0 }));
}

/** Keeps the three scalars where user space can see them, and returns their sum. */
function epilogue(): Piece {
  const insns = [insn(0xaf, 6, 7), insn(0x0f, 6, 8), ...wide(1, 0n), insn(0x7b, 1, 6, 0), insn(0xbf, 0, 6), insn(0x95)];
  return { insns, relocations: [{ insn: 2, kind: "mapValue", map: MAPS.result, offset: 0 }] };
}

function append(a: Piece, b: Piece): Piece {
  const shift = a.insns.length;
  return {
    insns: [...a.insns, ...b.insns],
    relocations: [...a.relocations, ...b.relocations.map((one) => ({ ...one, insn: one.insn + shift }))],
  };
}

/** The program that some items make, with the maps of all of them. */
export function generatedObject(list: readonly Item[]): BpfObject {
  let body = prologue();
  list.forEach((item, index) => {
    if (item.kind !== "branch") {
      body = append(body, pieceOf(item));
      return;
    }
    const over = list.slice(index + 1, index + 1 + item.over).reduce((sum, one) => sum + lengthOf(one), 0);
    body = append(body, {
      insns: [insn(item.opcode, item.dst, item.opcode & 8 ? item.src : 0, over, item.opcode & 8 ? 0 : item.imm)],
      relocations: [],
    });
  });
  const { insns, relocations } = append(body, epilogue());
  const subprogs = [{ name: "generated", start: 0, end: insns.length, global: true }];
  const program: Program = { name: "generated", section: "raw_tp", insns, relocations, subprogs, lines: [] };
  return { name: "generated", bytes: new Uint8Array(), programs: [program], maps: GENERATED_MAPS, license: "GPL" };
}

const lengthOf = (item: Item): number => item.kind === "branch" ? 1 : pieceOf(item).insns.length;

/** The instructions as the kernel takes them: file descriptors of maps in place of relocations. */
export function withFds({ insns, relocations }: Program, fds: readonly number[]): Insn[] {
  const linked = [...insns];
  for (const one of relocations) {
    if (one.kind !== "map" && one.kind !== "mapValue") continue;
    const src = one.kind === "map" ? BPF_PSEUDO.MAP_FD : BPF_PSEUDO.MAP_VALUE;
    linked[one.insn] = { ...linked[one.insn], src, imm: fds[one.map] };
    linked[one.insn + 1] = { ...linked[one.insn + 1], imm: one.kind === "mapValue" ? one.offset : 0 };
  }
  return linked;
}

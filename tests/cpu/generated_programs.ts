/**
 * Programs made at random, for fast-check: they always pass the structural rules, and may loop, fault, recurse.
 *
 * A program is a list of functions, a function a list of items, and an item a short run of instructions. Jumps count in
 * items, so that fast-check can take items away and what is left is a program again.
 */
import fc from "fast-check";
import type { Insn } from "../../lib/isa/insn.ts";
import { BPF_ATOMIC } from "../../lib/isa/insn.ts";
import { FUNC_REGION } from "../../lib/cpu/layout.ts";
import { CALLBACK_HELPER, type World } from "./world.ts";

export function insn(opcode: number, dst = 0, src = 0, off = 0, imm = 0): Insn {
  return { opcode, dst, src, off, imm };
}

export function wide(dst: number, value: bigint): Insn[] {
  const imm64 = BigInt.asUintN(64, value);
  return [
    { opcode: 0x18, dst, src: 0, off: 0, imm: Number(BigInt.asIntN(32, imm64)), imm64 },
    insn(0, 0, 0, 0, Number(BigInt.asIntN(32, imm64 >> 32n))),
  ];
}

type Base = "stack" | "stackCopy" | "shared" | "own" | "readOnly" | "register" | "spilled" | "indexed";

interface MemoryItem {
  readonly kind: "memory";
  readonly opcode: number;
  /** For atomics, the operation. */
  readonly imm: number;
  readonly base: Base;
  /** Bytes from the beginning of the region, or below the stack pointer. */
  readonly at: number;
  readonly baseRegister: number;
  readonly value: number;
}

export type Item =
  | { readonly kind: "alu"; readonly insn: Insn }
  | { readonly kind: "constant"; readonly dst: number; readonly value: bigint }
  | {
    readonly kind: "jump";
    readonly opcode: number;
    readonly dst: number;
    readonly src: number;
    readonly imm: number;
    readonly to: number;
  }
  | MemoryItem
  /** Puts a pointer into a register, to be used by later items on this path and others. */
  | { readonly kind: "pointer"; readonly dst: number; readonly to: "stackCopy" | "shared" | "own"; readonly at: number }
  | { readonly kind: "call"; readonly func: number }
  | { readonly kind: "helper"; readonly id: number; readonly func: number }
  | { readonly kind: "exit" };

export type FunctionItems = readonly Item[];

/** Numbers at which arithmetic is most likely to go wrong. */
export const EDGES = [
  0n,
  1n,
  2n,
  0x7fn,
  0x80n,
  0xffn,
  0x7fffn,
  0x8000n,
  0xffffn,
  0x7fff_ffffn,
  0x8000_0000n,
  0xffff_ffffn,
  0x1_0000_0000n,
  0x7fff_ffff_ffff_ffffn,
  0x8000_0000_0000_0000n,
  0xffff_ffff_8000_0000n,
  0xffff_ffff_ffff_ffffn,
  0x0123_4567_89ab_cdefn,
];

const registerNumber = fc.integer({ min: 0, max: 9 });
/** Where arithmetic puts its results: rarely r6 and r7, which hold pointers. */
const result = fc.constantFrom(...[0, 1, 2, 3, 4, 5, 8, 9].flatMap((r) => [r, r, r]), 6, 7);
const immediate = fc.oneof(
  fc.constantFrom(0, 1, 2, -1, 7, 31, 32, 63, 64, 0x7fff_ffff, -0x8000_0000, 255, 65535),
  fc.integer(),
);
export const value64 = fc.oneof(
  fc.constantFrom(...EDGES),
  fc.bigInt({ min: 0n, max: (1n << 64n) - 1n }),
);

const BINARY = [0x00, 0x10, 0x20, 0x30, 0x40, 0x50, 0x60, 0x70, 0x90, 0xa0, 0xb0, 0xc0];
const alu = fc.oneof(
  fc.record({
    code: fc.constantFrom(...BINARY),
    class: fc.constantFrom(4, 7),
    x: fc.boolean(),
    signed: fc.boolean(),
    dst: result,
    src: registerNumber,
    imm: immediate,
  }).map(({ code, class: cls, x, signed, dst, src, imm }) => {
    const off = signed && (code === 0x30 || code === 0x90) ? 1 : 0;
    return insn(code | cls | (x ? 8 : 0), dst, x ? src : 0, off, x ? 0 : imm);
  }),
  fc.tuple(result, fc.constantFrom(0x84, 0x87)).map(([dst, opcode]) => insn(opcode, dst)),
  fc.tuple(result, registerNumber, fc.constantFrom([0xbf, 8], [0xbf, 16], [0xbf, 32], [0xbc, 8], [0xbc, 16]))
    .map(([dst, src, [opcode, off]]) => insn(opcode, dst, src, off)),
  fc.tuple(result, fc.constantFrom(0xd4, 0xdc, 0xd7), fc.constantFrom(16, 32, 64))
    .map(([dst, opcode, imm]) => insn(opcode, dst, 0, 0, imm)),
).map((made): Item => ({ kind: "alu", insn: made }));

const JUMPS = [0x10, 0x20, 0x30, 0x40, 0x50, 0x60, 0x70, 0xa0, 0xb0, 0xc0, 0xd0];
const jump = fc.record({
  opcode: fc.oneof(
    fc.constantFrom(0x05, 0x06),
    fc.tuple(fc.constantFrom(...JUMPS), fc.constantFrom(5, 6), fc.constantFrom(0, 8)).map(([a, b, c]) => a | b | c),
  ),
  dst: registerNumber,
  src: registerNumber,
  imm: immediate,
  to: fc.nat(30),
}).map((fields): Item => ({ kind: "jump", ...fields }));

const SIZES = [0x00, 0x08, 0x10, 0x18];
const ATOMICS = [BPF_ATOMIC.ADD, BPF_ATOMIC.OR, BPF_ATOMIC.AND, BPF_ATOMIC.XOR];
const access = fc.oneof(
  fc.tuple(fc.constantFrom(...SIZES), fc.constantFrom(0x61, 0x62, 0x63)).map(([size, code]) => ({
    opcode: size | code,
    imm: 0,
  })),
  fc.constantFrom(0x81, 0x89, 0x91).map((opcode) => ({ opcode, imm: 0 })),
  fc.tuple(
    fc.constantFrom(0xc3, 0xdb),
    fc.constantFrom(...ATOMICS, ...ATOMICS.map((op) => op | BPF_ATOMIC.FETCH), BPF_ATOMIC.XCHG, BPF_ATOMIC.CMPXCHG),
  ).map(([opcode, imm]) => ({ opcode, imm })),
  fc.tuple(fc.constantFrom(...SIZES), fc.constantFrom(BPF_ATOMIC.LOAD_ACQ, BPF_ATOMIC.STORE_REL))
    .map(([size, imm]) => ({ opcode: 0xc3 | size, imm })),
);
const offsetInRegion = fc.oneof(
  { weight: 12, arbitrary: fc.constantFrom(0, 8, 16, 24, 32, 40, 48, 56) },
  { weight: 1, arbitrary: fc.integer({ min: -9, max: 70 }) },
);
const memory = fc.record({
  access,
  base: fc.oneof(
    {
      weight: 20,
      arbitrary: fc.constantFrom<Base>("stack", "stackCopy", "shared", "shared", "own", "spilled", "indexed"),
    },
    { weight: 6, arbitrary: fc.constant<Base>("register") },
    { weight: 1, arbitrary: fc.constant<Base>("readOnly") },
  ),
  at: offsetInRegion,
  baseRegister: registerNumber,
  value: registerNumber,
}).map(({ access, ...rest }): Item => ({ kind: "memory", ...access, ...rest }));

const item: fc.Arbitrary<Item> = fc.oneof<fc.MaybeWeightedArbitrary<Item>[]>(
  { weight: 8, arbitrary: alu },
  { weight: 2, arbitrary: fc.tuple(registerNumber, value64).map(([dst, value]) => ({ kind: "constant", dst, value })) },
  {
    weight: 3,
    arbitrary: fc.record({
      kind: fc.constant("pointer" as const),
      dst: fc.constantFrom(6, 7),
      to: fc.constantFrom("stackCopy", "shared", "own"),
      at: fc.constantFrom(0, 8, 16),
    }),
  },
  { weight: 3, arbitrary: jump },
  { weight: 6, arbitrary: memory },
  { weight: 1, arbitrary: fc.nat(3).map((func) => ({ kind: "call", func })) },
  {
    weight: 1,
    arbitrary: fc.tuple(fc.constantFrom(1, 7, CALLBACK_HELPER), fc.nat(3)).map(([id, func]) => ({
      kind: "helper",
      id,
      func,
    })),
  },
  { weight: 1, arbitrary: fc.constant({ kind: "exit" }) },
);

export interface Generated {
  readonly functions: readonly FunctionItems[];
  readonly registers: readonly bigint[];
}

export const program: fc.Arbitrary<Generated> = fc.record({
  functions: fc.array(fc.array(item, { maxLength: 25, size: "max" }), { minLength: 1, maxLength: 3 }),
  registers: fc.array(value64, { minLength: 10, maxLength: 10 }),
});

const readsOnly = (opcode: number, imm: number) => (opcode & 7) === 1 || imm === BPF_ATOMIC.LOAD_ACQ;

/** The instructions of one item, but for jumps and calls, whose distance is not known yet. */
function expand(item: Item, world: World, starts: readonly number[]): Insn[] {
  switch (item.kind) {
    case "alu":
      return [item.insn];
    case "constant":
      return wide(item.dst, item.value);
    case "jump": {
      const x = (item.opcode & 8) !== 0 && item.opcode !== 0x05 && item.opcode !== 0x06;
      const plain = item.opcode === 0x05 || item.opcode === 0x06;
      return [insn(item.opcode, plain ? 0 : item.dst, x ? item.src : 0, 0, plain || x ? 0 : item.imm)];
    }
    case "call":
      return [insn(0x85, 0, 1), ...undefinedAfterCall()];
    case "helper": {
      const callback = (BigInt(FUNC_REGION) << 32n) | BigInt(starts[item.func % starts.length] ?? 0);
      return [...wide(2, callback), insn(0x85, 0, 0, 0, item.id), ...undefinedAfterCall()];
    }
    case "pointer":
      if (item.to !== "stackCopy") return wide(item.dst, world[item.to] + BigInt(item.at));
      return [insn(0xbf, item.dst, 10), insn(0x07, item.dst, 0, 0, item.at - 64)];
    case "exit":
      return [insn(0x95)];
    case "memory":
      return expandMemory(item, world);
  }
}

/** r1 to r5 hold nothing known after a call. */
const undefinedAfterCall = () => [1, 2, 3, 4, 5].map((r) => insn(0xb7, r, 0, 0, 1000 + r));

function expandMemory(item: MemoryItem, world: World): Insn[] {
  const { opcode, imm, at, value } = item, reads = readsOnly(opcode, imm);
  const isAtomic = (opcode & 0xe0) === 0xc0;
  const use = (base: number, off: number) => {
    if (reads) return insn(opcode, value, base, off, imm);
    if (isAtomic || (opcode & 7) === 3) return insn(opcode, base, value, off, imm);
    return insn(opcode, base, 0, off, value * 0x0101_0101);
  };
  const base = item.baseRegister;
  switch (item.base) {
    case "stack":
      return [use(10, at - 64)];
    case "stackCopy":
      return [insn(0xbf, base, 10), insn(0x07, base, 0, 0, -64), use(base, at)];
    case "indexed": { // a table of which only the beginning is known
      const index = base === 8 ? 9 : 8;
      return [
        insn(0xbf, index, value),
        insn(0x57, index, 0, 0, 56),
        ...wide(base, world.shared),
        insn(0x0f, base, index),
        use(base, at % 8 === 0 ? 0 : at),
      ];
    }
    case "register":
      return [use(6 + (base & 1), at % 32)];
    case "spilled": // a pointer that went through memory is not known before the program runs
      return [
        ...wide(base, item.value % 2 ? world.own : world.shared),
        insn(0x7b, 10, base, -128),
        insn(0x79, base, 10, -128),
        use(base, at),
      ];
    default:
      return [...wide(base, world[item.base]), use(base, at)];
  }
}

/** Puts a program's initial values into registers: pointers into r6 and r7. */
export function setRegisters(generated: Generated, world: World): void {
  generated.registers.forEach((value, r) => world.setRegister(r, value));
  world.setRegister(6, world.shared + 8n);
  world.setRegister(7, world.own + 8n);
}

/** Assembles a generated program; gives also the first instruction of each function. */
export function assemble(generated: Generated, world: World): { readonly insns: Insn[]; readonly starts: number[] } {
  const functions = generated.functions.map((items) => [...items, { kind: "exit" } as Item]);
  const lengths = functions.map((items) => items.map((item) => expand(item, world, []).length));
  const starts: number[] = [];
  let total = 0;
  for (const items of lengths) {
    starts.push(total);
    total += items.reduce((sum, length) => sum + length, 0);
  }
  const insns: Insn[] = [];
  functions.forEach((items, f) => {
    const itemStarts: number[] = [];
    let next = starts[f];
    for (const length of lengths[f]) {
      itemStarts.push(next);
      next += length;
    }
    items.forEach((item) => {
      const at = insns.length;
      let made = expand(item, world, starts);
      if (item.kind === "jump") {
        const distance = itemStarts[item.to % items.length] - at - 1;
        made = made.map((jump) => jump.opcode === 0x06 ? { ...jump, imm: distance } : { ...jump, off: distance });
      }
      if (item.kind === "call") {
        const distance = starts[item.func % starts.length] - at - 1;
        made = [{ ...made[0], imm: distance }, ...made.slice(1)];
      }
      insns.push(...made);
    });
  });
  return { insns, starts };
}

/**
 * Every arithmetic, jump and atomic instruction at edge values, against what the kernel's JIT made of it.
 *
 * A line of data/vectors.txt is `alu OPCODE OFF IMM : RESULT...`, `jump OPCODE IMM : TAKEN...` or
 * `atomic OPCODE IMM : MEM,SRC,R0...`, with results in the order of the values below (dst outermost; of atomics memory,
 * src, r0). A 32-bit memory operand is the low half.
 */
import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { BPF_ATOMIC, type Insn } from "../../lib/isa/insn.ts";
import { validate } from "../../lib/isa/validate.ts";
import { insn } from "./generated_programs.ts";
import { type Engine, interpreted, run, translated, World } from "./world.ts";

const VALUES = [
  0n,
  1n,
  33n,
  0x7fff_ffffn,
  0x8000_0000n,
  0xffff_ffffn,
  0x0123_4567_89ab_cdefn,
  0x7fff_ffff_ffff_ffffn,
  0x8000_0000_0000_0000n,
  0xffff_ffff_ffff_ffffn,
];
const ATOMIC_VALUES = [0, 1, 5, 6, 8].map((i) => VALUES[i]);

const lines = readFileSync(new URL("data/vectors.txt", import.meta.url), "utf8").split("\n")
  .filter((line) => line !== "" && !line.startsWith("#"));

const ENGINES: Record<string, (world: World, insns: readonly Insn[]) => Engine> = {
  translator: (world, insns) => translated(world, insns, [0]),
  interpreter: interpreted,
};

/** A program of one instruction under test, which leaves r7, r8, r0 and r2 in the world's own region. */
class Tested {
  readonly world = new World();
  readonly #insns: Insn[];
  readonly #engine: Engine;
  readonly #own: number;
  readonly #shared: number;

  constructor(instruction: Insn, isJump: boolean, engine: (world: World, insns: readonly Insn[]) => Engine) {
    this.#insns = [
      insn(0xb7, 2, 0, 0, 1),
      instruction,
      ...(isJump ? [insn(0xb7, 2, 0, 0, 0)] : []),
      insn(0x7b, 6, 7, 0),
      insn(0x7b, 6, 8, 8),
      insn(0x7b, 6, 0, 16),
      insn(0x7b, 6, 2, 24),
      insn(0x95),
    ];
    validate(this.#insns);
    this.#engine = engine(this.world, this.#insns);
    this.#own = Number(this.world.own & 0xffff_ffffn);
    this.#shared = Number(this.world.shared & 0xffff_ffffn);
  }

  run(values: { dst?: bigint; src?: bigint; r0?: bigint; mem?: bigint }) {
    const { world } = this, { dst = 0n, src = 0n, r0 = 0n, mem = 0n } = values;
    world.setRegister(0, r0);
    world.setRegister(6, world.own);
    world.setRegister(7, dst);
    world.setRegister(8, src);
    world.setRegister(9, world.shared);
    world.memory.write(this.#shared, 8, mem);
    const { end } = run(world, this.#engine, this.#insns, 0, 1000);
    expect(end).toBe("exit");
    const [r7, r8, r0After, taken] = [0, 8, 16, 24].map((at) => world.memory.read(this.#own + at, 8));
    return { dst: r7, src: r8, r0: r0After, taken, mem: world.memory.read(this.#shared, 8) };
  }
}

const hex = (value: bigint) => value.toString(16);

function check(line: string, makeEngine: (world: World, insns: readonly Insn[]) => Engine): void {
  const [head, tail] = line.split(" :");
  const [kind, opcodeText, ...numbers] = head.split(" ");
  const opcode = parseInt(opcodeText, 16), [first, second] = numbers.map(Number);
  const expected = tail.trim().split(" ");
  const found: string[] = [];
  if (kind === "atomic") {
    const loads = first === BPF_ATOMIC.LOAD_ACQ;
    const tested = new Tested(loads ? insn(opcode, 8, 9, 0, first) : insn(opcode, 9, 8, 0, first), false, makeEngine);
    for (const mem of ATOMIC_VALUES) {
      for (const src of ATOMIC_VALUES) {
        for (const r0 of first === BPF_ATOMIC.CMPXCHG ? ATOMIC_VALUES : [0n]) {
          const after = tested.run({ mem, src, r0 });
          found.push([after.mem, after.src, after.r0].map(hex).join(","));
        }
      }
    }
  } else {
    const isJump = kind === "jump", isSwap = !isJump && (opcode & 0xf0) === 0xd0;
    const byRegister = (opcode & 8) !== 0 && !isSwap;
    const isUnary = !isJump && byRegister && (opcode & 0xf0) === 0xb0 && first !== 0;
    const off = isJump ? 1 : first, imm = isJump ? first : second;
    const tested = new Tested(insn(opcode, 7, byRegister ? 8 : 0, off, imm), isJump, makeEngine);
    for (const dst of VALUES) {
      for (const src of isUnary ? [dst] : byRegister ? VALUES : [0n]) {
        const after = tested.run({ dst, src });
        found.push(hex(isJump ? after.taken : after.dst));
      }
    }
  }
  expect(found).toEqual(expected);
}

for (const [name, makeEngine] of Object.entries(ENGINES)) {
  for (const kind of ["alu", "jump", "atomic"]) {
    describe(`${kind} instructions on the ${name} do what the kernel's JIT does`, () => {
      const ofKind = lines.filter((line) => line.startsWith(kind));
      for (const opcode of new Set(ofKind.map((line) => line.split(" ")[1]))) {
        const group = ofKind.filter((line) => line.split(" ")[1] === opcode);
        it(`opcode 0x${opcode}`, () => group.forEach((line) => check(line, makeEngine)));
      }
    });
  }
}

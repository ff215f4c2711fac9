/** Registers for random machine code: what it does must not change, whatever becomes of copies, spills and reloads. */
import { describe, expect, it } from "vitest";
import { allocate } from "../../lib/codegen/allocate/allocate.ts";
import { interferenceOf } from "../../lib/codegen/allocate/interference.ts";
import { Builder } from "../../lib/codegen/select/builder.ts";
import {
  CALL,
  EXIT,
  GOTO,
  isCopy,
  isVirtual,
  type MachineFunction,
  type MachineInsn,
  type Register,
  registersOf,
} from "../../lib/codegen/machine.ts";
import { ALU } from "../../lib/isa/insn.ts";
import { SeededRandom } from "../../lib/schedulers/random_numbers.ts";

const NOT_EQUAL = 0x50, MAX_STEPS = 20_000;

/** Blocks in a row, each of which may jump ahead or back; counters end the loops. */
function randomFunction(seed: number, values: number): MachineFunction {
  const random = new SeededRandom(seed), builder = new Builder("random");
  const registers = Array.from({ length: values }, () => builder.newRegister());
  const pick = (): Register => registers[random.below(registers.length)];
  const rounds = builder.newRegister(),
    blocks = Array.from({ length: 2 + random.below(6) }, (_, i) => builder.newBlock(`b${i}`, i % 3)),
    end = builder.newBlock("end", 0);
  const entry = builder.newBlock("entry", 0);
  builder.startBlock(entry);
  for (const register of registers) builder.immediate(register, BigInt(random.below(1000)), true);
  builder.immediate(rounds, 20n, true);
  builder.goto(blocks[0]);
  blocks.forEach((block, i) => {
    builder.startBlock(block);
    for (let n = random.below(8); n >= 0; n--) randomInsn(builder, random, pick);
    builder.alu(ALU.ADD, 64, rounds, { imm: -1 });
    const leave = builder.newBlock(`${i}.go`, i % 3);
    builder.branch(0x10, 64, rounds, { imm: 0 }, end);
    builder.goto(leave);
    builder.startBlock(leave);
    builder.branch(NOT_EQUAL, 64, pick(), { imm: random.below(3) }, blocks[random.below(blocks.length)]);
    builder.goto(blocks[i + 1] ?? end);
  });
  builder.startBlock(end);
  const sum = builder.newRegister();
  builder.immediate(sum, 0n, true);
  for (const register of registers) builder.alu(ALU.XOR, 64, sum, { register });
  builder.copy(0, sum);
  builder.exit(true);
  return builder.machine;
}

function randomInsn(builder: Builder, random: SeededRandom, pick: () => Register): void {
  switch (random.below(6)) {
    case 0:
      return builder.copy(pick(), pick());
    case 1:
      return builder.immediate(pick(), BigInt(random.below(100)), true);
    case 2: {
      const count = random.below(4);
      for (let i = 1; i <= count; i++) builder.copy(i, pick());
      builder.call({ imm: 7, src: 0, argumentCount: count });
      return builder.copy(pick(), 0);
    }
    case 3: {
      // Values that change places.
      const a = pick(), b = pick(), other = builder.newRegister();
      builder.copy(other, a);
      builder.copy(a, b);
      return builder.copy(b, other);
    }
    default:
      builder.alu([ALU.ADD, ALU.SUB, ALU.XOR, ALU.MUL][random.below(4)], 64, pick(), { register: pick() });
  }
}

/** Runs machine code whose registers may be virtual. @returns the result, after what its calls were given */
function run(fn: MachineFunction): string {
  const registers = new Map<Register, bigint>(), slots = new Map<number, bigint>(), said: string[] = [];
  let block = fn.blocks[0];
  for (let steps = 0;;) {
    let next: typeof block | undefined;
    for (const insn of block.insns) {
      if (steps++ > MAX_STEPS) throw new Error("it does not end");
      if (insn.opcode === EXIT) return [...said, registers.get(0)].join(" ");
      if (insn.opcode === GOTO) next ??= insn.target;
      else if (insn.target) {
        const isEqual = registers.get(insn.dst) === BigInt(insn.imm);
        if (((insn.opcode & 0xf0) === NOT_EQUAL) !== isEqual) next ??= insn.target;
      } else if (insn.opcode === CALL) {
        const args = Array.from({ length: insn.argumentCount! }, (_, i) => registers.get(i + 1)!);
        said.push(`call(${args})`);
        for (let i = 1; i <= 5; i++) registers.set(i, 0xbadn + BigInt(steps));
        registers.set(0, args.reduce((sum, one) => BigInt.asUintN(64, sum * 31n + one), 7n));
      } else step(insn, registers, slots);
      if (next) break;
    }
    block = next!;
  }
}

function step(insn: MachineInsn, registers: Map<Register, bigint>, slots: Map<number, bigint>): void {
  const { opcode, dst, src, imm, slot } = insn, kind = opcode & 7;
  if (kind === 1) return void registers.set(dst, slots.get(slot!)!);
  if (kind === 3) return void slots.set(slot!, registers.get(src)!);
  const b = opcode & 8 ? registers.get(src)! : BigInt(imm), a = registers.get(dst) ?? 0n;
  if (b === undefined) throw new Error(`r${src} is read before it is written`);
  const result = new Map(
    [[ALU.MOV, b], [ALU.ADD, a + b], [ALU.SUB, a - b], [ALU.XOR, a ^ b], [ALU.MUL, a * b]] as [number, bigint][],
  );
  registers.set(dst, BigInt.asUintN(64, result.get(opcode & 0xf0)!));
}

const SEEDS = 150;

describe("the register allocator", () => {
  for (const values of [4, 9, 14, 30]) {
    it(`changes nothing that a function of ${values} values does`, () => {
      for (let seed = 0; seed < SEEDS; seed++) {
        const fn = randomFunction(seed, values), before = run(fn);
        allocate(fn);
        const used = fn.blocks.flatMap((block) => block.insns.flatMap(({ dst, src }) => [dst, src]));
        expect(used.filter(isVirtual), `seed ${seed}`).toEqual([]);
        expect(run(fn), `seed ${seed}`).toBe(before);
      }
    });
  }

  it("leaves no copy of a register to itself, and spills nothing where ten are enough", () => {
    for (let seed = 0; seed < SEEDS; seed++) {
      const fn = randomFunction(seed, 3);
      allocate(fn);
      const copies = fn.blocks.flatMap((block) => block.insns).filter((insn) => isCopy(insn) && insn.dst === insn.src);
      expect(copies.length + fn.slots.length, `seed ${seed}`).toBe(0);
    }
  });
});

describe("interference", () => {
  it("is what a walk along every instruction finds", () => {
    for (let seed = 0; seed < SEEDS / 3; seed++) {
      const fn = randomFunction(seed, 6), graph = interferenceOf(fn);
      for (const [a, b] of livePairs(fn)) expect(graph.has(a, b), `seed ${seed}: ${a} and ${b}`).toBe(true);
    }
  });
});

/** Registers of which one is written while the other is read later on some way, found by following ways. */
function livePairs(fn: MachineFunction): [Register, Register][] {
  const pairs: [Register, Register][] = [];
  for (const block of fn.blocks) {
    block.insns.forEach((insn, index) => {
      for (const def of registersOf(insn).defs.filter(isVirtual)) {
        for (let other = 16; other < fn.nextRegister; other++) {
          if (other === def || isCopy(insn) && insn.src === other) continue;
          if (isReadLater(block, index + 1, other)) pairs.push([def, other]);
        }
      }
    });
  }
  return pairs;
}

function isReadLater(
  block: MachineFunction["blocks"][number],
  from: number,
  register: Register,
): boolean {
  const seen = new Set<unknown>(), open: [typeof block, number][] = [[block, from]];
  for (let at = open.pop(); at; at = open.pop()) {
    const [here, start] = at;
    let isWritten = false;
    for (const insn of here.insns.slice(start)) {
      const { defs, uses } = registersOf(insn);
      if (uses.includes(register)) return true;
      if (insn.target && !seen.has(insn.target)) {
        seen.add(insn.target);
        open.push([insn.target, 0]);
      }
      isWritten = defs.includes(register);
      if (isWritten) break;
    }
  }
  return false;
}

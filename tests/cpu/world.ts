/** A small memory with one task in it, for running byte code on the translator and on the reference interpreter. */
import type { Insn } from "../../lib/isa/insn.ts";
import {
  FUNC_REGION,
  KIND,
  layoutFor,
  REGION_FLAG,
  RETURN_TO_KERNEL,
  STACK_BYTES,
  STACK_FRAME_BYTES,
  TASK,
} from "../../lib/cpu/layout.ts";
import { Memory } from "../../lib/cpu/memory.ts";
import { instantiate, type Step, translate, type TranslateOptions } from "../../lib/cpu/translate.ts";
import { interpret } from "../reference/interpreter.ts";

const { read, write, shared } = REGION_FLAG;
const BLOCK_BYTES = 64;

/** Regions of every kind, 64 bytes each, with bytes around them that nothing may change. */
export class World {
  readonly layout = layoutFor(1, 1, 16);
  readonly memory = new Memory(this.layout, 8192);
  readonly task = this.layout.tasks;
  readonly stackTop: bigint;
  readonly shared: bigint;
  readonly own: bigint;
  readonly readOnly: bigint;
  readonly #guarded: { readonly start: number; readonly end: number }[] = [];

  constructor() {
    const { memory } = this;
    const region = (name: string, flags: number) => {
      const guard = memory.allocate(BLOCK_BYTES);
      const at = memory.allocate(BLOCK_BYTES);
      this.#guarded.push({ start: guard, end: at });
      return memory.pointer(memory.addRegion(at, BLOCK_BYTES, flags, name), at);
    };
    this.shared = region("shared", read | write | shared);
    this.own = region("own", read | write);
    this.readOnly = region("constants", read | shared);
    this.#guarded.push({ start: memory.allocate(BLOCK_BYTES), end: memory.heapEnd });
    for (const { start, end } of this.#guarded) memory.bytes.fill(0xa5, start, end);
    for (let i = 0; i < BLOCK_BYTES; i++) {
      for (const pointer of [this.shared, this.own, this.readOnly]) {
        memory.bytes[Number(pointer & 0xffff_ffffn) + i] = 37 * i;
      }
    }
    const stack = memory.addRegion(this.layout.stacks, STACK_BYTES, read | write, "stack");
    this.stackTop = memory.pointer(stack, this.layout.stacks + STACK_FRAME_BYTES);
  }

  /** Whether all bytes outside the regions are as they were. */
  get guardsIntact(): boolean {
    return this.#guarded.every(({ start, end }) =>
      this.memory.bytes.subarray(start, end).every((byte) => byte === 0xa5)
    );
  }

  register(r: number): bigint {
    return this.memory.view.getBigUint64(this.task + TASK.registers + 8 * r, true);
  }
  setRegister(r: number, value: bigint): void {
    this.memory.view.setBigUint64(this.task + TASK.registers + 8 * r, BigInt.asUintN(64, value), true);
  }
  field(offset: number): number {
    return this.memory.view.getUint32(this.task + offset, true);
  }
  setField(offset: number, value: number): void {
    this.memory.view.setUint32(this.task + offset, value, true);
  }
  begin(block: number, fuel: number): void {
    this.setField(TASK.pending, KIND.none | (block << 8));
    this.setField(TASK.fuel, fuel);
    this.setField(TASK.depth, 0);
    this.setRegister(10, this.stackTop);
  }
  /** What a program can have changed: regions and stack. */
  visibleBytes(): Uint8Array {
    const { bytes } = this.memory;
    return Uint8Array.from([
      ...bytes.subarray(this.layout.stacks, this.layout.stacks + STACK_BYTES),
      ...bytes.subarray(this.layout.heap, this.memory.heapEnd),
    ]);
  }
}

/** One engine: a step function, where it begins, and which registers a block needs. */
export interface Engine {
  readonly name: string;
  readonly step: Step;
  entryBlock(insn: number): number;
  liveAt(block: number): number;
  /** Block after the helper call that is pending, from the record. */
}

export function translated(
  world: World,
  insns: readonly Insn[],
  entries: readonly number[],
  options: Partial<TranslateOptions> = {},
): Engine {
  const translation = translate(insns, entries, { layout: world.layout, ...options });
  return {
    name: "translator",
    step: instantiate(translation, world.memory),
    entryBlock: translation.entryBlock,
    liveAt: (block) => translation.liveAt[block],
  };
}

export function interpreted(world: World, insns: readonly Insn[]): Engine {
  return {
    name: "interpreter",
    step: interpret(insns, world.memory),
    entryBlock: (insn) => insn,
    liveAt: () => 0x3ff,
  };
}

/** A visible operation or helper call as the program published it. */
export interface Published {
  readonly kind: number;
  readonly insn: number;
  readonly addr: number;
  /** Instructions that ran before it, from the beginning. */
  readonly insns: number;
  /** Registers that are live, in hexadecimal; others are undefined. */
  readonly registers: readonly (string | undefined)[];
}

export interface Run {
  readonly published: readonly Published[];
  readonly end: "exit" | "fault" | "limit";
  readonly insns: number;
  readonly r0?: bigint;
  readonly fault?: { readonly insn: number; readonly pointer: bigint };
  readonly bytes: Uint8Array;
}

/** A helper that runs the callback in r2 with (r1, r3) and gives what it returned. */
export const CALLBACK_HELPER = 99;

/** Runs from `start` to the end, or until about `limit` instructions ran. */
export function run(
  world: World,
  engine: Engine,
  insns: readonly Insn[],
  start: number,
  limit: number,
  fuel = 100,
): Run {
  const published: Published[] = [];
  let count = 0;
  const callers: { readonly block: number; readonly saved: readonly bigint[] }[] = [];
  const finish = (end: Run["end"]): Run => ({ published, end, insns: count, bytes: world.visibleBytes() });
  world.begin(engine.entryBlock(start), fuel);
  while (count < limit) {
    const result = engine.step(world.task);
    count += result >>> 4;
    const kind = result & 15, pending = world.field(TASK.pending), insn = world.field(TASK.insn);
    if (kind !== (pending & 15)) throw new Error(`${engine.name}: step says ${kind}, the record ${pending & 15}`);
    switch (kind) {
      case KIND.load:
      case KIND.store:
      case KIND.rmw:
      case KIND.call: {
        const live = engine.liveAt(pending >>> 8) & (kind === KIND.call ? 0x3c0 : 0x3ff);
        const registers = Array.from(
          { length: 10 },
          (_, r) => live & (1 << r) ? world.register(r).toString(16) : undefined,
        );
        published.push({ kind, insn, addr: kind === KIND.call ? 0 : world.field(TASK.addr), insns: count, registers });
        if (kind === KIND.call) callHelper(insn, pending >>> 8);
        break;
      }
      case KIND.exit:
        return { ...finish("exit"), r0: world.register(0) };
      case KIND.fault:
        return {
          ...finish("fault"),
          fault: { insn, pointer: world.memory.view.getBigUint64(world.task + TASK.faultPointer, true) },
        };
      case KIND.fuel:
        break;
      case KIND.callbackReturn: {
        const caller = callers.pop()!;
        for (let r = 6; r <= 9; r++) world.setRegister(r, caller.saved[r - 6]);
        world.setRegister(10, world.register(10) - BigInt(STACK_FRAME_BYTES));
        world.setField(TASK.depth, world.field(TASK.depth) - 1);
        world.setField(TASK.pending, KIND.none | (caller.block << 8));
        break;
      }
      default:
        throw new Error(`${engine.name}: step stopped with kind ${kind}`);
    }
  }
  return finish("limit");

  function callHelper(insn: number, block: number): void {
    const func = world.register(2);
    const depth = world.field(TASK.depth);
    if (insns[insn].imm === CALLBACK_HELPER && func >> 32n === BigInt(FUNC_REGION) && depth < TASK.maxFrames - 1) {
      callers.push({ block, saved: [6, 7, 8, 9].map((r) => world.register(r)) });
      world.setField(TASK.frames + depth * TASK.frameBytes + 32, RETURN_TO_KERNEL);
      world.setField(TASK.depth, depth + 1);
      world.setRegister(10, world.register(10) + BigInt(STACK_FRAME_BYTES));
      world.setRegister(2, world.register(3));
      for (let r = 3; r <= 9; r++) world.setRegister(r, BigInt(r));
      world.setRegister(0, 0n);
      world.setField(TASK.pending, KIND.none | (engine.entryBlock(Number(func & 0xffff_ffffn)) << 8));
      return;
    }
    let mixed = BigInt(insns[insn].imm);
    for (let r = 1; r <= 5; r++) mixed = BigInt.asUintN(64, mixed * 31n + world.register(r));
    world.setRegister(0, mixed);
  }
}

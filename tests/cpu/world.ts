/** A small memory with one task in it, for running byte code on the translator and on the reference interpreter. */
import { accessBytes, BPF_ATOMIC, type Insn } from "../../lib/isa/insn.ts";
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
import { instantiate, type Step, translate, type TranslateOptions } from "../../lib/translate/translate.ts";
import { interpret } from "../reference/interpreter.ts";

const { read, write, shared } = REGION_FLAG;
const BLOCK_BYTES = 64;

/** Regions of every kind, 64 bytes each, with bytes around them that nothing may change. */
export class World {
  readonly layout = layoutFor(1, 1, 16);
  readonly memory: Memory;
  readonly task = this.layout.tasks;
  readonly stackTop: bigint;
  readonly shared: bigint;
  readonly own: bigint;
  readonly readOnly: bigint;
  readonly #guarded: { readonly start: number; readonly end: number }[] = [];

  /** @param threads whether its memory is one that threads can share */
  constructor(threads = false) {
    const memory = this.memory = new Memory(this.layout, 8192, threads);
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
    const { memory, layout } = this;
    const bytes = new Uint8Array(STACK_BYTES + memory.heapEnd - layout.heap);
    bytes.set(memory.bytes.subarray(layout.stacks, layout.stacks + STACK_BYTES));
    bytes.set(memory.bytes.subarray(layout.heap, memory.heapEnd), STACK_BYTES);
    return bytes;
  }
}

/** One engine: a step function, where it begins, and which registers a block needs. */
export interface Engine {
  readonly name: string;
  readonly step: Step;
  entryBlock(insn: number): number;
  isEntry(insn: number): boolean;
  liveAt(block: number): number;
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
    isEntry: (insn) => entries.includes(insn),
    liveAt: (block) => translation.liveAt[block],
  };
}

/** A translation that leaves memory operations to its machine, and a machine that performs them with `Memory`. */
export function translatedExternal(
  world: World,
  insns: readonly Insn[],
  entries: readonly number[],
  options: Partial<TranslateOptions> = {},
): Engine {
  const engine = translated(world, insns, entries, { ...options, external: true });
  const { memory, task } = world;
  const perform = () => {
    const kind = world.field(TASK.pending) & 15;
    if (kind !== KIND.load && kind !== KIND.store && kind !== KIND.rmw) return;
    const insn = insns[world.field(TASK.insn)], size = accessBytes(insn), addr = world.field(TASK.addr);
    const value = memory.view.getBigUint64(task + TASK.value, true);
    const old = memory.read(addr, size);
    if (kind === KIND.store) memory.write(addr, size, value);
    if (kind === KIND.rmw) {
      if (insn.imm === BPF_ATOMIC.CMPXCHG) {
        if (old === memory.view.getBigUint64(task + TASK.expected, true)) memory.write(addr, size, value);
      } else if (insn.imm === BPF_ATOMIC.XCHG) memory.write(addr, size, value);
      else memory.write(addr, size, RMW[insn.imm & ~BPF_ATOMIC.FETCH](old, value));
    }
    memory.view.setBigUint64(task + TASK.value, old, true);
  };
  return {
    ...engine,
    name: "translator with external memory",
    step(record) {
      perform();
      return engine.step(record);
    },
  };
}

const RMW: Record<number, (old: bigint, value: bigint) => bigint> = {
  [BPF_ATOMIC.ADD]: (old, value) => old + value,
  [BPF_ATOMIC.OR]: (old, value) => old | value,
  [BPF_ATOMIC.AND]: (old, value) => old & value,
  [BPF_ATOMIC.XOR]: (old, value) => old ^ value,
};

export function interpreted(world: World, insns: readonly Insn[]): Engine {
  return {
    name: "interpreter",
    step: interpret(insns, world.memory),
    entryBlock: (insn) => insn,
    isEntry: () => true,
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
  const callers: { readonly block: number; readonly saved: SavedCaller }[] = [];
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
        leaveCallback(world, caller.saved);
        world.setField(TASK.pending, KIND.none | (caller.block << 8));
        break;
      }
      default:
        throw new Error(`${engine.name}: step stopped with kind ${kind}`);
    }
  }
  return finish("limit");

  function callHelper(insn: number, block: number): void {
    const saved = enterCallback(world, insns[insn], engine.isEntry);
    if (saved) {
      callers.push({ block, saved });
      const func = Number(BigInt.asUintN(32, saved.func));
      world.setField(TASK.pending, KIND.none | (engine.entryBlock(func) << 8));
    } else {
      world.setRegister(0, plainHelper(world, insns[insn]));
    }
  }
}

interface SavedCaller {
  readonly func: bigint;
  readonly registers: readonly bigint[];
}

/** Prepares the task to run the callback that a helper call names; undefined where it names none. */
function enterCallback(world: World, insn: Insn, isEntry: (insn: number) => boolean): SavedCaller | undefined {
  const func = world.register(2), depth = world.field(TASK.depth);
  if (insn.imm !== CALLBACK_HELPER || func >> 32n !== BigInt(FUNC_REGION) || depth >= TASK.maxFrames - 1) return;
  if (!isEntry(Number(BigInt.asUintN(32, func)))) return;
  const registers = [6, 7, 8, 9].map((r) => world.register(r));
  world.setField(TASK.frames + depth * TASK.frameBytes + 32, RETURN_TO_KERNEL);
  world.setField(TASK.depth, depth + 1);
  world.setRegister(10, world.register(10) + BigInt(STACK_FRAME_BYTES));
  world.setRegister(2, world.register(3));
  for (let r = 3; r <= 9; r++) world.setRegister(r, BigInt(r));
  world.setRegister(0, 0n);
  return { func, registers };
}

function leaveCallback(world: World, saved: SavedCaller): void {
  saved.registers.forEach((value, i) => world.setRegister(6 + i, value));
  world.setRegister(10, world.register(10) - BigInt(STACK_FRAME_BYTES));
  world.setField(TASK.depth, world.field(TASK.depth) - 1);
}

/** What a helper that is no callback gives: a mixture of its arguments. */
function plainHelper(world: World, insn: Insn): bigint {
  let mixed = BigInt(insn.imm);
  for (let r = 1; r <= 5; r++) mixed = BigInt.asUintN(64, mixed * 31n + world.register(r));
  return mixed;
}

/** The end of a run in the middle of a helper's callback. */
class EndedInside extends Error {
  constructor(readonly result: number) {
    super("ended inside a callback");
  }
}

/** Runs a program on a direct translation: only its end can be seen. */
export function runDirect(
  world: World,
  insns: readonly Insn[],
  entries: readonly number[],
  limit: number,
  options: Partial<TranslateOptions> = {},
): Run {
  const translation = translate(insns, entries, { layout: world.layout, direct: true, ...options });
  let count = 0, helperCalls = 0;
  const toTheEnd = (): number => {
    for (;;) {
      const result = step(world.task);
      count += result >>> 4;
      if ((result & 15) !== KIND.fuel) return result & 15;
      if (count >= limit) return KIND.fuel;
    }
  };
  const step = instantiate(translation, world.memory, (_, insn) => {
    // Callbacks that call back nest in few frames but in large numbers.
    if (++helperCalls > limit) throw new EndedInside(KIND.fuel);
    const saved = enterCallback(world, insns[insn], (func) => entries.includes(func));
    if (!saved) return world.setRegister(0, plainHelper(world, insns[insn]));
    const func = Number(BigInt.asUintN(32, saved.func));
    world.setField(TASK.pending, KIND.none | (translation.entryBlock(func) << 8));
    const end = toTheEnd();
    if (end !== KIND.callbackReturn) throw new EndedInside(end);
    leaveCallback(world, saved);
  });
  world.begin(translation.entryBlock(entries[0]), 100);
  let kind;
  try {
    kind = toTheEnd();
  } catch (error) {
    if (!(error instanceof EndedInside)) throw error;
    kind = error.result;
    count = NaN;
  }
  const bytes = world.visibleBytes(), published: Published[] = [];
  if (kind === KIND.fuel) return { published, end: "limit", insns: count, bytes };
  if (kind === KIND.exit) return { published, end: "exit", insns: count, bytes, r0: world.register(0) };
  const pointer = world.memory.view.getBigUint64(world.task + TASK.faultPointer, true);
  return { published, end: "fault", insns: count, bytes, fault: { insn: world.field(TASK.insn), pointer } };
}

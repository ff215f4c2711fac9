/** The state of a program at one instruction of one path (include/linux/bpf_verifier.h: struct bpf_verifier_state). */
import type { LoopVisit } from "../flow/loops.ts";
import type { HistoryEntry } from "./environment.ts";
import { NOT_INIT, type Reg } from "./register.ts";
import type { CallInstance } from "./stack_liveness.ts";

/** What a byte of the stack holds. */
export const BYTE = { INVALID: 0, SPILL: 1, MISC: 2, ZERO: 3, DYNPTR: 4, ITER: 5, IRQ_FLAG: 6 } as const;

const BITS_PER_BYTE_TYPE = 3;
export const SLOT_BYTES = 8;
export const STACK_LIMIT = 512;
export const MAX_FRAMES = 8;
export const FP = 10;

/** Eight bytes of stack: a kind for each byte, packed in one number, and the register spilled there. */
export interface Slot {
  /** Three bits a byte; byte 7 is the one at the slot's lowest address. */
  readonly bytes: number;
  readonly reg: Reg;
}

export const byteType = (bytes: number, index: number): number => (bytes >> (index * BITS_PER_BYTE_TYPE)) & 7;
export const withByteType = (bytes: number, index: number, type: number): number =>
  (bytes & ~(7 << (index * BITS_PER_BYTE_TYPE))) | (type << (index * BITS_PER_BYTE_TYPE));
export const allBytes = (type: number): number => {
  let bytes = 0;
  for (let index = 0; index < SLOT_BYTES; index++) bytes = withByteType(bytes, index, type);
  return bytes;
};

export const EMPTY_SLOT: Slot = { bytes: 0, reg: NOT_INIT };
export const isSpilled = (slot: Slot): boolean => byteType(slot.bytes, SLOT_BYTES - 1) === BYTE.SPILL;
export const isSpilledScalar = (slot: Slot): boolean => isSpilled(slot) && slot.reg.isScalar;
export const isSpilledScalar64 = (slot: Slot): boolean => byteType(slot.bytes, 0) === BYTE.SPILL && slot.reg.isScalar;
export const isSpecialSlot = (slot: Slot): boolean => byteType(slot.bytes, SLOT_BYTES - 1) >= BYTE.DYNPTR;
/** Index of the slot that holds a byte of the stack; offsets count down from the frame pointer. */
export const slotIndex = (offset: number): number => ((-offset - 1) / SLOT_BYTES) | 0;

/** A set of stack slots: 64 of them, in two halves. */
export class SlotSet {
  constructor(public low = 0, public high = 0) {}
  has(slot: number): boolean {
    return slot < 32 ? (this.low & (1 << slot)) !== 0 : (this.high & (1 << (slot - 32))) !== 0;
  }
  add(slot: number): void {
    if (slot < 32) this.low |= 1 << slot;
    else this.high |= 1 << (slot - 32);
  }
  delete(slot: number): void {
    if (slot < 32) this.low &= ~(1 << slot);
    else this.high &= ~(1 << (slot - 32));
  }
  get isEmpty(): boolean {
    return this.low === 0 && this.high === 0;
  }
  clear(): void {
    this.low = this.high = 0;
  }
  fill(): void {
    this.low = this.high = -1;
  }
  copy(): SlotSet {
    return new SlotSet(this.low, this.high);
  }
}

/** Nothing: what most checkpoints have to say of their slots. Whoever adds to it makes a set of its own first. */
const NO_SLOTS = new SlotSet();
export const ownSlots = (slots: SlotSet): SlotSet => slots === NO_SLOTS ? new SlotSet() : slots;

export const MAIN_CALLSITE = -1;

export class Frame {
  /** Slot 0 holds fp-1 to fp-8. */
  stack: Slot[] = [];
  inCallback = false;
  inAsyncCallback = false;
  callbackRange: readonly [number, number] = [0, 1];
  callbackDepth = 0;
  asyncEntries = 0;
  /** Of a checkpoint: registers and slots whose exact value decided something later. */
  preciseRegs = 0;
  preciseSlots = NO_SLOTS;
  /** The function as this chain of calls calls it; found when it is first asked for. */
  instance: CallInstance | null = null;

  constructor(
    readonly callsite: number,
    readonly index: number,
    readonly subprog: number,
    public regs: Reg[] = new Array(FP + 1).fill(NOT_INIT),
  ) {}

  copy(): Frame {
    const to = new Frame(this.callsite, this.index, this.subprog, this.regs.slice());
    to.stack = this.stack.slice();
    to.inCallback = this.inCallback;
    to.inAsyncCallback = this.inAsyncCallback;
    to.callbackRange = this.callbackRange;
    to.callbackDepth = this.callbackDepth;
    to.asyncEntries = this.asyncEntries;
    to.instance = this.instance;
    return to;
  }

  /** Makes room down to an offset (negative). */
  grow(offset: number): void {
    const slots = Math.ceil(-offset / SLOT_BYTES);
    while (this.stack.length < slots) this.stack.push(EMPTY_SLOT);
  }
}

/** Something that must be given back: a kernel object, or a lock, or saved interrupts. */
export interface Reference {
  readonly kind: "pointer" | "lock" | "res_lock" | "res_lock_irq" | "irq";
  readonly id: number;
  /** The instruction that took it. */
  readonly insn: number;
  /** Of a lock: the map (or allocated type) that its memory belongs to. */
  readonly owner?: unknown;
}

export class State {
  frames: Frame[] = [];
  references: readonly Reference[] = [];
  activeLocks = 0;
  activeLockId = 0;
  activeLockOwner: unknown = null;
  activeIrqId = 0;
  rcuLocks = 0;
  preemptLocks = 0;
  isSleepable = false;
  parent: State | null = null;
  /** Paths from here that are not yet explored to their end. */
  branches = 1;
  firstInsn = 0;
  lastInsn = -1;
  insn = 0;
  /** The path since the checkpoint before, last entry first. */
  history: HistoryEntry | null = null;
  historyLength = 0;
  depth = 0;
  callbackUnrollDepth = 0;
  mayGotoDepth = 0;
  /** Of a checkpoint: the visit of a loop that it belongs to. */
  visit: LoopVisit | null = null;
  /** Of a checkpoint: what no path from it reads is cleared. */
  isCleaned = false;
  /** Of a state that ended at a checkpoint within a loop: that checkpoint. */
  equal: State | null = null;
  /** Of a checkpoint: how often it was compared without and with success. */
  missed = 0;
  hit = 0;

  get frame(): Frame {
    return this.frames[this.frames.length - 1];
  }

  get regs(): Reg[] {
    return this.frames[this.frames.length - 1].regs;
  }

  copy(): State {
    const to = new State();
    to.frames = this.frames.map((frame) => frame.copy());
    to.references = this.references;
    to.activeLocks = this.activeLocks;
    to.activeLockId = this.activeLockId;
    to.activeLockOwner = this.activeLockOwner;
    to.activeIrqId = this.activeIrqId;
    to.rcuLocks = this.rcuLocks;
    to.preemptLocks = this.preemptLocks;
    to.isSleepable = this.isSleepable;
    to.parent = this.parent;
    to.branches = this.branches;
    to.firstInsn = this.firstInsn;
    to.lastInsn = this.lastInsn;
    to.insn = this.insn;
    to.history = this.history;
    to.historyLength = this.historyLength;
    to.depth = this.depth;
    to.callbackUnrollDepth = this.callbackUnrollDepth;
    to.mayGotoDepth = this.mayGotoDepth;
    return to;
  }

  /** Replaces every register and spilled register for which `change` gives another one. */
  mapRegs(change: (reg: Reg) => Reg): void {
    for (const frame of this.frames) {
      const { regs, stack } = frame;
      for (let at = 0; at < FP; at++) {
        const to = change(regs[at]);
        if (to !== regs[at]) regs[at] = to;
      }
      for (let at = 0; at < stack.length; at++) {
        const slot = stack[at];
        if (!isSpilled(slot)) continue;
        const to = change(slot.reg);
        if (to !== slot.reg) stack[at] = { bytes: slot.bytes, reg: to };
      }
    }
  }
}

/** How a step begins and ends: registers to and from the task record, what is pending, how many instructions ran. */
import type { Insn } from "../isa/insn.ts";
import { KIND, type Layout, TASK } from "../cpu/layout.ts";
import type { Liveness } from "./translate_liveness.ts";
import { COUNT_LOCAL, GENERAL, NEXT_LOCAL, register, registersIn, SCRATCH, TASK_LOCAL } from "./translate_locals.ts";
import type { Access } from "./translate_pointers.ts";
import { type Label, WasmCode } from "./wasm_assembler.ts";

/** What the translator was asked for; see `TranslateOptions`. */
export interface StepOptions {
  readonly layout: Layout;
  readonly external: boolean;
  readonly direct: boolean;
  /** Where what ran is marked. */
  readonly coverage?: number;
  readonly packetLoads?: ReadonlyMap<number, number>;
  readonly arena?: SparseRegion;
}

/** A region of pages, one byte for each says whether it is there; one more page behind them takes other accesses. */
export interface SparseRegion {
  readonly region: number;
  readonly base: number;
  readonly pages: number;
  readonly present: number;
}

/** An image and all that was found out about it. */
export interface AnalysedImage {
  readonly insns: readonly Insn[];
  readonly accesses: readonly (Access | undefined)[];
  readonly liveness: Liveness;
}

/** Emits into the body of `step(task)`; the parts of the translator for memory and calls work through it. */
export class StepEmitter {
  readonly code = new WasmCode();
  /** Instructions that ran but are not yet in the local that counts them. */
  #count = 0;
  /** Whether that local is 0 here, whatever path was taken. */
  #countIsZero = false;
  /** Where a bad access goes, with its insn in NEXT_LOCAL and its pointer in SCRATCH.pointer. */
  faultLabel!: Label;

  constructor(readonly image: AnalysedImage, readonly options: StepOptions) {}

  /** A place that only the beginning of a step leads to. */
  beginStep(): void {
    this.#count = 0;
    this.#countIsZero = true;
  }

  /** A place that several ways lead to, all with the count brought up to date. */
  beginJoined(): void {
    this.#count = 0;
    this.#countIsZero = false;
  }

  countInsn(): void {
    this.#count++;
  }

  /** Brings the count up to date, before control joins other paths. */
  flushCount(): void {
    if (this.#count === 0 && !this.#countIsZero) return;
    if (this.#countIsZero) this.code.i32(this.#count).set(COUNT_LOCAL);
    else this.code.get(COUNT_LOCAL).i32(this.#count).op("i32.add").set(COUNT_LOCAL);
    this.beginJoined();
  }

  /** Emits one arm of a branch: the count goes on after it as it was before. */
  branch(emit: () => void): void {
    const count = this.#count, countIsZero = this.#countIsZero;
    emit();
    this.#count = count;
    this.#countIsZero = countIsZero;
  }

  /** Stores registers into the task record. */
  save(mask: number): void {
    for (const r of registersIn(mask & GENERAL)) {
      this.code.get(TASK_LOCAL).get(register(r)).memory("i64.store", TASK.registers + 8 * r);
    }
  }

  /** Loads registers from the task record. */
  load(mask: number): void {
    for (const r of registersIn(mask)) {
      this.code.get(TASK_LOCAL).memory("i64.load", TASK.registers + 8 * r).set(register(r));
    }
  }

  /** Stores the i32 that `push` leaves on the stack into a field of the task record. */
  setField(offset: number, push: (code: WasmCode) => void): void {
    this.code.get(TASK_LOCAL);
    push(this.code);
    this.code.memory("i32.store", offset);
  }

  /** Publishes the linear address of the operation that `stop` will publish, which `push` leaves on the stack. */
  publishAddress(push: (code: WasmCode) => void, _isConstant: boolean): void {
    this.setField(TASK.addr, push);
  }

  /** Ends the step: `kind` is pending, its insn is `insn`, and the next step begins at entry `block` of the table. */
  stop(kind: number, block: number, insn: number): void {
    this.code.get(TASK_LOCAL).i64((BigInt(kind | (block << 8)) << 32n) | BigInt(insn)).memory("i64.store", TASK.insn);
    this.returnKind(kind);
  }

  /** Returns `insns << 4 | kind`. */
  returnKind(kind: number): void {
    this.pushCount();
    this.code.i32(4).op("i32.shl").i32(kind).op("i32.or").op("return");
  }

  /** How many instructions ran in this step, where that is known beforehand. */
  protected get constantCount(): number | undefined {
    return this.#countIsZero ? this.#count : undefined;
  }

  /** Leaves on the stack how many instructions ran in this step. */
  protected pushCount(): void {
    if (this.#countIsZero) {
      this.code.i32(this.#count);
      return;
    }
    this.code.get(COUNT_LOCAL);
    if (this.#count) this.code.i32(this.#count).op("i32.add");
  }

  /** Goes to the fault block where the i32 on the stack is not 0. The count must be up to date, SCRATCH.pointer set. */
  faultIf(insn: number): void {
    // The number of the insn is a constant: only the way to the fault block materialises it.
    this.code.i32(insn).set(NEXT_LOCAL).brIf(this.faultLabel);
  }

  /** Where a step goes whose block is none of the dispatch table's. */
  emitNowhere(): void {
    this.code.op("unreachable");
  }

  /** The block that all faults share. */
  emitFaultBlock(): void {
    this.beginJoined();
    this.setField(TASK.addr, (code) => code.i32(0));
    this.setField(TASK.pending, (code) => code.i32(KIND.fault));
    this.setField(TASK.insn, (code) => code.get(NEXT_LOCAL));
    this.code.get(TASK_LOCAL).get(SCRATCH.pointer).memory("i64.store", TASK.faultPointer);
    this.returnKind(KIND.fault);
  }
}

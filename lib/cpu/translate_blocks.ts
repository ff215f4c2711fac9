/**
 * Puts the code of all blocks into one Wasm function.
 *
 * The function is a row of *places*. Each is the end of one nested Wasm block, so that a forward jump is a plain `br`;
 * only the beginning of a step and backward jumps go through the dispatch table:
 *
 *     loop $dispatch
 *       block $place2 block $place1 block $place0
 *         br_table ... (next)
 *       end ;; place 0
 *       end ;; place 1
 *       end ;; place 2
 *     end
 *
 * Before the code of an instruction that begins a block there may be places that lead into it: see {@link Place}.
 */
import {
  BPF_CLASS,
  classOf,
  type Insn,
  isBpfCall,
  isCall,
  isExit,
  isGoto,
  isJump,
  isMemoryAccess,
  isWide,
  jumpTarget,
} from "../isa/insn.ts";
import { KIND, TASK } from "./layout.ts";
import { emitAlu, emitCondition } from "./translate_alu.ts";
import {
  callsOf,
  emitDirectHelperCall,
  emitFrameEntry,
  emitHelperCall,
  emitLeave,
  emitReturned,
} from "./translate_calls.ts";
import { calleeOf, type ControlFlow, following } from "./translate_flow.ts";
import { COUNT_LOCAL, NEXT_LOCAL, register, TASK_LOCAL } from "./translate_locals.ts";
import { emitAccess, emitPendingOperation } from "./translate_memory.ts";
import type { Access } from "./translate_pointers.ts";
import type { AnalysedImage, StepEmitter, StepOptions } from "./translate_step.ts";
import type { Label, LoopLabel } from "./wasm_assembler.ts";

export interface Place {
  /**
   * - `gate`: where backward jumps and calls arrive; ends the step when it has run out of fuel
   * - `return`: where a BPF function returns to; takes registers back from the frame
   * - `operation`: performs the visible operation that an earlier step published
   * - `reload`: begins a step at an entry, after a helper call or after want of fuel; loads registers
   * - `code`: the instructions themselves
   */
  readonly kind: "gate" | "return" | "operation" | "reload" | "code";
  /** The instruction that begins the block. */
  readonly start: number;
  /** For `return` the call, for `operation` the memory instruction, else the same as `start`. */
  readonly insn: number;
  /** Number in the dispatch table; -1 for `code`, which only jumps lead to. */
  readonly entry: number;
}

/** All places in order, and where to find them. */
export interface Placement {
  readonly places: readonly Place[];
  /** Entry of the dispatch table by instruction (`Place.insn`). */
  readonly entries: Record<Exclude<Place["kind"], "code">, Map<number, number>>;
}

/** A tail that is copied to where a loop jumps back has at most so many instructions. */
const MAX_TAIL = 12;

/** Whether a step may end at instruction `at`, which publishes its operation. */
function mayPublish(insn: Insn, access: Access | undefined, direct: boolean): boolean {
  if (direct) return false;
  return access ? access.kind === "visible" || access.kind === "checked" : isCall(insn) && !isBpfCall(insn);
}

/**
 * From the target of a backward jump, a short run without further jumps that ends in a published operation (gives its
 * insn) is worth copying to the jump: the loop then never goes through the dispatch table. Otherwise -1.
 */
function tailFrom(
  insns: readonly Insn[],
  accesses: readonly (Access | undefined)[],
  target: number,
  direct: boolean,
): number {
  for (let at = target, length = 0; length < MAX_TAIL; length++) {
    const insn = insns[at];
    if (mayPublish(insn, accesses[at], direct) || isExit(insn)) return at;
    if (isBpfCall(insn) || (isJump(insn) && !isGoto(insn)) || accesses[at]?.kind === "fault") return -1;
    at = isGoto(insn) ? jumpTarget(insn, at) : following(insn, at);
  }
  return -1;
}

/** Instructions that control can come back to: each gets a gate, so that no loop runs without end in one step. */
export function findGates(
  insns: readonly Insn[],
  flow: ControlFlow,
  accesses: readonly (Access | undefined)[],
  direct: boolean,
): Set<number> {
  const gates = new Set(flow.callees);
  for (const { last, successors } of flow.blocks) {
    if (isBpfCall(insns[last])) continue;
    for (const next of successors) {
      const target = flow.blocks[next].start;
      if (target > last) continue;
      gates.add(target);
      // A copied tail goes back into the original where its access turns out to be private.
      const end = tailFrom(insns, accesses, target, direct);
      if (end >= 0 && accesses[end]?.kind === "checked") gates.add(following(insns[end], end));
    }
  }
  return gates;
}

/** Decides which places there are. */
export function placeBlocks(
  insns: readonly Insn[],
  flow: ControlFlow,
  accesses: readonly (Access | undefined)[],
  starts: readonly number[],
  gates: ReadonlySet<number>,
  direct: boolean,
): Placement {
  const reload = new Set([...starts, ...gates]), code = new Set(gates);
  const operations = new Map<number, number>(), returns = new Map<number, number>();
  for (const block of flow.blocks) {
    code.add(block.start);
    for (let at = block.start; at < block.end; at = following(insns[at], at)) {
      const next = following(insns[at], at);
      if (isBpfCall(insns[at])) returns.set(next, at);
      if (!mayPublish(insns[at], accesses[at], direct)) continue;
      code.add(next);
      if (isMemoryAccess(insns[at])) operations.set(next, at);
      else reload.add(next);
    }
  }
  const places: Place[] = [];
  const entries: Placement["entries"] = { gate: new Map(), return: new Map(), operation: new Map(), reload: new Map() };
  let count = 0;
  const add = (kind: Exclude<Place["kind"], "code">, start: number, insn: number) => {
    entries[kind].set(insn, count);
    places.push({ kind, start, insn, entry: count++ });
  };
  for (const start of [...code].sort((a, b) => a - b)) {
    if (gates.has(start)) add("gate", start, start);
    if (returns.has(start)) add("return", start, returns.get(start)!);
    if (operations.has(start)) add("operation", start, operations.get(start)!);
    if (reload.has(start)) add("reload", start, start);
    places.push({ kind: "code", start, insn: start, entry: -1 });
  }
  return { places, entries };
}

/** Emits all places of an image. */
export class BlockEmitter {
  readonly image: AnalysedImage;
  readonly options: StepOptions;
  readonly #insns: readonly Insn[];
  readonly #codePlace = new Map<number, number>();
  readonly #gatePlace = new Map<number, number>();
  readonly #labels: Label[] = [];
  #dispatch!: LoopLabel;
  #leave!: Label;
  /** Index of the place that is being emitted: later ones can be jumped to. */
  #here = 0;

  constructor(
    readonly step: StepEmitter,
    readonly placement: Placement,
  ) {
    this.image = step.image;
    this.options = step.options;
    this.#insns = step.image.insns;
    placement.places.forEach(({ kind, start }, index) => {
      if (kind === "code") this.#codePlace.set(start, index);
      if (kind === "gate") this.#gatePlace.set(start, index);
    });
  }

  /** Emits one step of the task in TASK_LOCAL: control never goes past the end of it. */
  emit(): void {
    const { code } = this.step, { places } = this.placement;
    code.get(TASK_LOCAL).memory("i32.load", TASK.pending).i32(8).op("i32.shr_u").set(NEXT_LOCAL);
    this.#dispatch = code.loop();
    const nowhere = code.block();
    this.step.faultLabel = code.block();
    this.#leave = code.block();
    for (let index = places.length - 1; index >= 0; index--) this.#labels[index] = code.block();
    const table: Label[] = [];
    places.forEach(({ entry }, index) => {
      if (entry >= 0) table[entry] = this.#labels[index];
    });
    code.get(NEXT_LOCAL).brTable(table, nowhere);
    places.forEach((place, index) => {
      code.end();
      this.#here = index;
      this.#emitPlace(place);
    });
    code.end();
    emitLeave(this.step, callsOf(this.#insns), this.#dispatch);
    code.end();
    this.step.emitFaultBlock();
    code.end();
    this.step.emitNowhere();
    code.endLoop(this.#dispatch);
    code.op("unreachable");
  }

  #emitPlace(place: Place): void {
    const step = this.step, { liveness } = this.image;
    switch (place.kind) {
      case "gate":
        step.beginJoined();
        this.#emitFuelCheck(place.start);
        break;
      case "return":
        step.beginJoined();
        emitReturned(step, place.insn);
        break;
      case "operation":
        step.beginStep();
        step.load(liveness.wantedToPerform(place.insn));
        emitPendingOperation(step, place.insn);
        break;
      case "reload":
        step.beginStep();
        step.load(liveness.wanted[place.start]);
        break;
      case "code":
        step.beginJoined();
        this.#emitRun(place.start, false);
        return;
    }
    this.#goOn(place.start);
  }

  /** Falls into the code of `start`, or jumps over the places before it. */
  #goOn(start: number): void {
    this.step.flushCount();
    const target = this.#codePlace.get(start)!;
    if (target !== this.#here + 1) this.step.code.br(this.#labels[target]);
  }

  #emitFuelCheck(start: number): void {
    const step = this.step, { live, dirty } = this.image.liveness;
    step.code.get(COUNT_LOCAL).get(TASK_LOCAL).memory("i32.load", TASK.fuel).op("i32.gt_u");
    step.code.if();
    step.branch(() => {
      step.save(live[start] & dirty[start]);
      step.setField(TASK.addr, (code) => code.i32(0));
      step.stop(KIND.fuel, this.placement.entries.reload.get(start)!, start);
    });
    step.code.end();
  }

  /** Emits instructions from `start` on, until control goes elsewhere; `copied` where this is a copy of a tail. */
  #emitRun(start: number, copied: boolean): void {
    const step = this.step, { entries } = this.placement;
    for (let at = start;;) {
      const insn = this.#insns[at], next = following(insn, at);
      if (isExit(insn)) {
        step.countInsn();
        step.flushCount();
        step.code.i32(at).set(NEXT_LOCAL).br(this.#leave);
        return;
      } else if (isBpfCall(insn)) {
        emitFrameEntry(step, at, entries.return.get(at)!);
        this.#goToGate(calleeOf(insn, at));
        return;
      } else if (isCall(insn)) {
        if (!this.options.direct) return emitHelperCall(step, at, entries.reload.get(next)!);
        emitDirectHelperCall(step, at);
      } else if (isGoto(insn)) {
        step.countInsn();
        const target = jumpTarget(insn, at);
        if (!copied) return this.#jump(target, true);
        at = target;
        continue;
      } else if (isJump(insn)) {
        step.countInsn();
        this.#emitConditionalJump(insn, jumpTarget(insn, at));
      } else if (isMemoryAccess(insn)) {
        const goesOn = emitAccess(step, at, entries.operation.get(at) ?? -1);
        if (!goesOn) return;
        // What follows a copied tail that turned out to end in a private access is not copied.
        if (copied && mayPublish(insn, this.image.accesses[at], this.options.direct)) return this.#jump(next, false);
      } else {
        step.countInsn();
        if (isWide(insn)) step.code.i64(insn.imm64!).set(register(insn.dst));
        else if (classOf(insn) === BPF_CLASS.ALU || classOf(insn) === BPF_CLASS.ALU64) emitAlu(step.code, insn);
        else {throw new RangeError(
            `insn ${at}: opcode 0x${insn.opcode.toString(16)} is unknown: validate before translating`,
          );}
      }
      if (!copied && this.#codePlace.has(next)) return this.#goOn(next);
      at = next;
    }
  }

  #emitConditionalJump(insn: Insn, target: number): void {
    const step = this.step;
    if (this.#isForward(target)) {
      step.flushCount();
      emitCondition(step.code, insn);
      step.code.brIf(this.#labels[this.#codePlace.get(target)!]);
      return;
    }
    emitCondition(step.code, insn);
    step.code.if();
    step.branch(() => this.#jump(target, true));
    step.code.end();
  }

  #isForward(target: number): boolean {
    const place = this.#codePlace.get(target);
    if (place === undefined) throw new Error(`no place for the code of insn ${target}: a fault of the translator`);
    return place > this.#here;
  }

  #jump(target: number, mayCopy: boolean): void {
    if (this.#isForward(target)) {
      this.step.flushCount();
      this.step.code.br(this.#labels[this.#codePlace.get(target)!]);
    } else if (mayCopy && tailFrom(this.#insns, this.image.accesses, target, this.options.direct) >= 0) {
      this.#emitRun(target, true);
    } else {
      this.#goToGate(target);
    }
  }

  #goToGate(target: number): void {
    const { code } = this.step, place = this.#gatePlace.get(target);
    if (place === undefined) throw new Error(`no gate at insn ${target}: a fault of the translator`);
    this.step.flushCount();
    if (place > this.#here) {
      code.br(this.#labels[place]);
    } else {
      code.i32(this.placement.entries.gate.get(target)!).set(NEXT_LOCAL).br(this.#dispatch);
    }
  }
}

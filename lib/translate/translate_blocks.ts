/**
 * Puts the code of all places into one Wasm function; the code of an instruction comes from `#emitInsn`.
 *
 * Each place (translate_places.ts) is the end of one nested Wasm block, so that a forward jump is a plain `br`; only the
 * beginning of a step and backward jumps go through the dispatch table:
 *
 *     loop $dispatch
 *       block $place2 block $place1 block $place0
 *         br_table ... (next)
 *       end ;; place 0
 *       end ;; place 1
 *       end ;; place 2
 *     end
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
import { KIND, TASK } from "../cpu/layout.ts";
import { emitAlu, emitCondition } from "./translate_alu.ts";
import {
  callsOf,
  emitDirectHelperCall,
  emitFrameEntry,
  emitHelperCall,
  emitLeave,
  emitReturned,
} from "./translate_calls.ts";
import { emitBegun, emitWay } from "./translate_coverage.ts";
import { calleeOf, following } from "./translate_flow.ts";
import { COUNT_LOCAL, NEXT_LOCAL, register, TASK_LOCAL } from "./translate_locals.ts";
import { emitAccess, emitPendingOperation } from "./translate_memory.ts";
import { mayPublish, type Place, type Placement, tailFrom } from "./translate_places.ts";
import type { AnalysedImage, StepEmitter, StepOptions } from "./translate_step.ts";
import type { Label, LoopLabel } from "./wasm_assembler.ts";

const isAlu = (insn: Insn): boolean => classOf(insn) === BPF_CLASS.ALU || classOf(insn) === BPF_CLASS.ALU64;

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
        emitBegun(step, place.start);
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
    for (let at: number | undefined = start; at !== undefined;) {
      at = this.#emitInsn(at, copied);
      if (at !== undefined && !copied && this.#codePlace.has(at)) return this.#goOn(at);
    }
  }

  /** Emits one instruction; gives the one that follows in this run, or undefined where control has gone elsewhere. */
  #emitInsn(at: number, copied: boolean): number | undefined {
    const step = this.step, { entries } = this.placement, { direct } = this.options;
    const insn = this.#insns[at], next = following(insn, at);
    if (isMemoryAccess(insn)) {
      const goesOn = emitAccess(step, at, entries.operation.get(at) ?? -1);
      // What follows a copied tail that turned out to end in a private access is not copied.
      const endsCopy = copied && mayPublish(insn, this.image.accesses[at], direct);
      if (goesOn && endsCopy) this.#jump(next, false);
      return goesOn && !endsCopy ? next : undefined;
    }
    if (isBpfCall(insn)) {
      emitFrameEntry(step, at, entries.return.get(at)!);
      this.#goToGate(calleeOf(insn, at));
      return undefined;
    }
    if (isCall(insn)) {
      if (direct) emitDirectHelperCall(step, at);
      else emitHelperCall(step, at, entries.reload.get(next)!);
      return direct ? next : undefined;
    }
    step.countInsn();
    if (isExit(insn)) {
      step.flushCount();
      step.code.i32(at).set(NEXT_LOCAL).br(this.#leave);
      return undefined;
    }
    if (isGoto(insn)) {
      const target = jumpTarget(insn, at);
      if (copied) return target;
      this.#jump(target, true);
      return undefined;
    }
    if (isJump(insn)) this.#emitConditionalJump(insn, at);
    else if (isWide(insn)) step.code.i64(insn.imm64!).set(register(insn.dst));
    else if (isAlu(insn)) emitAlu(step.code, insn);
    else {
      const opcode = `opcode 0x${insn.opcode.toString(16)}`;
      throw new RangeError(`insn ${at}: ${opcode} is unknown: validate before translating`);
    }
    return next;
  }

  #emitConditionalJump(insn: Insn, at: number): void {
    const step = this.step, target = jumpTarget(insn, at);
    if (this.#isForward(target)) {
      step.flushCount();
      emitCondition(step.code, insn);
      emitWay(step, at);
      step.code.brIf(this.#labels[this.#codePlace.get(target)!]);
      return;
    }
    emitCondition(step.code, insn);
    emitWay(step, at);
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

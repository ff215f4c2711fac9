/**
 * The random scheduler inside the translated function where CPUs have store buffers (cpu/store_buffers.ts): flushes are
 * chosen like tasks, and a step sees memory as its CPU does.
 *
 * The step itself is that of translate_random.ts and knows nothing of buffers. A load finds its bytes, laid over memory
 * for as long as the step takes; a store goes to memory, from where it is moved into the buffer when the step has ended.
 * That is enough, since a step has one operation that other CPUs see, and all else that it touches is its own. Whose
 * the stores are is not noted: grace periods ask, and where they can there is user space, which TypeScript schedules.
 */
import { ACCESS, KIND, SCHEDULE, TASK } from "../cpu/layout.ts";
import { BUFFER, CAPACITY, ENTRY } from "../cpu/store_buffers.ts";
import { accessBytes } from "../isa/insn.ts";
import { TASK_LOCAL } from "./translate_locals.ts";
import { LOCAL, RANDOM_LOCAL_TYPES, RandomStepEmitter } from "./translate_random.ts";
import type { AnalysedImage, StepOptions } from "./translate_step.ts";
import type { LoopLabel, ValueType, WasmCode } from "./wasm_assembler.ts";

const FIRST = 1 + RANDOM_LOCAL_TYPES.length;
const OWN = {
  /** Address of the buffer of the CPU whose step it is, and how many stores wait in it. */
  buffer: FIRST,
  count: FIRST + 1,
  /** Kind of the pending operation; its {@link ACCESS}; its address. */
  kind: FIRST + 2,
  access: FIRST + 3,
  addr: FIRST + 4,
  /** What is to be done with memory when the step has ended: one of {@link UNDO}. */
  undo: FIRST + 5,
  /** A store that waits, and the one behind the last. */
  entry: FIRST + 6,
  end: FIRST + 7,
  /** How many bytes the access begins behind the store. */
  behind: FIRST + 8,
  refused: FIRST + 9,
  /** i64: which bytes of 8 an access has; what memory held there. */
  mask: FIRST + 10,
  under: FIRST + 11,
  /** i64: what the access sees there; what a store that waits has of it, and in which bytes. */
  value: FIRST + 12,
  stored: FIRST + 13,
  bytes: FIRST + 14,
} as const;

const UNDO = { nothing: 0, load: 1, store: 2 } as const;

export const BUFFERED_LOCAL_TYPES: readonly ValueType[] = [
  ...RANDOM_LOCAL_TYPES,
  ...Array<ValueType>(10).fill("i32"),
  ...Array<ValueType>(5).fill("i64"),
];

/** Choices in a row that may fall on what cannot be done, for each thing to choose from: then TypeScript looks why. */
export const REFUSALS = 8;

export class BufferedStepEmitter extends RandomStepEmitter {
  /** @param mayWait for each instruction of the image, whether its store may wait although none does */
  constructor(image: AnalysedImage, options: StepOptions, readonly mayWait: Uint8Array) {
    super(image, options);
  }

  override emitLoop(emitStep: () => void, recording: number | undefined): void {
    this.code.i32(0).memory("i32.load", SCHEDULE.refused).set(OWN.refused);
    super.emitLoop(emitStep, recording);
    // What it returns is on the stack already.
    this.code.i32(0).get(OWN.refused).memory("i32.store", SCHEDULE.refused);
  }

  /** Beside the operation, what of it the scheduler has to know before it is performed. */
  override stop(kind: number, block: number, insn: number): void {
    if (kind === KIND.load || kind === KIND.store) {
      const waits = this.mayWait[insn] !== 0 ? ACCESS.mayWait : 0;
      this.setField(TASK.access, (code) => code.i32(accessBytes(this.image.insns[insn]) | waits));
    }
    super.stop(kind, block, insn);
  }

  /** The buffer asks for every address. */
  override publishAddress(push: (code: WasmCode) => void): void {
    this.setField(TASK.addr, push);
  }

  /** The step has to be ended first. */
  protected override get wayOut(): LoopLabel {
    return this.schedule;
  }

  protected override endTurn(): void {
    const { code } = this;
    code.get(OWN.undo).if();
    code.get(OWN.addr).memory("i64.load", 0).set(OWN.value);
    this.#write(OWN.value, OWN.under);
    code.get(OWN.undo).i32(UNDO.store).op("i32.eq").if();
    this.#add();
    code.end();
    code.i32(UNDO.nothing).set(OWN.undo);
    code.end();
    code.get(LOCAL.kind).brIf(this.leave);
  }

  protected override beginTurn(record: () => void): void {
    this.#takeFlush(record);
    this.#awaitBuffer();
    record();
    this.code.i32(0).set(OWN.refused);
    this.#seeOwnStores();
  }

  /** A flush that was chosen is the whole turn. */
  #takeFlush(record: () => void): void {
    const { code } = this;
    code.get(TASK_LOCAL).i32(0).op("i32.lt_s").if();
    this.#setBuffer((code) => code.i32(-1).get(TASK_LOCAL).op("i32.sub"));
    code.get(OWN.count).op("i32.eqz").if();
    this.#refuse();
    code.end();
    record();
    this.#flush();
    this.countStep();
    code.i32(0).set(OWN.refused).br(this.schedule);
    code.end();
  }

  /** Chooses again where the task has to wait for its CPU's buffer. */
  #awaitBuffer(): void {
    const { code } = this;
    this.#setBuffer((code) => code.get(TASK_LOCAL).memory("i32.load", TASK.cpu));
    code.get(TASK_LOCAL).memory("i32.load", TASK.pending).i32(0xff).op("i32.and").set(OWN.kind);
    code.get(OWN.count).if();
    // Nothing is published yet: TypeScript knows what this is.
    code.get(OWN.kind).op("i32.eqz").if();
    this.emitNowhere();
    code.end();
    // Locked instructions wait until the buffer is empty; and in a full one there is no room.
    code.get(OWN.kind).i32(KIND.rmw).op("i32.eq").get(OWN.count).i32(CAPACITY).op("i32.ge_u").op("i32.or").if();
    this.#refuse();
    code.end();
    code.end();
  }

  /** Notes what memory holds where the pending access goes, and lays the CPU's own stores over what a load reads. */
  #seeOwnStores(): void {
    const { code } = this;
    code.get(TASK_LOCAL).memory("i32.load", TASK.access).set(OWN.access);
    code.get(OWN.kind).i32(KIND.store).op("i32.eq").if();
    code.get(OWN.count).get(OWN.access).i32(ACCESS.mayWait).op("i32.and").op("i32.or").if();
    this.#look();
    code.i32(UNDO.store).set(OWN.undo);
    code.end();
    code.else();
    code.get(OWN.count).i32(0).op("i32.ne").get(OWN.kind).i32(KIND.load).op("i32.eq").op("i32.and").if();
    this.#look();
    this.#layOver();
    code.i32(UNDO.load).set(OWN.undo);
    code.end();
    code.end();
  }

  /** A task's number, or that of a flush, which stands in the table as it is written down. */
  protected override pushStep(): void {
    const { code } = this;
    code.get(TASK_LOCAL).i32(0).op("i32.lt_s").if("i32");
    code.get(TASK_LOCAL);
    code.else();
    this.pushTask();
    code.end();
  }

  /** Chooses again; too many times in a row, and TypeScript looks whether anything can be done at all. */
  #refuse(): void {
    const { code } = this;
    code.get(OWN.refused).get(LOCAL.tasks).i32(REFUSALS).op("i32.mul").op("i32.ge_u").if();
    this.emitNowhere();
    code.end();
    code.get(OWN.refused).i32(1).op("i32.add").set(OWN.refused).br(this.schedule);
  }

  #setBuffer(pushCpu: (code: WasmCode) => void): void {
    const { code } = this;
    pushCpu(code);
    code.i32(BUFFER.bytes).op("i32.mul").i32(this.options.layout.buffers).op("i32.add").tee(OWN.buffer);
    code.memory("i32.load", BUFFER.count).set(OWN.count);
  }

  /** Reads what memory holds where the pending access goes. */
  #look(): void {
    const { code } = this;
    this.#setMask((code) => code.get(OWN.access).i32(ACCESS.size).op("i32.and"));
    code.get(TASK_LOCAL).memory("i32.load", TASK.addr).tee(OWN.addr).memory("i64.load", 0).set(OWN.under);
  }

  #setMask(pushSize: (code: WasmCode) => void, mask: number = OWN.mask): void {
    const { code } = this;
    code.i64(-1).i64(64);
    pushSize(code);
    code.i32(3).op("i32.shl").op("i64.extend_i32_u").op("i64.sub").op("i64.shr_u").set(mask);
  }

  /** Writes to the access' address, within its mask, the bytes of one value; those of the other are around them. */
  #write(around: number, within: number): void {
    const { code } = this;
    code.get(OWN.addr);
    this.#pushMixed(around, within, OWN.mask);
    code.memory("i64.store", 0);
  }

  #pushMixed(around: number, within: number, mask: number): void {
    this.code.get(around).get(around).get(within).op("i64.xor").get(mask).op("i64.and").op("i64.xor");
  }

  /** Puts the store that was performed behind those that wait; its value is in OWN.value. */
  #add(): void {
    const { code } = this, at = BUFFER.entries;
    code.get(OWN.buffer).get(OWN.count).i32(BUFFER.entryBytes).op("i32.mul").op("i32.add").tee(OWN.entry);
    code.get(OWN.addr).memory("i32.store", at + ENTRY.addr);
    code.get(OWN.entry).get(OWN.access).i32(ACCESS.size).op("i32.and").memory("i32.store", at + ENTRY.size);
    code.get(OWN.entry).get(OWN.value).get(OWN.mask).op("i64.and").memory("i64.store", at + ENTRY.value);
    code.get(OWN.buffer).get(OWN.count).i32(1).op("i32.add").memory("i32.store", BUFFER.count);
  }

  /** Moves the oldest store of the buffer to memory. */
  #flush(): void {
    const { code } = this, first = BUFFER.entries;
    this.#setMask((code) => code.get(OWN.buffer).memory("i32.load", first + ENTRY.size));
    code.get(OWN.buffer).memory("i64.load", first + ENTRY.value).set(OWN.bytes);
    code.get(OWN.buffer).memory("i32.load", first + ENTRY.addr).tee(OWN.addr).memory("i64.load", 0).set(OWN.value);
    this.#write(OWN.value, OWN.bytes);
    code.get(OWN.count).i32(1).op("i32.sub").set(OWN.count);
    const pushRest = () => code.get(OWN.count).i32(BUFFER.entryBytes).op("i32.mul");
    code.get(OWN.buffer).i32(first).op("i32.add");
    code.get(OWN.buffer).i32(first + BUFFER.entryBytes).op("i32.add");
    pushRest();
    code.copy();
    code.get(OWN.buffer);
    pushRest();
    code.op("i32.add").set(OWN.entry);
    for (let at = 0; at < BUFFER.entryBytes; at += 8) code.get(OWN.entry).i64(0).memory("i64.store", first + at);
    code.get(OWN.buffer).get(OWN.count).memory("i32.store", BUFFER.count);
  }

  /** Lays the stores that wait over the bytes of a load, the newest uppermost. */
  #layOver(): void {
    const { code } = this, at = BUFFER.entries;
    code.get(OWN.under).set(OWN.value);
    code.get(OWN.buffer).tee(OWN.entry);
    code.get(OWN.count).i32(BUFFER.entryBytes).op("i32.mul").op("i32.add").set(OWN.end);
    const next = code.loop();
    code.get(OWN.addr).get(OWN.entry).memory("i32.load", at + ENTRY.addr).op("i32.sub").tee(OWN.behind);
    code.get(OWN.entry).memory("i32.load", at + ENTRY.size).op("i32.lt_s");
    code.i32(0).get(OWN.behind).op("i32.sub").get(OWN.access).i32(ACCESS.size).op("i32.and").op("i32.lt_s");
    code.op("i32.and").if();
    this.#setMask((code) => code.get(OWN.entry).memory("i32.load", at + ENTRY.size), OWN.bytes);
    // The store's bytes, and which they are, moved to where they stand in the load.
    const move = (op: "i64.shl" | "i64.shr_u", pushBytes: () => void) => {
      const pushShift = () => {
        pushBytes();
        code.i32(3).op("i32.shl").op("i64.extend_i32_u");
      };
      code.get(OWN.entry).memory("i64.load", at + ENTRY.value);
      pushShift();
      code.op(op).set(OWN.stored).get(OWN.bytes);
      pushShift();
      code.op(op).set(OWN.bytes);
    };
    code.get(OWN.behind).i32(0).op("i32.ge_s").if();
    move("i64.shr_u", () => code.get(OWN.behind));
    code.else();
    move("i64.shl", () => code.i32(0).get(OWN.behind).op("i32.sub"));
    code.end();
    this.#pushMixed(OWN.value, OWN.stored, OWN.bytes);
    code.set(OWN.value);
    code.end();
    code.get(OWN.entry).i32(BUFFER.entryBytes).op("i32.add").tee(OWN.entry).get(OWN.end).op("i32.ne").brIf(next);
    code.endLoop(next);
    this.#write(OWN.under, OWN.value);
  }
}

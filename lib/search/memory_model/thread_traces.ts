/**
 * Every run that one thread can make, by guessing what its reads see among the values that are written at all.
 *
 * Dependencies are followed as herd7 does (herd/BPFSem.ml): through registers, whatever is computed, so `r1 ^= r1`
 * keeps one. Those that go through a program's own stack are kept too: a store of what was read, read again by the same
 * thread, orders in the model what is computed from it ("pipeline dependencies" of bpf.cat).
 */
import {
  BPF_ATOMIC,
  BPF_CLASS,
  BPF_MODE,
  classOf,
  type Insn,
  isAtomic,
  isBpfCall,
  isExit,
  isGoto,
  isJump,
  isMemoryAccess,
  isWide,
  modeOf,
} from "../../isa/insn.ts";
import { afterAtomic, asRegister, compute, isTaken } from "./arithmetic.ts";
import { PrivateStack } from "./private_stack.ts";
import { readBytes, type SharedMemory } from "./shared_memory.ts";
import { ModelRefusal, type Step, type ThreadCode } from "./thread_code.ts";
import type { EventSet, MemoryEvent, Ordering, Trace } from "./trace.ts";

const NR_REGISTERS = 11, FRAME_POINTER = 10, FRAME_BYTES = 512n, FIRST_KEPT = 6, LAST_KEPT = 9;

/** What stops the listing of runs. */
export interface TraceLimits {
  /** Instructions of one run. */
  readonly maxInsns: number;
  /** Accesses to shared memory of one run. */
  readonly maxEvents: number;
  /** Runs of one thread. */
  readonly maxTraces: number;
  /** Milliseconds of performance.now(). */
  readonly until: number;
}

export interface TraceOptions {
  /** Index of the thread. */
  readonly thread: number;
  /** Values that a read may see besides what the thread itself left there: those that other threads write. */
  readonly valuesOf: (cell: number) => Iterable<bigint>;
  /** How often the code runs, one run after another. */
  readonly invocations: number;
  /** An access outside of every variable: herd7 drops such a run, a program is refused. */
  readonly outside: "drop" | "refuse";
  readonly limits: TraceLimits;
}

export interface ThreadTraces {
  readonly traces: readonly Trace[];
  /** Turns of a loop that only waits were left out: runs are without number, their ends are not. */
  readonly waits: boolean;
  /** The limit that was hit: runs are missing. */
  readonly bound?: string;
}

interface Frame {
  readonly returnTo: number;
  readonly kept: readonly bigint[];
  readonly taints: readonly EventSet[];
}

/** Where a run stands. */
class Run {
  pc = 0;
  insns = 0;
  invocation = 0;
  registers: bigint[];
  taints: EventSet[] = Array<EventSet>(NR_REGISTERS).fill(0n);
  ctrl: EventSet = 0n;
  events: MemoryEvent[] = [];
  frames: readonly Frame[] = [];
  stack = new PrivateStack();
  /** What the thread itself wrote last, by cell. */
  own = new Map<number, bigint>();
  /** The last read of a step, for dependencies that a repair adds. */
  lastRead = new Map<number, number>();
  /** Where jumps back have led since the last write: to come there again as before is to have waited. */
  turns = new Set<string>();

  constructor(registers: readonly bigint[]) {
    this.registers = [...registers];
  }

  copy(): Run {
    const copy: Run = Object.assign(Object.create(Run.prototype), this);
    copy.registers = [...this.registers];
    copy.taints = [...this.taints];
    copy.events = [...this.events];
    copy.stack = this.stack.copy();
    copy.own = new Map(this.own);
    copy.lastRead = new Map(this.lastRead);
    copy.turns = new Set(this.turns);
    return copy;
  }
}

/**
 * Lists the runs of a thread.
 *
 * @throws ModelRefusal where an instruction cannot be judged by a model of memory alone
 */
export function threadTraces(code: ThreadCode, memory: SharedMemory, options: TraceOptions): ThreadTraces {
  return new Tracer(code, memory, options).all();
}

class Tracer {
  readonly #traces: Trace[] = [];
  readonly #open: Run[] = [];
  #waits = false;
  #bound: string | undefined;

  constructor(readonly code: ThreadCode, readonly memory: SharedMemory, readonly options: TraceOptions) {}

  all(): ThreadTraces {
    this.#open.push(new Run(this.code.registers));
    const { limits } = this.options;
    for (let run; (run = this.#open.pop());) {
      this.#follow(run);
      if (this.#traces.length > limits.maxTraces) this.#bound ??= `${limits.maxTraces} runs of ${this.code.name}`;
      if (performance.now() > limits.until) this.#bound ??= "its time";
      if (this.#bound) break;
    }
    return { traces: this.#traces, waits: this.#waits, bound: this.#bound };
  }

  /** Goes on until the run ends, forks, or is dropped. */
  #follow(run: Run): void {
    const { steps } = this.code, { limits, invocations } = this.options;
    for (;;) {
      if (run.pc >= steps.length) {
        if (++run.invocation >= invocations) {
          this.#traces.push({ events: run.events, registers: run.registers });
          return;
        }
        // Nothing is promised of what lies between two runs: no dependency is carried from one into the next.
        run.pc = 0;
        run.registers = [...this.code.registers];
        run.taints.fill(0n);
        run.ctrl = 0n;
        run.stack = new PrivateStack();
        continue;
      }
      if (++run.insns > limits.maxInsns) {
        this.#bound ??= `${limits.maxInsns} instructions of one run of ${this.code.name}: a loop without end?`;
        return;
      }
      const step = steps[run.pc], { insn } = step;
      if (isMemoryAccess(insn)) {
        if (!this.#access(run, step)) return;
      } else if (isExit(insn)) leave(run, steps.length);
      else if (isBpfCall(insn)) enter(run, step);
      else if (isGoto(insn)) {
        if (!this.#jump(run, step.target!)) return;
      } else if (isJump(insn)) {
        const src = operand(run, step);
        run.ctrl |= run.taints[insn.dst] | src.taint;
        if (!isTaken(insn, run.registers[insn.dst], src.value)) run.pc++;
        else if (!this.#jump(run, step.target!)) return;
      } else if (isWide(insn) || classOf(insn) === BPF_CLASS.ALU || classOf(insn) === BPF_CLASS.ALU64) {
        this.#compute(run, step);
      } else throw new ModelRefusal(`${this.#at(step)}: the model does not know this instruction`);
    }
  }

  #at(step: Step): string {
    return `${this.code.name}${step.line === undefined ? "" : `, line ${step.line}`}: ${step.text}`;
  }

  #compute(run: Run, step: Step): void {
    const { insn } = step, src = operand(run, step), { dst } = insn;
    if (isWide(insn)) {
      run.registers[dst] = asRegister(step.constant!);
      run.taints[dst] = 0n;
      // The second slot of a wide instruction, where the code has it.
      run.pc += this.code.steps[run.pc + 1]?.insn.opcode === 0 ? 2 : 1;
      return;
    }
    const moves = (insn.opcode & 0xf0) === 0xb0;
    run.registers[dst] = compute(insn, run.registers[dst], src.value);
    run.taints[dst] = src.taint | (moves ? 0n : run.taints[dst]);
    run.pc++;
  }

  /** False where the run comes back to where it was, having only read: the same end is reached without the turn. */
  #jump(run: Run, target: number): boolean {
    if (target <= run.pc) {
      const { registers, frames, stack, invocation } = run;
      const key = `${target} ${invocation} ${frames.map(({ returnTo }) => returnTo)} ${registers} ${stack.key}`;
      if (run.turns.has(key)) {
        this.#waits = true;
        return false;
      }
      run.turns.add(key);
    }
    run.pc = target;
    return true;
  }

  /** False where the run does not go on here: it was dropped, or goes on as several. */
  #access(run: Run, step: Step): boolean {
    const { insn } = step, reads = isRead(insn), base = reads ? insn.src : insn.dst;
    const address = asRegister(run.registers[base] + BigInt(insn.off));
    if (PrivateStack.holds(address)) {
      this.#onStack(run, step, address);
      return true;
    }
    const region = this.memory.regionAt(address, step.bytes!), bytes = region?.elementBytes ?? step.bytes!;
    if (!region) {
      if (this.options.outside === "drop") return false;
      throw new ModelRefusal(`${this.#at(step)}: an access outside of the variables that the model knows`);
    }
    if (region.readonly) {
      run.registers[insn.dst] = extend(insn, bytes, readBytes(region.bytes, Number(address - region.base), bytes));
      run.taints[insn.dst] = run.taints[base];
      run.pc++;
      return true;
    }
    if (run.events.length >= this.options.limits.maxEvents) {
      this.#bound ??= `${this.options.limits.maxEvents} accesses of one run of ${this.code.name}`;
      return false;
    }
    if (bytes < step.bytes!) throw new ModelRefusal(`${this.#at(step)}: an access to several elements at once`);
    const cell = this.memory.cellAt(region, address, bytes), here = run.pc;
    const added = step.dependsOn === undefined ? undefined : run.lastRead.get(step.dependsOn);
    const extra = added === undefined ? 0n : 1n << BigInt(added);
    const { thread } = this.options, addr = run.taints[base];
    if (step.barrier) this.#barrier(run, here);
    const common = { thread, cell, addr, ctrl: run.ctrl, instance: run.insns, step: here };
    run.pc++;
    if (isAtomic(insn) && insn.imm !== BPF_ATOMIC.LOAD_ACQ && insn.imm !== BPF_ATOMIC.STORE_REL) {
      return this.#fork(run, cell, (next, read) => atomic(next, insn, 8 * bytes, { ...common, data: extra }, read));
    }
    const ordering: Ordering = !isAtomic(insn) ? "plain" : reads ? "acquire" : "release";
    if (reads) {
      return this.#fork(run, cell, (next, read) => {
        next.lastRead.set(here, next.events.length);
        next.registers[insn.dst] = extend(insn, bytes, read);
        next.taints[insn.dst] = 1n << BigInt(next.events.length);
        next.events.push({
          ...common,
          index: next.events.length,
          addr: addr | extra,
          read,
          ordering,
          atomic: false,
          data: 0n,
        });
      });
    }
    const { value, taint } = operand(run, step), written = BigInt.asUintN(8 * bytes, value);
    run.events.push({ ...common, index: run.events.length, written, ordering, atomic: false, data: taint | extra });
    wrote(run, cell, written);
    return true;
  }

  #barrier(run: Run, step: number): void {
    const { thread } = this.options, cell = this.memory.barrierCell(thread), index = run.events.length;
    const values = { read: 0n, written: 0n, addr: 0n, data: 0n, ctrl: run.ctrl };
    run.events.push({ ...values, thread, index, cell, ordering: "full", atomic: true, instance: run.insns++, step });
  }

  /** Goes on with every value that a read may see; the thread sees its own last one, or the initial one, or others'. */
  #fork(run: Run, cell: number, then: (run: Run, read: bigint) => void): boolean {
    const own = run.own.get(cell) ?? this.memory.cells[cell].initial;
    const values = [...new Set([own, ...this.options.valuesOf(cell)])];
    for (const value of values.slice(1)) {
      const other = run.copy();
      then(other, value);
      this.#open.push(other);
    }
    then(run, values[0]);
    return true;
  }

  #onStack(run: Run, step: Step, address: bigint): void {
    const { insn } = step, bytes = step.bytes!;
    if (isAtomic(insn)) throw new ModelRefusal(`${this.#at(step)}: an atomic on the program's own stack`);
    if (isRead(insn)) {
      const { value, taint } = run.stack.read(address, bytes);
      run.registers[insn.dst] = extend(insn, bytes, value);
      run.taints[insn.dst] = taint | run.taints[insn.src];
    } else {
      const { value, taint } = operand(run, step);
      run.stack.write(address, bytes, value, taint | run.taints[insn.dst]);
    }
    run.pc++;
  }
}

const isRead = (insn: Insn): boolean =>
  classOf(insn) === BPF_CLASS.LDX || (isAtomic(insn) && insn.imm === BPF_ATOMIC.LOAD_ACQ);

const extend = (insn: Insn, bytes: number, value: bigint): bigint =>
  modeOf(insn) === BPF_MODE.MEMSX ? asRegister(BigInt.asIntN(8 * bytes, value)) : value;

/** The source operand: a constant, an immediate, or a register with the reads that it depends on. */
function operand(run: Run, { insn, constant }: Step): { readonly value: bigint; readonly taint: EventSet } {
  if (constant !== undefined) return { value: asRegister(constant), taint: 0n };
  const kind = classOf(insn), immediate = kind === BPF_CLASS.ST || (kind !== BPF_CLASS.STX && !(insn.opcode & 0x08));
  if (immediate) return { value: asRegister(BigInt(insn.imm)), taint: 0n };
  return { value: run.registers[insn.src], taint: run.taints[insn.src] };
}

function wrote(run: Run, cell: number, value: bigint): void {
  run.own.set(cell, value);
  run.turns.clear();
}

type Common = Pick<MemoryEvent, "thread" | "cell" | "addr" | "data" | "ctrl" | "instance" | "step">;

/** An atomic read-modify-write that saw `read` (herd/BPFSem.ml, amo). */
function atomic(run: Run, insn: Insn, bits: number, common: Common, read: bigint): void {
  const index = run.events.length, self = 1n << BigInt(index);
  run.lastRead.set(common.step, index);
  const value = run.registers[insn.src], data = common.data | run.taints[insn.src];
  if (insn.imm !== BPF_ATOMIC.CMPXCHG) {
    const written = afterAtomic(insn, bits, read, value), gives = (insn.imm & BPF_ATOMIC.FETCH) !== 0;
    run.events.push({ ...common, index, data, read, written, ordering: gives ? "full" : "plain", atomic: true });
    wrote(run, common.cell, written);
    if (!gives) return;
    run.registers[insn.src] = read;
    run.taints[insn.src] = self;
    return;
  }
  if (read !== BigInt.asUintN(bits, run.registers[0])) {
    run.events.push({ ...common, index, data: 0n, read, ordering: "plain", atomic: true });
  } else {
    const written = BigInt.asUintN(bits, value);
    run.events.push({ ...common, index, data: 0n, read, ordering: "full", atomic: true, partner: index + 1 });
    run.events.push({
      ...common,
      index: index + 1,
      data: data | run.taints[0],
      written,
      ordering: "full",
      atomic: true,
    });
    wrote(run, common.cell, written);
  }
  run.registers[0] = read;
  run.taints[0] = self;
}

/** A call of a BPF function: it has r6 to r9 and a frame of its own. */
function enter(run: Run, step: Step): void {
  const kept = run.registers.slice(FIRST_KEPT, LAST_KEPT + 1), taints = run.taints.slice(FIRST_KEPT, LAST_KEPT + 1);
  run.frames = [...run.frames, { returnTo: run.pc + 1, kept, taints }];
  run.registers[FRAME_POINTER] += FRAME_BYTES;
  run.pc = step.target!;
}

function leave(run: Run, end: number): void {
  const frame = run.frames.at(-1);
  if (!frame) {
    run.pc = end;
    return;
  }
  run.frames = run.frames.slice(0, -1);
  run.registers.splice(FIRST_KEPT, frame.kept.length, ...frame.kept);
  run.taints.splice(FIRST_KEPT, frame.taints.length, ...frame.taints);
  run.registers[FRAME_POINTER] -= FRAME_BYTES;
  run.pc = frame.returnTo;
}

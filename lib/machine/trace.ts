/** Records the steps of a run as the trace shows them: who did what to which memory, at which C line. */
import { disassembleInsn } from "../isa/disassemble.ts";
import { isHelperCall } from "../isa/insn.ts";
import type { Actor, TraceStep } from "../report/result.ts";
import { imageLine, programAt } from "./image.ts";
import { TASK } from "../cpu/layout.ts";
import { LEVELS } from "../workload/contexts.ts";
import type { Machine } from "./machine.ts";
import type { Pending } from "./pending.ts";
import type { Width } from "../cpu/memory.ts";
import { cpuOfFlush, type StoreBuffers } from "../cpu/store_buffers.ts";
import { runsForUser, type Task } from "./task.ts";

/** Collects trace steps; `beforeStep` is what the run loops call. */
export class Tracer {
  readonly steps: TraceStep[] = [];
  #open: { step: Omit<TraceStep, "after">; addr: number; size: number } | undefined;
  /** For each CPU, the steps of the stores that wait in its store buffer. */
  readonly #waiting = new Map<number, number[]>();
  #flushed: number | undefined;
  #stores: { readonly cpu: number; readonly step: number; readonly waiting: number } | undefined;
  #printed = 0;
  #count = 0;

  /**
   * @param window which steps to keep, [from, to)
   */
  constructor(readonly machine: Machine, readonly window: { readonly from: number; readonly to: number }) {}

  /** @param alternative what the step takes of what the kernel leaves open */
  readonly beforeStep = (index: number, step = this.#count, alternative = 0): void => {
    this.#close();
    this.#count = step + 1;
    if (this.machine.buffers) this.#follow(index, step, this.machine.buffers);
    if (step < this.window.from || step >= this.window.to) return;
    const pending = this.machine.pending(index);
    this.#open = { step: this.#describe(step, index, pending, alternative), addr: pending.addr, size: pending.size };
  };

  /**
   * Records the step that a task is about to finish, where the cost model performed its operation: what memory held
   * before and after, and when that was.
   */
  record(index: number, known: Pick<TraceStep, "timeNs" | "before" | "after">): void {
    const step = this.#count++;
    if (step < this.window.from || step >= this.window.to) return;
    this.steps.push({ ...this.#describe(step, index, this.machine.pending(index)), ...known });
  }

  /** The trace, once the run has ended. */
  finish(): TraceStep[] {
    this.#close();
    return this.steps;
  }

  /** Notes which stores wait: the step that is about to be taken may add one or flush one. */
  #follow(index: number, step: number, buffers: StoreBuffers): void {
    if (index < 0) {
      this.#flushed = this.#waiting.get(cpuOfFlush(index))?.shift();
      return;
    }
    const { cpu } = this.machine.tasks[index];
    if (this.machine.pending(index).kind === "store") this.#stores = { cpu, step, waiting: buffers.count(cpu) };
  }

  #close(): void {
    const { machine } = this, stores = this.#stores, buffered = stores && this.#isBuffered(stores);
    if (stores && buffered) this.#waiting.set(stores.cpu, [...this.#waiting.get(stores.cpu) ?? [], stores.step]);
    this.#stores = undefined;
    if (this.#open) {
      const { step, addr, size } = this.#open;
      this.#open = undefined;
      const told = buffered ? { ...step, buffered } : step;
      this.steps.push(hasValue(step.kind) ? { ...told, after: this.#read(step, addr, size) } : told);
    }
    const now = this.#count - 1;
    for (; this.#printed < machine.printed.length; this.#printed++) {
      const { task, text } = machine.printed[this.#printed];
      if (now >= this.window.from && now < this.window.to) {
        const { cpu, program, user } = machine.tasks[task];
        this.steps.push({
          step: now,
          task,
          cpu,
          invocation: 0,
          actor: user === undefined ? "helper" : "user",
          user,
          prog: program?.name ?? "",
          kind: "print",
          insn: -1,
          text,
        });
      }
    }
  }

  #describe(step: number, index: number, pending: Pending, alternative = 0): Omit<TraceStep, "after"> {
    const { machine } = this;
    if (index < 0) return this.#describeFlush(step, index, pending);
    const task = machine.tasks[index], { image } = machine;
    const known = pending.insn >= 0 && (task.program !== undefined || runsForUser(task));
    const program = known ? programAt(image, pending.insn) : undefined;
    const line = known && pending.kind !== "start" ? imageLine(image, pending.insn) : undefined;
    const chosen = pending.op?.kind === "choose" && alternative > 0 ? pending.op.describe(alternative) : undefined;
    const label = chosen ?? (pending.op && "label" in pending.op ? pending.op.label : undefined);
    const model = task.models.at(-1), actor = actorOf(task, pending);
    const place = pending.addr ? machine.kernel.placeOf(pending.addr) : undefined;
    const touches = (pending.op && "touches" in pending.op ? pending.op.touches : undefined) ?? place?.touches;
    const skipped = pending.kind === "start" ? machine.skipReason(task) : undefined;
    const text = skipped
      ? `skipped: ${skipped}`
      : pending.kind === "start"
      ? `start of ${task.program?.name ?? task.name}`
      : pending.op
      ? `${model?.name ?? task.name}: ${doneBy(pending.kind, label)}`
      : disassembleInsn(image.insns[pending.insn]);
    return {
      step,
      task: index,
      cpu: task.cpu,
      invocation: task.kind === "user" ? 0 : machine.memory.getU32(task.record + TASK.invocation),
      actor,
      helper: actor === "helper" && pending.insn >= 0 && isHelperCall(image.insns[pending.insn])
        ? image.insns[pending.insn].imm
        : undefined,
      user: task.user,
      context: LEVELS[task.level],
      skipped,
      prog: (task.program ?? program)?.name ?? task.name,
      kind: skipped ? "skip" : shownKind(pending.kind),
      insn: program ? pending.insn - program.start : -1,
      text,
      line: line && { line: line.line, text: line.text },
      target: hasValue(pending.kind) ? place?.name ?? label : label,
      touches,
      object: touches === place?.touches ? place?.object : undefined,
      map: place?.map,
      addr: pending.addr || undefined,
      size: pending.size || undefined,
      before: hasValue(pending.kind) ? this.#read(task, pending.addr, pending.size) : undefined,
      ...(pending.kind === "load" && machine.buffers?.covers(task.cpu, pending.addr, pending.size)
        ? { buffered: true }
        : {}),
    };
  }

  /** A store of a CPU goes from its buffer to memory. */
  #describeFlush(step: number, index: number, { addr, size }: Pending): Omit<TraceStep, "after"> {
    const { machine } = this, cpu = cpuOfFlush(index), place = machine.kernel.placeOf(addr);
    return {
      step,
      task: index,
      cpu,
      invocation: 0,
      actor: "store_buffer",
      prog: "",
      kind: "flush",
      insn: -1,
      text: `store buffer of CPU ${cpu}`,
      target: place?.name,
      touches: place?.touches,
      object: place?.object,
      map: place?.map,
      addr,
      size,
      stored: this.#flushed,
      before: readAny(machine, addr, size),
    };
  }

  #isBuffered({ cpu, waiting }: { readonly cpu: number; readonly waiting: number }): boolean {
    return this.machine.buffers!.count(cpu) > waiting;
  }

  /** What the CPU of a step sees; a flush is seen by all. */
  #read({ kind, cpu }: { readonly kind: string; readonly cpu: number }, addr: number, size: number): bigint {
    const { buffers } = this.machine;
    return buffers && kind !== "flush" ? buffers.read(cpu, addr, size as Width) : readAny(this.machine, addr, size);
  }
}

/** Who takes a task's next step. */
function actorOf(task: Task, { kind, op }: Pending): Actor {
  if (task.context.defers && !runsForUser(task)) return "kernel";
  if (task.kind !== "user" || runsForUser(task)) return op ? "helper" : "program";
  return op && kind !== "sleep" && !("mapped" in op && op.mapped) ? "kernel" : "user";
}

const shownKind = (kind: Pending["kind"]): TraceStep["kind"] =>
  kind === "sleep" || kind === "work" ? "wait" : kind === "prog_run" ? "start" : kind;

/** Whether a step of this kind has a value in memory before and after it. */
const hasValue = (kind: string): boolean =>
  kind === "load" || kind === "store" || kind === "rmw" || kind === "await" ||
  kind === "flush";

function readAny(machine: Machine, addr: number, size: number): bigint {
  return machine.memory.read(addr, size as Width);
}

/** `load elem.key`; of the kernel's own bookkeeping, such as `rcu_read_lock`, the name alone: it is no instruction. */
function doneBy(kind: Pending["kind"], label: string | undefined): string {
  if (!label) return kind;
  return kind === "atomic" || kind === "choose" || kind === label ? label : `${kind} ${label}`;
}

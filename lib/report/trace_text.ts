/** What a step of a trace did, in words and numbers: shared by the witness table and the timeline. */
import type { TraceStep } from "./result.ts";
import { texts } from "./texts.ts";

/** The lowest first (workload/contexts.ts). */
const CONTEXTS: readonly TraceStep["context"][] = ["task", "softirq", "hardirq", "nmi"];

/** A lane of a trace: a flow of control on its CPU. */
export interface Lane {
  readonly task: number;
  readonly cpu: number;
  /** Where it runs: `CPU 0`, or the name of a user-space actor. */
  readonly place: string;
  readonly isUser: boolean;
  /** The same, with the program's name where a CPU runs several. */
  readonly name: string;
  /** The program, where the trace has more than one. */
  readonly prog?: string;
}

/** The lanes of a trace, by CPU and then by task; user-space actors last. */
export function lanesOf(steps: readonly TraceStep[]): Lane[] {
  const byTask = new Map<number, TraceStep>();
  for (const step of steps) if (!byTask.has(step.task)) byTask.set(step.task, step);
  const tasks = [...byTask.values()].sort((a, b) =>
    Number(isUser(a)) - Number(isUser(b)) || a.cpu - b.cpu || Number(isFlush(a)) - Number(isFlush(b)) ||
    a.task - b.task
  );
  const progs = new Set(tasks.filter((step) => !isUser(step) && !isFlush(step)).map(({ prog }) => prog));
  return tasks.map(({ task, cpu, prog, user }) => {
    if (task < 0) return { task, cpu, place: texts.buffer(cpu), isUser: false, name: texts.buffer(cpu) };
    if (user !== undefined) return { task, cpu, place: user || prog, isUser: true, name: user || prog };
    const alone = tasks.filter((other) => other.cpu === cpu && !isUser(other) && !isFlush(other)).length === 1;
    return {
      task,
      cpu,
      place: texts.cpu(cpu),
      isUser: false,
      name: alone ? texts.cpu(cpu) : `${texts.cpu(cpu)} ${prog}`,
      prog: progs.size > 1 ? prog : undefined,
    };
  });
}

/** A value in memory as a reader wants it: small ones in decimal, addresses and bit patterns in hexadecimal. */
export function formatValue(value: bigint): string {
  return value >= 1n << 40n ? `0x${value.toString(16)}` : String(value);
}

/** Whether a step's task is a user-space actor, in the kernel or out of it. */
export const isUser = (step: TraceStep): boolean => step.user !== undefined;

/** Whether the step moves a store from its CPU's store buffer to memory. */
export const isFlush = (step: TraceStep): boolean => step.kind === "flush";

/** Whether the step changed memory, or tried to. */
export const isWrite = (step: TraceStep): boolean =>
  step.kind === "store" || step.kind === "rmw" || step.kind === "flush" ||
  (step.kind === "await" && step.after !== step.before);

/**
 * What a step did to memory: `reads counter = 5`, `counter: 5 -> 6`.
 *
 * @param arrow what stands between the value before and after.
 */
export function describeStep(step: TraceStep, arrow = "->"): string {
  const target = step.target ?? (step.addr === undefined ? "" : `0x${step.addr.toString(16)}`);
  const value = (v: bigint | undefined) => (v === undefined ? "?" : formatValue(v));
  switch (step.kind) {
    case "flush":
      return texts.flushes(target, value(step.before), arrow, value(step.after));
    case "load":
      if (step.buffered) return texts.readsOwn(target, value(step.after ?? step.before));
      return texts.reads(target, value(step.after ?? step.before));
    case "rmw":
      if (step.after === step.before) return texts.stays(target, value(step.after));
      return `${target}: ${value(step.before)} ${arrow} ${value(step.after)}`;
    case "store":
      if (step.buffered) return texts.buffers(target, value(step.after));
      return `${target}: ${value(step.before)} ${arrow} ${value(step.after)}`;
    case "await":
      if (step.after !== step.before) return `${target}: ${value(step.before)} ${arrow} ${value(step.after)}`;
      return texts.reads(target, value(step.after));
    case "wait":
      return target === "" ? step.text : texts.waits(target);
    case "start":
      return texts.starts(step.prog);
    case "skip":
      return texts.skips(step.prog, step.skipped ?? "");
    case "exit":
      return texts.returns;
    case "print":
      return texts.prints(step.text);
    case "atomic":
    case "choose":
      return target === "" ? step.text : target;
    case "fault":
      return step.text;
  }
}

/** The C line as listings number it: `7: counter += 1;`. */
export const describeLine = (step: TraceStep): string => step.line ? `${step.line.line}: ${step.line.text.trim()}` : "";

/** The instruction with its index: `2: r2 = *(u32 *)(r1 +0)`; of a kernel model its label. */
export const describeInsn = (step: TraceStep): string =>
  step.kind === "print" || step.kind === "start" || step.kind === "skip" || step.kind === "flush"
    ? ""
    : step.insn >= 0 && !isModel(step)
    ? `${step.insn}: ${step.text}`
    : step.text;

/** Whether a step is one of a helper or of user space: its text is the model's, not an instruction. */
const isModel = (step: TraceStep): boolean => step.actor !== "program";

/**
 * Why each step belongs to another task than the step before it; `undefined` where it does not.
 *
 * @param steps the trace, as long as it is known: the reason lies in what the earlier task does next.
 */
export function switchReasons(steps: readonly TraceStep[]): (string | undefined)[] {
  const names = new Map(lanesOf(steps).map((lane) => [lane.task, lane.name]));
  // Where each task's next step lies, seen from behind.
  const nextOf = new Map<number, number>();
  const next = new Array<number | undefined>(steps.length);
  for (let i = steps.length - 1; i >= 0; i--) {
    next[i] = nextOf.get(steps[i].task);
    if (steps[i].kind !== "print") nextOf.set(steps[i].task, i);
  }
  let turn = -1;
  return steps.map((step, i) => {
    const last = turn;
    // A flush is no task's turn.
    if (isFlush(step)) return undefined;
    turn = i;
    const before = steps[last];
    if (before === undefined || before.task === step.task) return undefined;
    const lane = names.get(before.task)!;
    const goesOn = next[last];
    if (goesOn === undefined) return texts.switch.ended(lane);
    const later = steps[goesOn];
    if (later.invocation !== before.invocation) return texts.switch.between(lane);
    if (hadToWait(steps, i, goesOn)) return texts.switch.waits(lane, later.target ?? later.text);
    if (before.cpu === step.cpu && isAbove(step.context, before.context)) {
      return texts.switch.interrupt(lane, step.context);
    }
    return texts.switch.preempted(lane);
  });
}

/** Whether one context interrupts the other; where a trace does not say, what shares a CPU is taken for an interrupt. */
const isAbove = (one: TraceStep["context"], other: TraceStep["context"]): boolean =>
  one === undefined || other === undefined || CONTEXTS.indexOf(one) > CONTEXTS.indexOf(other);

/** Whether the step at `index` had to wait for one of the steps from `from` on. */
export function hadToWait(steps: readonly TraceStep[], from: number, index: number): boolean {
  const step = steps[index];
  if (step.kind === "wait") return true;
  if (step.kind !== "await") return false;
  return steps.slice(from, index).some((other) =>
    other.addr === step.addr && other.task !== step.task && isWrite(other)
  );
}

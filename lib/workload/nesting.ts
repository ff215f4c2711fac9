/** Refuses what cannot happen on a CPU: a program in a context that it never runs in, and an interrupt that never strikes. */
import { WorkloadError } from "../cpu/workload_error.ts";
import type { Program } from "../object/bpf_object.ts";
import { contextsOf, type InterruptKind, type Level, levelOf, LEVELS, type RunContext } from "./contexts.ts";

/** A task, as far as nesting goes. */
export interface NestingTask {
  readonly program?: Program;
  readonly cpu: number;
  readonly context: RunContext;
}

const NAMES: Readonly<Record<InterruptKind, string>> = {
  hardirq: "a hardirq",
  softirq: "a softirq",
  nmi: "an NMI",
  preemption: "a task that preempts",
};
const CONTEXT_NAMES: Readonly<Record<Level, string>> = {
  task: "process context",
  softirq: "softirq context (bottom halves off)",
  hardirq: "hardirq context",
  nmi: "NMI context",
};

const named = ({ name, section }: Program): string => `${name} (${section})`;

/** @throws WorkloadError when a program's hooks are never in the context of such an interrupt */
export function checkKind(program: Program, kind: InterruptKind, preempt: "none" | "full"): void {
  const { what, runsIn, source } = contextsOf(program.section);
  if (!runsIn.includes(levelOf(kind))) {
    const where = runsIn.map((level) => CONTEXT_NAMES[level]).join(" and ");
    throw new WorkloadError(
      `interrupt ${named(program)} as ${NAMES[kind]}: ${what} programs run in ${where} only (${source}); ` +
        `${runsIn.includes("task") && kind !== "preemption" ? 'kind: "preemption"' : kindsOf(runsIn)} is possible`,
    );
  }
  if (kind === "preemption" && preempt !== "full") {
    throw new WorkloadError(
      `interrupt ${
        named(program)
      }: a task takes the CPU from another one in the middle of its run only on a kernel that ` +
        'preempts: say preempt: "full", or list it under programs, where tasks take turns between runs',
    );
  }
}

const kindsOf = (levels: readonly Level[]): string =>
  levels.map((level) => `kind: "${level === "task" ? "preemption" : level}"`).join(" or ");

/**
 * @param beside the other tasks of its CPU
 * @throws WorkloadError when nothing there lets such an interrupt in, with the reason
 */
export function checkStrikes(interrupt: NestingTask, kind: InterruptKind, beside: readonly NestingTask[]): void {
  if (beside.length === 0 || beside.some((other) => canStrike(interrupt.context, other.context))) return;
  const reasons = beside.map(({ program, context }) => `${program ? named(program) : "it"} ${whyNot(context, kind)}`);
  throw new WorkloadError(
    `interrupt ${named(interrupt.program!)} can never come in between on CPU ${interrupt.cpu}: ` +
      `${[...new Set(reasons)].join("; ")}. ${whatToDo(kind)}`,
  );
}

/** Whether a run in one context can come in between the steps of a run in the other. */
export function canStrike(inner: RunContext, outer: RunContext): boolean {
  const above = LEVELS.indexOf(inner.level) - LEVELS.indexOf(outer.level);
  return above > 0 || (above === 0 && inner.level === "task" && outer.preemptible);
}

function whyNot({ level }: RunContext, kind: InterruptKind): string {
  if (kind !== "preemption") {
    return `runs in ${CONTEXT_NAMES[level]}, which ${NAMES[kind]} does not interrupt`;
  }
  return level === "task"
    ? "runs with preemption disabled, so it cannot be preempted"
    : `runs in ${CONTEXT_NAMES[level]}, where no task preempts it`;
}

const whatToDo = (kind: InterruptKind): string =>
  kind === "preemption"
    ? 'An fentry, cgroup or syscall program can be preempted; an interrupt (kind: "hardirq") strikes the others'
    : "List it under programs, where runs take turns, or let a higher context strike: softirq < hardirq < nmi";

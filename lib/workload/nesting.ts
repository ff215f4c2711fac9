/** Who may come between whom on a CPU; what cannot be is refused by name, or remarked upon. */
import { WorkloadError } from "../cpu/workload_error.ts";
import type { Program } from "../object/bpf_object.ts";
import { contextsOf, type InterruptKind, type Level, LEVELS, type RunContext } from "./contexts.ts";

/** A task, as far as nesting goes. */
export interface NestingTask {
  readonly program?: Program;
  readonly cpu: number;
  readonly context: RunContext;
}

export type Preempt = "none" | "full";

const KIND_NAMES: Readonly<Record<InterruptKind, string>> = {
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
const rank = (level: Level): number => LEVELS.indexOf(level);

/** Whether another thread can take the CPU from such a run: of softirqs, on PREEMPT_RT. */
const canBePreempted = ({ level, preemptible }: RunContext, preempt: Preempt): boolean =>
  preempt === "full" && preemptible && rank(level) <= rank("softirq");

/** Whether a run in one context can come in between the steps of a run in the other, on one CPU. */
function canStrike(inner: RunContext, outer: RunContext, preempt: Preempt): boolean {
  return rank(inner.level) > rank(outer.level) ||
    (rank(inner.level) <= rank("softirq") && canBePreempted(outer, preempt));
}

/** @throws WorkloadError when a program's hooks are never in the context of such an interrupt */
export function checkKind(program: Program, kind: InterruptKind, preempt: Preempt): void {
  const { what, runsIn, source } = contextsOf(program.section);
  const threads = runsIn.filter((level) => rank(level) <= rank("softirq"));
  if (kind === "preemption" ? threads.length === 0 : !runsIn.includes(kind)) {
    const where = runsIn.map((level) => CONTEXT_NAMES[level]).join(" and ");
    const kinds = runsIn.map((level) => `kind: "${level === "task" ? "preemption" : level}"`).join(" or ");
    throw new WorkloadError(
      `interrupt ${named(program)} as ${KIND_NAMES[kind]}: ${what} programs run in ${where} only (${source}); ` +
        `${kinds} is possible`,
    );
  }
  if (kind === "preemption" && preempt !== "full") {
    throw new WorkloadError(
      `interrupt ${
        named(program)
      }: ${what} programs come in between only in a task that preempts, and this kernel does not ` +
        'preempt: say preempt: "full", or list it under programs, where tasks take turns between runs',
    );
  }
}

/**
 * Why an interrupt never comes in between what runs on its CPU; undefined where it can.
 *
 * @param beside the other tasks of its CPU
 */
export function whyItNeverStrikes(
  { context }: NestingTask,
  kind: InterruptKind,
  beside: readonly NestingTask[],
  preempt: Preempt,
): string | undefined {
  if (beside.length === 0 || beside.some((other) => canStrike(context, other.context, preempt))) return undefined;
  const reasons = beside.map((other) =>
    `${other.program ? named(other.program) : "user space"} ${whyNot(other.context, kind)}`
  );
  return [...new Set(reasons)].join("; ");
}

function whyNot({ level }: RunContext, kind: InterruptKind): string {
  if (kind === "preemption" && level === "task") {
    return "runs with preemption disabled, so no other task takes the CPU from it";
  }
  return `runs in ${CONTEXT_NAMES[level]}, which ${KIND_NAMES[kind]} does not interrupt`;
}

/** @throws WorkloadError for an interrupt of a kind that the workload names, and that strikes nothing there */
export function refuseStrike(program: Program, kind: InterruptKind, cpu: number, why: string): never {
  const instead = kind === "preemption"
    ? 'use an fentry, LSM, cgroup or syscall program in its place, or an interrupt: kind: "hardirq"'
    : "list it under programs, where runs take turns, or let a higher context strike: softirq < hardirq < nmi";
  throw new WorkloadError(
    `interrupt ${named(program)} as ${KIND_NAMES[kind]} never comes in between on CPU ${cpu}: ${why}; ${instead}`,
  );
}

/** The lowest kind of interrupt that comes in between all that runs on a CPU. */
export function kindAbove(beside: readonly NestingTask[]): "hardirq" | "nmi" {
  return beside.every(({ context }) => rank(context.level) < rank("hardirq")) ? "hardirq" : "nmi";
}

/** What a report says where a workload that names no kind asks for what 6.18 does not do, and is run as it asks. */
export const assumed = (program: Program, cpu: number, why: string): string =>
  `${
    named(program)
  } strikes CPU ${cpu} because the workload says so; on Linux 6.18 no interrupt runs it there: ${why}. ` +
  "Only what a run sets off itself nests so (bpf_clone_redirect, for one).";

/** What a report says of `preempt: "full"`: where it changes nothing, and where it stands for PREEMPT_RT. */
export function preemptRemarks(tasks: readonly NestingTask[], preempt: Preempt): string[] {
  if (preempt !== "full") return [];
  const threads = tasks.filter(({ context }) => rank(context.level) <= rank("softirq"));
  const shared = threads.filter(({ cpu }) => threads.filter((other) => other.cpu === cpu).length > 1);
  const fixed = shared.filter(({ program, context }) => program && !context.preemptible);
  const softirqs = shared.filter(({ context }) => context.level === "softirq");
  const names = (of: readonly NestingTask[]) => [...new Set(of.map(({ program }) => named(program!)))].join(", ");
  return [
    ...(fixed.length > 0
      ? [`Preemption is disabled while ${names(fixed)} runs: no other task takes the CPU from it.`]
      : []),
    ...(softirqs.length > 0
      ? [
        `${
          names(softirqs)
        }: other tasks take the CPU from it on PREEMPT_RT kernels only, which run softirqs in threads.`,
      ]
      : []),
  ];
}

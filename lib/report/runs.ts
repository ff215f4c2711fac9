/** How often what runs, in words: `1,000 runs on each`, or each program's own number where they differ. */
import { t } from "../words/translation.ts";

/** A task, as far as its number of runs goes. */
export interface Running {
  readonly kind: "process" | "interrupt" | "user" | "timer" | "work";
  readonly cpu: number;
  readonly program?: { readonly name: string };
  readonly invocations: number;
  readonly interrupt?: "hardirq" | "softirq" | "nmi" | "preemption";
}

/** Tasks named one by one before they are summed up by program. */
const MOST_NAMED = 4;

const thousands = (count: number): string => count.toLocaleString("en-US");
const runsText = (count: number): string => count === 1 ? t`${count} run` : t`${thousands(count)} runs`;

/** So many interrupts of a kind. */
function interruptsText(count: number, kind: NonNullable<Running["interrupt"]>): string {
  const many = thousands(count);
  switch (kind) {
    case "hardirq":
      return count === 1 ? t`${many} interrupt` : t`${many} interrupts`;
    case "softirq":
      return count === 1 ? t`${many} softirq` : t`${many} softirqs`;
    case "nmi":
      return count === 1 ? t`${many} NMI` : t`${many} NMIs`;
    case "preemption":
      return count === 1 ? t`${many} preemption` : t`${many} preemptions`;
  }
}

/** Of all tasks of a machine; user space is not counted. */
export function runsOf(tasks: readonly Running[]): string {
  const processes = tasks.filter((task) => task.kind === "process");
  const interrupts = tasks.filter((task) => task.kind === "interrupt").map((task) =>
    t`${interruptsText(task.invocations, task.interrupt ?? "hardirq")} (${task.program?.name}) on CPU ${task.cpu}`
  );
  return [...processRuns(processes), ...interrupts].join(t`, `) || t`no program`;
}

function processRuns(processes: readonly Running[]): string[] {
  if (processes.length === 0) return [];
  const counts = new Set(processes.map((task) => task.invocations));
  if (counts.size === 1) return [t`${runsText(processes[0].invocations)} on each`];
  if (processes.length <= MOST_NAMED) {
    return processes.map((task) => t`${runsText(task.invocations)} of ${task.program?.name} on CPU ${task.cpu}`);
  }
  const programs = new Map<string, Set<number>>();
  for (const { program, invocations } of processes) {
    const name = program?.name ?? "";
    programs.set(name, (programs.get(name) ?? new Set()).add(invocations));
  }
  return [...programs].map(([name, of]) => t`${[...of].map(runsText).join(t` or `)} of ${name}`);
}

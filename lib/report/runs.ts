/** How often what runs, in words: `1,000 runs on each`, or each program's own number where they differ. */

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

const NOUNS = { hardirq: "interrupt", softirq: "softirq", nmi: "NMI", preemption: "preemption" } as const;

const counted = (count: number, noun: string): string =>
  `${count.toLocaleString("en-US")} ${noun}${count === 1 ? "" : "s"}`;

/** Of all tasks of a machine; user space is not counted. */
export function runsOf(tasks: readonly Running[]): string {
  const processes = tasks.filter((task) => task.kind === "process");
  const interrupts = tasks.filter((task) => task.kind === "interrupt").map((task) =>
    `${counted(task.invocations, NOUNS[task.interrupt ?? "hardirq"])} (${task.program?.name}) on CPU ${task.cpu}`
  );
  return [...processRuns(processes), ...interrupts].join(", ") || "no program";
}

function processRuns(processes: readonly Running[]): string[] {
  if (processes.length === 0) return [];
  const counts = new Set(processes.map((task) => task.invocations));
  if (counts.size === 1) return [`${counted(processes[0].invocations, "run")} on each`];
  if (processes.length <= MOST_NAMED) {
    return processes.map((task) => `${counted(task.invocations, "run")} of ${task.program?.name} on CPU ${task.cpu}`);
  }
  const programs = new Map<string, Set<number>>();
  for (const { program, invocations } of processes) {
    const name = program?.name ?? "";
    programs.set(name, (programs.get(name) ?? new Set()).add(invocations));
  }
  return [...programs].map(([name, of]) => `${[...of].map((count) => counted(count, "run")).join(" or ")} of ${name}`);
}

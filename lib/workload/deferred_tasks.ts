/** The tasks that run callbacks of timers and work queues, where programs start any: two on each CPU. */
import { isHelperCall } from "../isa/insn.ts";
import type { Program } from "../object/bpf_object.ts";
import { BPF_FUNC } from "../uapi/helpers.ts";
import type { Plan, PlannedTask } from "./plan.ts";

/** Hrtimers run their callbacks in the softirq of timers, work queues in a thread that may sleep. */
export function deferredTasks(programs: readonly Program[], nrCpus: number): PlannedTask[] {
  const startsTimers = programs.some(({ insns }) =>
    insns.some((insn) => isHelperCall(insn) && insn.imm === BPF_FUNC.timer_start)
  );
  const startsWork = programs.some(({ relocations }) =>
    relocations.some((one) => one.kind === "extern" && one.name === "bpf_wq_start")
  );
  const each = <T>(make: (cpu: number) => T): T[] => Array.from({ length: nrCpus }, (_, cpu) => make(cpu));
  const timers = each((cpu): PlannedTask => ({
    kind: "timer",
    name: `timers on cpu${cpu}`,
    cpu,
    invocations: 0,
    sleepable: false,
    context: { level: "softirq", preemptible: false },
    after: [],
  }));
  const workers = each((cpu): PlannedTask => ({
    kind: "work",
    name: `kworker on cpu${cpu}`,
    cpu,
    invocations: 0,
    sleepable: true,
    context: { level: "task", preemptible: true },
    after: [],
  }));
  return [...(startsTimers ? timers : []), ...(startsWork ? workers : [])];
}

export const isDeferred = ({ kind }: Pick<PlannedTask, "kind">): boolean => kind === "timer" || kind === "work";

/** The same workload for machines that run callbacks by themselves. */
export const withoutDeferred = (plan: Plan): Plan =>
  plan.tasks.some(isDeferred) ? { ...plan, tasks: plan.tasks.filter((task) => !isDeferred(task)) } : plan;

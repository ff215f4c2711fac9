/** A CPU's own value, and programs that can come in between on that CPU. */
import { contextsOf, type InterruptKind } from "../workload/contexts.ts";
import type { Program } from "../object/bpf_object.ts";
import { type AccessTable, type FollowedProgram, PER_CPU_MAPS, type TableAccess } from "./access_table.ts";
import { type Candidate, candidate, type Repair, siteOf } from "./finding.ts";
import { atomicUpdate, callsAround } from "./repairs.ts";
import { readModifyWrites } from "./update_rules.ts";
import { t, translated } from "../words/translation.ts";

/**
 * How one program can come in the middle of another one on a CPU; undefined where that is not sure. Tracing programs
 * stand for hooks in any context, so that of two of them nothing follows.
 */
export function nesting(under: Program, over: Program): InterruptKind | undefined {
  const below = contextsOf(under.section), above = contextsOf(over.section);
  // kernel/trace/bpf_trace.c:trace_call_bpf; kernel/bpf/trampoline.c:__bpf_prog_enter_recur
  if (below.guard === "bpf_prog_active" && above.guard === "bpf_prog_active") return undefined;
  if (under === over && below.guard) return undefined;
  if (above.base === "nmi" && below.base !== "nmi") return "nmi";
  if (above.base === "softirq" && below.base === "task") return "softirq";
  // Trampolines, uprobes, LSM, cgroup and syscall programs run with preemption on.
  if (below.preemptible && below.base === "task" && above.preemptible && above.base === "task") return "preemption";
  return undefined;
}

const WHERE: Readonly<Record<InterruptKind, string>> = translated({
  nmi: "an NMI",
  hardirq: "an interrupt",
  softirq: "a softirq",
  preemption: "another task, on a kernel that preempts,",
});

export function perCpuReentries({ programs }: AccessTable): Candidate[] {
  return programs.flatMap((under) =>
    windowsOf(under).flatMap(({ from, to }) =>
      programs.flatMap((over) => {
        const how = nesting(under.program, over.program);
        const write = how &&
          over.accesses.find((one) => one.map === to.map && overlaps(to, one) && one.writes && one.kind !== "atomic");
        if (!how || !write) return [];
        const reason = t`${to.field} is this CPU's own, but ${
          WHERE[how]
        } can run ${over.program.name} on it between the two lines: what one of them wrote is overwritten`;
        return [
          candidate("per-cpu-reentry", to, [
            siteOf(from, from.writes ? t`writes` : t`reads`),
            siteOf(to, to.writes ? t`writes back` : t`reads what it wrote`),
            ...(over === under ? [] : [siteOf(write, t`writes in between`)]),
          ], { reason, repair: heldOff(how, from, to) }),
        ];
      })
    ).slice(0, 1)
  );
}

/** A helper reads a value as a whole, a program field by field. */
const overlaps = (a: TableAccess, b: TableAccess): boolean =>
  a.offset < b.offset + b.size + b.spread && b.offset < a.offset + a.size + a.spread;

/** Where a program relies on its CPU's value from one instruction to another one. */
function windowsOf(program: FollowedProgram): { from: TableAccess; to: TableAccess }[] {
  const isPerCpu = ({ map }: TableAccess) => PER_CPU_MAPS.includes(map.type);
  const changes = readModifyWrites(program).filter(({ store }) => isPerCpu(store))
    .map(({ load, store }) => ({ from: load, to: store }));
  const scratch = program.accesses.filter((one) => isPerCpu(one) && one.writes && one.kind !== "atomic")
    .flatMap((from) => {
      const to = program.accesses.find((one) =>
        one.map === from.map && overlaps(from, one) && one.reads && !one.writes && one.insn > from.insn
      );
      return to ? [{ from, to }] : [];
    });
  // From the first line that writes on: what is held off has to be held off from there.
  const line = ({ from }: { from: TableAccess }) => from.line?.line ?? 0;
  return [...changes, ...scratch.sort((a, b) => line(a) - line(b))];
}

/** One atomic addition where that is all; else what comes in between is held off, which an NMI is not. */
function heldOff(how: InterruptKind, from: TableAccess, to: TableAccess): Repair[] | undefined {
  const isChange = to.kind === "store", added = isChange ? atomicUpdate(to) : undefined;
  if (added || how === "nmi") return added;
  return callsAround(
    from.line,
    to.line,
    how === "preemption"
      ? ["bpf_preempt_disable();", "bpf_preempt_enable();"]
      : ["unsigned long flags;\nbpf_local_irq_save(&flags);", "bpf_local_irq_restore(&flags);"],
  );
}

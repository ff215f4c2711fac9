/** What holds a result together: a line for each thing that a run or a search took as given. */
import { isHelperCall } from "../isa/insn.ts";
import { BPF_FUNC } from "../uapi/helpers.ts";
import { BPF_MAP_TYPE } from "../uapi/map_types.ts";
import type { MapDef } from "../object/bpf_object.ts";
import { packetsInWords } from "./packets.ts";
import type { Plan, PlannedTask } from "./plan.ts";
import { t } from "../words/translation.ts";

/** The line about the memory model, which stands in a phrase (workload/memory_model.ts). */
export const memoryLine = (memory: string): string => t`memory: ${memory}`;

/** What is no part of a plan. */
export interface Given {
  /** The memory model, in a phrase. Default: what the plan says. */
  readonly memory?: string;
  /** What became of the things that the kernel leaves open (hash seeds, time, random numbers), a line for each. */
  readonly open: readonly string[];
  /** Helpers of the reader's own, by kernel name. */
  readonly models?: Readonly<Record<string, unknown>>;
  /** Programs whose contexts are drawn by the seed, and which: `seed 1`. */
  readonly drawn?: { readonly by: string; readonly programs: ReadonlySet<string> };
  /** Of a real machine: what else runs on its CPUs, and when, is not the workload's to say. */
  readonly othersRun?: boolean;
  /** Where a search stopped, or was to stop. */
  readonly bounds?: string;
}

/** The conditions of a result, each a line `what: how`. */
export function conditionsOf(
  plan: Plan,
  { memory = plan.memory.text, open, models = {}, drawn, othersRun = false, bounds }: Given,
): string[] {
  const own = Object.keys(models);
  return [
    memoryLine(memory),
    ...open,
    t`contexts: ${contexts(plan, othersRun)}`,
    ...callbacks(plan),
    ...inputs(plan, drawn),
    ...(own.length > 0
      ? [
        own.length === 1
          ? t`helpers: ${own[0]} as the reader models it`
          : t`helpers: ${own.join(", ")} as the reader models them`,
      ]
      : []),
    ...(plan.workload.verify === false ? [t`verifier: not asked`] : []),
    ...(bounds === undefined ? [] : [t`bounds: ${bounds}`]),
  ];
}

/** How a machine sets the seeds of its hash maps, its clock and its random numbers. */
export interface Fixed {
  readonly hash: string;
  readonly time: string;
  readonly random: string;
}

const HASHED: readonly number[] = [
  BPF_MAP_TYPE.HASH,
  BPF_MAP_TYPE.PERCPU_HASH,
  BPF_MAP_TYPE.LRU_HASH,
  BPF_MAP_TYPE.LRU_PERCPU_HASH,
  BPF_MAP_TYPE.LRU_PERCPU_HASH,
  BPF_MAP_TYPE.HASH_OF_MAPS,
];
const CLOCKS: readonly number[] = [
  BPF_FUNC.ktime_get_ns,
  BPF_FUNC.ktime_get_boot_ns,
  BPF_FUNC.ktime_get_coarse_ns,
  BPF_FUNC.ktime_get_tai_ns,
  BPF_FUNC.jiffies64,
];

/**
 * The lines about what the kernel leaves open, for a machine that fixes them; nothing where the workload asks for none.
 *
 * @param fixed how the machine sets them
 */
export function fixedChoices(plan: Plan, fixed: Fixed): string[] {
  const calls = new Set(
    plan.programs.flatMap(({ insns }) => insns.filter(isHelperCall).map(({ imm }) => imm)),
  );
  const hashed = usedMaps(plan).filter(({ type }) => HASHED.includes(type)).map(({ name }) => name);
  return [
    ...(hashed.length > 0 ? [t`hash seed: ${fixed.hash} (which keys of ${hashed.join(", ")} share a bucket)`] : []),
    ...(CLOCKS.some((id) => calls.has(id)) ? [t`time: ${fixed.time}`] : []),
    ...(calls.has(BPF_FUNC.get_prandom_u32) ? [t`random numbers: ${fixed.random}`] : []),
  ];
}

/** The maps that programs name; all of them where user space takes part, or a map holds others. */
function usedMaps({ object: { maps }, programs, tasks, workload }: Plan): readonly MapDef[] {
  const named = new Set(
    programs.flatMap(({ relocations }) => relocations.flatMap((one) => "map" in one ? [one.map] : [])),
  );
  const open = workload.prepare !== undefined || tasks.some(({ kind }) => kind === "user") ||
    maps.some(({ inner }) => inner);
  return open ? maps : maps.filter((_, index) => named.has(index));
}

/** Who may run where, and inside whom. */
function contexts({ tasks, workload, sharesCpus }: Plan, othersRun: boolean): string {
  const of = (kind: PlannedTask["kind"]) => tasks.filter((task) => task.kind === kind);
  const processes = new Map<string, number[]>();
  for (const { prog = "", cpu } of of("process")) processes.set(prog, [...(processes.get(prog) ?? []), cpu]);
  const together = new Map<string, string[]>();
  for (const [prog, cpus] of processes) together.set(cpuList(cpus), [...(together.get(cpuList(cpus)) ?? []), prog]);
  const running = [...together].map(([cpus, progs]) => t`${progs.join(", ")} on ${cpus}`);
  const interrupts = of("interrupt").map(({ prog, cpu, invocations }) =>
    invocations === 1
      ? t`${prog} as an interrupt on CPU ${cpu}`
      : t`${prog} as an interrupt on CPU ${cpu}, ${invocations} times`
  );
  const users = of("user").map(({ user }) => t`user space (${user})`);
  const nesting = interrupts.length > 0 ? interrupts.join(t`, `) : t`no interrupts`;
  const who = [...running, ...users].join(t`, `);
  if (othersRun) return who + t`; beside what else the computer runs`;
  const preempt = workload.preempt === "full"
    ? t`runs of one CPU may preempt each other`
    : sharesCpus
    ? t`no run preempts another of its CPU`
    : t`nothing else runs on these CPUs`;
  return t`${who}; ${nesting}; ${preempt}`;
}

/** When what programs start by timers and work queues runs. */
function callbacks({ tasks, workload }: Plan): string[] {
  const kinds = (["timer", "work"] as const).filter((kind) => tasks.some((task) => task.kind === kind));
  if (kinds.length === 0) return [];
  const what = kinds.map((kind) => kind === "timer" ? t`timers` : t`work queues`).join(t` and `);
  const most = workload.limits?.rearms,
    often = most === undefined ? "" : t`, ${most} times in a row by themselves at most`;
  return [t`callbacks: ${what} run them on the CPU that starts them${often}`];
}

function cpuList(cpus: readonly number[]): string {
  const sorted = [...new Set(cpus)].sort((a, b) => a - b), last = sorted.length - 1;
  if (sorted.length === 1) return t`CPU ${sorted[0]}`;
  const consecutive = sorted[last] - sorted[0] === last;
  return consecutive && last > 1 ? t`CPUs ${sorted[0]} to ${sorted[last]}` : t`CPUs ${sorted.join(", ")}`;
}

/** Which packets programs are handed: as many as the longest of their tasks has runs. */
function packetLines(tasks: readonly PlannedTask[]): string[] {
  const handed = new Map<readonly Uint8Array[], { progs: Set<string>; runs: number }>();
  for (const { packets, prog = "", invocations } of tasks) {
    if (!packets) continue;
    const known = handed.get(packets) ?? { progs: new Set(), runs: 0 };
    handed.set(packets, { progs: known.progs.add(prog), runs: Math.max(known.runs, invocations) });
  }
  const byWords = new Map<string, string[]>();
  for (const [packets, { progs, runs }] of handed) {
    const names = packetsInWords(packets, runs) ?? t`${Math.min(packets.length, runs)} as given`;
    const words = packets.length > 1 && runs > 1 ? t`${names}, in turn` : names;
    byWords.set(words, [...byWords.get(words) ?? [], ...progs]);
  }
  return [...byWords].map(([words, progs]) => t`packets: ${words}, for ${progs.join(", ")}`);
}

/** What programs are given: their contexts, and the state that they find. */
function inputs({ tasks, workload, filled }: Plan, drawn: Given["drawn"]): string[] {
  const progs = (
    given: boolean,
  ) => [
    ...new Set(
      tasks.filter((task) => task.prog !== undefined && (task.ctx !== undefined) === given && (given || !task.packets))
        .map(({ prog }) => prog),
    ),
  ];
  const isDrawn = (prog = "") => drawn?.programs.has(prog) === true;
  const given = progs(true), zero = progs(false).filter((prog) => !isDrawn(prog)), from = progs(false).filter(isDrawn);
  const parts = [
    ...(from.length > 0 ? [t`drawn by ${drawn!.by} for each run of ${from.join(", ")}`] : []),
    ...(zero.length > 0 ? [given.length + from.length > 0 ? t`all zero for ${zero.join(", ")}` : t`all zero`] : []),
    ...(given.length > 0 ? [t`the bytes given for ${given.join(", ")}, zero beyond`] : []),
  ];
  return [
    ...(parts.length > 0 ? [t`ctx: ${parts.join("; ")}`] : []),
    ...packetLines(tasks),
    filled
      ? t`start: as the object has them, but for maps that programs look things up in and none writes: user space is taken to have filled ${
        filled.join(", ")
      }, drawn by the seed (\`prepare\`, --prepare FILE, fills them otherwise)`
      : workload.prepare
      ? t`start: maps as \`prepare\` leaves them`
      : t`start: maps and global variables as the object has them`,
  ];
}

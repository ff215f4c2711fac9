/**
 * What a finished search covered of what the kernel leaves open, in words: the seeds of hash maps, random numbers, time,
 * who the current process is. One line each, and only where a program asks.
 */
import type { OpenCall } from "../machine/open_values.ts";
import type { Machine } from "../machine/machine.ts";
import type { HashLayouts } from "../maps/hash_layouts.ts";
import { warningText } from "../verifier/verdict_text.ts";
import { t } from "../words/translation.ts";

/** What is said of a search's open choices. */
export interface OpenConditions {
  /** One line each. */
  readonly lines: readonly string[];
  /** Whether every way in which the kernel may decide was covered, or cannot be told from one that was. */
  readonly complete: boolean;
}

const layoutsText = (n: number): string => n === 1 ? t`${n} layout` : t`${n} layouts`;

function where(calls: readonly OpenCall[]): string {
  const lines = [...new Set(calls.flatMap(({ line }) => line ? [line.line] : []))].sort((a, b) => a - b);
  return lines.length === 0 ? "" : lines.length === 1 ? t` (C line ${lines[0]})` : t` (C lines ${lines.join(", ")})`;
}

function randomNumbers(calls: readonly OpenCall[]): string[] {
  const shown = calls.filter(({ complete }) => complete), others = calls.filter(({ complete }) => !complete);
  const most = (of: readonly OpenCall[]) => Math.max(...of.map(({ values }) => values.length));
  return [
    ...(shown.length > 0
      ? [t`random numbers: every value that the program can tell apart${where(shown)}: ${most(shown)} at most`]
      : []),
    ...(others.length > 0
      ? [
        most(others) === 1
          ? t`random numbers: ${most(others)} representative value${where(others)}, others not tried`
          : t`random numbers: ${most(others)} representative values${where(others)}, others not tried`,
      ]
      : []),
  ];
}

function time(calls: readonly OpenCall[]): string[] {
  if (calls.length === 0) return [];
  const steps = [...new Set(calls.flatMap(({ values }) => values))].sort((a, b) => a < b ? -1 : 1);
  if (steps.length === 1) return [t`time: stands still${where(calls)}: what the clock says is compared with nothing`];
  return [
    t`time: each reading is ${steps.join(", ")} ns after the one before it${where(calls)}; other times not tried`,
  ];
}

/** @param hashSeeds what the seeds were drawn from in the searches that came to their end */
function hashSeed(layouts: HashLayouts, hashSeeds: readonly number[]): { line?: string; complete: boolean } {
  if (layouts.names.length === 0) return { complete: true };
  const { mattering } = layouts;
  if (mattering.length === 0) {
    return { line: t`hash seed: any; nothing that ran shows which keys share a bucket`, complete: true };
  }
  const realised = layouts.realised(hashSeeds), all = layouts.layouts, maps = mattering.join(", ");
  if (all === 1n) {
    return { line: t`hash seed: any; the keys of ${maps} have one bucket`, complete: true };
  }
  if (BigInt(realised) >= all) {
    return {
      line: t`hash seed: any; all ${layoutsText(realised)} of the keys of ${maps} were tried`,
      complete: true,
    };
  }
  const line = t`hash seed: ${layoutsText(realised)} of the keys of ${maps} tried, of ${all.toLocaleString("en")}`;
  return { line, complete: false };
}

function undefinedStack({ plan }: Machine): string[] {
  return plan.warnings.map((warning) => t`undefined bytes: two patterns tried (${warningText(warning)})`);
}

/** What stands behind pointers is one way in which a kernel may stand. */
function drawnObjects({ contexts }: Machine): string[] {
  return [
    ...(contexts.objects ? [t`kernel objects: their fields drawn by the seed; other values not tried`] : []),
  ];
}

/** A timer is due at any moment, but for one that was started before it on its CPU and for no longer. */
function timers({ plan, kernel: { async } }: Machine, leftAny: boolean): string[] {
  if (!async) return [];
  const kinds = plan.tasks.some(({ kind }) => kind === "timer")
    ? [t`timers: each is due at any moment after its start`]
    : [];
  const left = async.rearms === 1
    ? t`callbacks that callbacks start again: ${async.rearms} time in a row, later ones left waiting`
    : t`callbacks that callbacks start again: ${async.rearms} times in a row, later ones left waiting`;
  return [...kinds, ...leftAny ? [left] : []];
}

const STACK_HELPERS = ["bpf_get_func_ip", "bpf_get_stackid", "bpf_get_stack", "bpf_get_task_stack"] as const;
const CGROUP_HELPERS = [
  "bpf_get_current_cgroup_id",
  "bpf_get_current_ancestor_cgroup_id",
  "bpf_current_task_under_cgroup",
] as const;
const PID_HELPERS = ["bpf_get_current_pid_tgid", "bpf_get_current_comm", "bpf_get_ns_current_pid_tgid"] as const;
const TASK_HELPERS = ["bpf_get_current_uid_gid", "bpf_get_numa_node_id"] as const;

/**
 * @param machine one of the search's
 * @param layouts what the search noted of hash maps
 * @param hashSeeds what the seeds were drawn from in the searches that came to their end
 * @param leftAny whether callbacks were left waiting, because others started them too often in a row
 */
export function openConditions(
  machine: Machine,
  layouts: HashLayouts,
  hashSeeds: readonly number[],
  leftAny: boolean,
): OpenConditions {
  const { open, image } = machine, random = open.randomCalls, clocks = open.clockCalls;
  const seeds = hashSeed(layouts, hashSeeds), [uids, nodes] = TASK_HELPERS.map((name) => open.calls(name));
  const [pids, cgroups, stacks] = [PID_HELPERS, CGROUP_HELPERS, STACK_HELPERS].map((names) =>
    names.some((name) => open.calls(name))
  );
  const lines = [
    ...(seeds.line === undefined ? [] : [seeds.line]),
    ...randomNumbers(random),
    ...time(clocks),
    ...undefinedStack(machine),
    ...(pids ? [t`processes: each task is one of its own, pids from 1000 on; other numbers not tried`] : []),
    ...(uids ? [t`users: all tasks are root's (uid 0, gid 0); others not tried`] : []),
    ...(cgroups ? [t`cgroups: all tasks are in the root cgroup (id 1); others not tried`] : []),
    ...drawnObjects(machine),
    ...timers(machine, leftAny),
    ...(stacks ? [t`stack traces, addresses of code: drawn by the seed; others not tried`] : []),
    ...(image.hasTimedLoops ? [t`may_goto: loops go on; the kernel ends them after a quarter of a second`] : []),
    ...(nodes ? [t`NUMA: all CPUs belong to node 0; others not tried`] : []),
  ];
  const complete = seeds.complete && !pids && !uids && !nodes && !cgroups && !stacks && !machine.contexts.objects &&
    clocks.length === 0 && !machine.readsUndefinedStack && !leftAny && !image.hasTimedLoops &&
    random.every((call) => call.complete);
  return { lines, complete };
}

/** The memory that a plan's machine needs, from its size on. */
import { kernelSize } from "../bpf_helpers/kernel.ts";
import type { KernelObjects } from "../bpf_helpers/kernel_objects.ts";
import { CACHE_LINE_BYTES, layoutFor } from "../cpu/layout.ts";
import { Memory } from "../cpu/memory.ts";
import { BUFFER } from "../cpu/store_buffers.ts";
import type { OwnObjectsPlan } from "../maps/own_objects.ts";
import { coverageBytes } from "../translate/translate_coverage.ts";
import { isDeferred } from "../workload/deferred_tasks.ts";
import type { Plan } from "../workload/plan.ts";
import { contextBytes, TASK_REGIONS } from "./task_memory.ts";

/** Regions beside those of the kernel and of tasks. */
const OTHER_REGIONS = 8;

/** What objects of the programs' own are laid out by. */
export const ownObjectsPlan = ({ programs, object, tasks }: Plan): OwnObjectsPlan => ({
  programs,
  btf: object.btf,
  nrTasks: tasks.length,
  mostRuns: Math.max(1, ...tasks.map(({ invocations }) => invocations)),
});

/** Whether tasks of a plan run callbacks of timers and work queues. */
export const defersCallbacks = ({ tasks }: Plan): boolean => tasks.some(isDeferred);

/**
 * Makes it, empty.
 *
 * @param objects of the kernel, where a program asks for any: nothing changes them, so that they stand behind the marks of
 * what ran, and are no part of a state either
 * @param buffered whether there are store buffers in it
 * @returns and the address where the objects go
 */
export function machineMemory(
  plan: Plan,
  objects: KernelObjects | undefined,
  buffered: boolean,
): { readonly memory: Memory; readonly objectsAt: number } {
  const { object: { maps, programs }, allCpus, tasks } = plan;
  const own = ownObjectsPlan(plan), runsCallbacks = defersCallbacks(plan);
  const size = kernelSize(maps, allCpus, { tasks: tasks.length, programs, runsCallbacks, own });
  const regions = size.regions + TASK_REGIONS * tasks.length + OTHER_REGIONS;
  const layout = layoutFor(allCpus, tasks.length, regions, buffered ? BUFFER.bytes : 0);
  const insns = plan.programs.reduce((sum, program) => sum + program.insns.length, 0);
  const marks = Math.ceil(coverageBytes(insns) / CACHE_LINE_BYTES) * CACHE_LINE_BYTES;
  const heapBytes = size.heapBytes + tasks.length * contextBytes(plan);
  const memory = new Memory(layout, heapBytes, false, marks + (objects?.bytes ?? 0));
  return { memory, objectsAt: memory.coverage + marks };
}

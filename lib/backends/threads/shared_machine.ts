/** The memory, kernel and tasks of a workload, laid out the same in every thread that shares them. */
import { HELPERS } from "../../bpf_helpers/helper_table.ts";
import { Kernel, kernelSize } from "../../bpf_helpers/kernel.ts";
import { type Image, type ImageProgram, linkImage } from "../../machine/image.ts";
import { layoutFor } from "../../cpu/layout.ts";
import { Memory } from "../../cpu/memory.ts";
import type { TaskContext } from "../../cpu/operation.ts";
import type { Plan } from "../../workload/plan.ts";
import { contextBytes, CTX_BYTES, TASK_REGIONS, type TaskMemory, taskMemory } from "../../machine/task_memory.ts";

/** One thread's task. */
export interface ThreadTask extends TaskMemory {
  readonly program: ImageProgram;
  readonly context: TaskContext;
}

export class SharedMachine {
  readonly memory: Memory;
  readonly kernel: Kernel;
  readonly image: Image;
  readonly tasks: readonly ThreadTask[];
  /** A word of shared memory that guards what the simulator does in one indivisible step. */
  readonly atomicLock: number;

  /**
   * @param existing in all threads but the first: the first one's memory. Everything is put at the same addresses, and
   *   initial contents are written once more; no thread may be running yet.
   */
  constructor(readonly plan: Plan, existing?: WebAssembly.Memory) {
    const { object, programs, tasks, nrCpus } = plan;
    const size = kernelSize(object.maps, nrCpus);
    const layout = layoutFor(nrCpus, tasks.length, size.regions + TASK_REGIONS * tasks.length + 8);
    const heapBytes = size.heapBytes + tasks.length * contextBytes(plan) + 2 * CTX_BYTES;
    this.memory = new Memory(layout, heapBytes, existing ?? true);
    this.kernel = new Kernel(this.memory, object, HELPERS, { nrCpus, seed: 1, nowNs: () => performance.now() * 1e6 });
    this.image = linkImage(object, programs, this.kernel);
    this.tasks = tasks.map((task, index) => {
      const program = this.image.programs.find((program) => program.name === task.prog)!;
      const inMemory = taskMemory(this.memory, task, index, contextBytes(plan)), { ctx } = inMemory;
      const context = { task: index, cpu: task.cpu, nrCpus, memory: this.memory, ctx, from: "program" } as const;
      return { ...inMemory, program, context };
    });
    this.atomicLock = this.memory.allocate(4);
  }
}

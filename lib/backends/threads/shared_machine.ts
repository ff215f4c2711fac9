/** The memory, kernel and tasks of a workload, laid out the same in every thread that shares them. */
import { Kernel, kernelSize } from "../../bpf_helpers/kernel.ts";
import { type Image, type ImageProgram, linkImage } from "../../cpu/image.ts";
import { layoutFor, REGION_FLAG, STACK_BYTES, STACK_FRAME_BYTES, TASK } from "../../cpu/layout.ts";
import { Memory } from "../../cpu/memory.ts";
import type { TaskContext } from "../../cpu/operation.ts";
import { planTasks, type TaskPlan } from "../../cpu/plan.ts";
import type { BpfObject } from "../../object/bpf_object.ts";
import type { Workload } from "../workload.ts";

/** Bytes of a program's context; all zero where the workload does not say. */
const CTX_BYTES = 256;
const PRIVATE = REGION_FLAG.read | REGION_FLAG.write;

/** One thread's task. */
export interface ThreadTask {
  readonly program: ImageProgram;
  /** Linear address of its TASK record. */
  readonly record: number;
  readonly ctx: bigint;
  readonly stackTop: bigint;
  readonly context: TaskContext;
}

export class SharedMachine {
  readonly plan: TaskPlan;
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
  constructor(object: BpfObject, workload: Workload, existing?: WebAssembly.Memory) {
    this.plan = planTasks(object, workload);
    const { tasks, nrCpus } = this.plan;
    const size = kernelSize(object.maps, nrCpus);
    const layout = layoutFor(nrCpus, tasks.length, size.regions + 2 * tasks.length + 8);
    const heapBytes = size.heapBytes + (tasks.length + 2) * CTX_BYTES;
    this.memory = new Memory(layout, heapBytes, existing ?? true);
    this.kernel = new Kernel(this.memory, object, { nrCpus, seed: 1, nowNs: () => performance.now() * 1e6 });
    this.image = linkImage(object, this.plan.programs, this.kernel);
    this.tasks = tasks.map((task, index) => {
      const stack = layout.stacks + index * STACK_BYTES, ctxAddr = this.memory.allocate(CTX_BYTES);
      const stackRegion = this.memory.addRegion(stack, STACK_BYTES, PRIVATE, "the stack");
      const ctxRegion = this.memory.addRegion(ctxAddr, CTX_BYTES, PRIVATE, "the context");
      if (task.ctx) this.memory.writeBytes(ctxAddr, task.ctx.subarray(0, CTX_BYTES));
      const record = layout.tasks + index * TASK.bytes;
      this.memory.setU32(record + TASK.cpu, task.cpu);
      return {
        program: this.image.programs.find((program) => program.name === task.prog)!,
        record,
        ctx: this.memory.pointer(ctxRegion, ctxAddr),
        stackTop: this.memory.pointer(stackRegion, stack + STACK_FRAME_BYTES),
        context: { task: index, cpu: task.cpu, nrCpus, memory: this.memory, from: "program" },
      };
    });
    this.atomicLock = this.memory.allocate(4);
  }
}

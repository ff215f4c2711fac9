/** One thread of the Linux backend: pins itself to a CPU and makes BPF_PROG_RUN calls from a common start line. */
import { serve } from "../../host/crew.ts";
import type { ThreadRun } from "../measure.ts";
import { type Started, startTogether } from "../start_line.ts";
import { nowNs, onCpuNs, pinTo, undisturbed } from "../thread_control.ts";
import { libbpf } from "./libbpf.ts";
import { endTask, type PlaceInOrder, waitToBegin } from "./task_order.ts";
import { PreparedTestRun, type TestRun } from "./test_run.ts";

/** What one thread is to do in a run. */
export interface Job {
  readonly run: TestRun;
  /** How many calls of BPF_PROG_RUN. */
  readonly calls: number;
  /** The CPU to run on. */
  readonly cpu: number;
}

/** Asks a thread for one run. */
export interface RunRequest extends Job {
  /** Threads at the start line, and its memory. */
  readonly threads: number;
  readonly startLine: Int32Array;
  /** Whether no other thread at the start line needs this CPU. */
  readonly alone: boolean;
  /** Where its task stands among the others, which it may have to wait for; nothing where none waits. */
  readonly place?: PlaceInOrder;
}

/** What a thread answers. */
export interface RunReply extends ThreadRun, Started {
  /** 0 or a negative errno of the first call that failed. */
  readonly errno: number;
}

function perform({ run, calls, cpu, threads, startLine, alone, place }: RunRequest): RunReply {
  if (!pinTo(cpu)) throw new Error(`this process may not run on CPU ${cpu}`);
  libbpf();
  const prepared = new PreparedTestRun(run);
  const work = (): RunReply => {
    if (!startTogether(startLine, threads, alone)) {
      return { started: false, startNs: 0, endNs: 0, onCpuNs: 0, errno: 0, returned: 0n };
    }
    if (place) waitToBegin(place);
    const before = onCpuNs(), startNs = nowNs();
    let errno = 0;
    for (let call = 0; call < calls && errno === 0; call++) errno = prepared.call();
    const endNs = nowNs();
    if (place) endTask(place.order, place.task);
    return { started: true, startNs, endNs, onCpuNs: onCpuNs() - before, errno, returned: BigInt(prepared.returned) };
  };
  return alone ? undisturbed(work) : work();
}

serve(perform);

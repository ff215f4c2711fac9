/** One thread of the Linux backend: pins itself to a CPU and makes BPF_PROG_RUN calls from a common start line. */
import { serve } from "../crew.ts";
import type { ThreadRun } from "../measure.ts";
import { type Started, startTogether } from "../start_line.ts";
import { libbpf, libc } from "./libbpf.ts";
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
  /** Whether to keep other processes off the CPU during the run (SCHED_FIFO, this thread only). */
  readonly undisturbed: boolean;
}

/** What a thread answers. */
export interface RunReply extends ThreadRun, Started {
  /** 0 or a negative errno of the first call that failed. */
  readonly errno: number;
}

const CLOCK_MONOTONIC = 1, CLOCK_THREAD_CPUTIME_ID = 3;
const SCHED_OTHER = 0, SCHED_FIFO = 1;
const CPU_SET_BYTES = 128;

const time = new Uint8Array(16);
const timeView = new DataView(time.buffer);

function clock(id: number): number {
  libc().clock_gettime(id, time);
  return Number(timeView.getBigInt64(0, true)) * 1e9 + Number(timeView.getBigInt64(8, true));
}

function pinTo(cpu: number): void {
  const mask = new Uint8Array(CPU_SET_BYTES);
  mask[cpu >> 3] = 1 << (cpu & 7);
  if (libc().sched_setaffinity(0, BigInt(CPU_SET_BYTES), mask) !== 0) {
    throw new Error(`this process may not run on CPU ${cpu}`);
  }
}

/** Not allowed everywhere; then runs that were disturbed are recognised by their CPU time and thrown away. */
function schedule(policy: number): void {
  libc().sched_setscheduler(0, policy, new Uint8Array(new Int32Array([policy === SCHED_FIFO ? 1 : 0]).buffer));
}

function perform({ run, calls, cpu, threads, startLine, undisturbed }: RunRequest): RunReply {
  pinTo(cpu);
  libbpf();
  const prepared = new PreparedTestRun(run);
  if (undisturbed) schedule(SCHED_FIFO);
  try {
    if (!startTogether(startLine, threads, undisturbed)) {
      return { started: false, startNs: 0, endNs: 0, onCpuNs: 0, errno: 0, returned: 0n };
    }
    const onCpu = clock(CLOCK_THREAD_CPUTIME_ID), startNs = clock(CLOCK_MONOTONIC);
    let errno = 0;
    for (let call = 0; call < calls && errno === 0; call++) errno = prepared.call();
    const endNs = clock(CLOCK_MONOTONIC), onCpuNs = clock(CLOCK_THREAD_CPUTIME_ID) - onCpu;
    return { started: true, startNs, endNs, onCpuNs, errno, returned: BigInt(prepared.returned) };
  } finally {
    if (undisturbed) schedule(SCHED_OTHER);
  }
}

serve(perform);

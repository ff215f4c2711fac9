/// <reference lib="deno.worker" />
/** One thread of the Linux backend: pins itself to a CPU and makes BPF_PROG_RUN calls from a common start line. */
import { startTogether } from "../start_line.ts";
import { libbpf, libc } from "./libbpf.ts";
import { PreparedTestRun, type TestRun } from "./test_run.ts";

/** Asks a thread for one run. */
export interface RunRequest {
  readonly run: TestRun;
  /** How many calls of BPF_PROG_RUN. */
  readonly calls: number;
  /** The CPU to run on. */
  readonly cpu: number;
  /** Threads at the start line, and its memory. */
  readonly threads: number;
  readonly startLine: Int32Array;
  /** Whether to keep other processes off the CPU during the run (SCHED_FIFO, this thread only). */
  readonly undisturbed: boolean;
}

/** What a thread answers. */
export interface RunReply {
  readonly started: boolean;
  readonly startNs: number;
  readonly endNs: number;
  readonly onCpuNs: number;
  /** 0 or a negative errno of the first call that failed. */
  readonly errno: number;
  readonly returned: number;
}

const START_TIMEOUT_MS = 100;
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

function perform(request: RunRequest): RunReply {
  pinTo(request.cpu);
  libbpf();
  const prepared = new PreparedTestRun(request.run);
  if (request.undisturbed) schedule(SCHED_FIFO);
  try {
    if (!startTogether(request.startLine, request.threads, START_TIMEOUT_MS, request.undisturbed)) {
      return { started: false, startNs: 0, endNs: 0, onCpuNs: 0, errno: 0, returned: 0 };
    }
    const onCpu = clock(CLOCK_THREAD_CPUTIME_ID), startNs = clock(CLOCK_MONOTONIC);
    let errno = 0;
    for (let call = 0; call < request.calls && errno === 0; call++) errno = prepared.call();
    const endNs = clock(CLOCK_MONOTONIC), onCpuNs = clock(CLOCK_THREAD_CPUTIME_ID) - onCpu;
    return { started: true, startNs, endNs, onCpuNs, errno, returned: prepared.returned };
  } finally {
    if (request.undisturbed) schedule(SCHED_OTHER);
  }
}

self.onmessage = (event: MessageEvent<RunRequest>) => {
  try {
    self.postMessage(perform(event.data));
  } catch (error) {
    self.postMessage({ error: error instanceof Error ? error.message : String(error) });
  }
};

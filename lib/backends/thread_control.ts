/**
 * What a measuring thread asks of the operating system: a CPU of its own, not to be disturbed, the time. By the C
 * library where Deno may call it (Linux, --allow-ffi); elsewhere threads run where they are put, and time is Deno's.
 */
import { cpuTimeUs, parallelism } from "../host/environment.ts";

const LIBC = {
  sched_setaffinity: { parameters: ["i32", "usize", "buffer"], result: "i32" },
  sched_getaffinity: { parameters: ["i32", "usize", "buffer"], result: "i32" },
  sched_setscheduler: { parameters: ["i32", "i32", "buffer"], result: "i32" },
  clock_gettime: { parameters: ["i32", "buffer"], result: "i32" },
} as const satisfies Deno.ForeignLibraryInterface;
type Libc = Deno.DynamicLibrary<typeof LIBC>["symbols"];

const CLOCK_MONOTONIC = 1, CLOCK_THREAD_CPUTIME_ID = 3;
const SCHED_OTHER = 0, SCHED_FIFO = 1;
const CPU_SET_BYTES = 128;
const CALLING_THREAD = 0;

let opened: Libc | null | undefined;

function libc(): Libc | null {
  if (opened !== undefined) return opened;
  try {
    const allowed = Deno.build.os === "linux" && Deno.permissions.querySync({ name: "ffi" }).state === "granted";
    opened = allowed ? Deno.dlopen("libc.so.6", LIBC).symbols : null;
  } catch {
    opened = null;
  }
  return opened;
}

/** Numbers of the CPUs that this process may run on, in rising order. */
export function allowedCpus(): number[] {
  const mask = new Uint8Array(CPU_SET_BYTES);
  if (libc()?.sched_getaffinity(CALLING_THREAD, BigInt(CPU_SET_BYTES), mask) === undefined || mask.every((b) => !b)) {
    return Array.from({ length: parallelism() }, (_, cpu) => cpu);
  }
  return Array.from({ length: CPU_SET_BYTES * 8 }, (_, cpu) => cpu).filter((cpu) => mask[cpu >> 3] & (1 << (cpu & 7)));
}

/** Keeps the calling thread on one CPU. False where that is not possible. */
export function pinTo(cpu: number): boolean {
  const mask = new Uint8Array(CPU_SET_BYTES);
  mask[cpu >> 3] = 1 << (cpu & 7);
  return libc()?.sched_setaffinity(CALLING_THREAD, BigInt(CPU_SET_BYTES), mask) === 0;
}

/** Runs `work` with the calling thread kept away from some CPUs, where there are others. */
export function awayFrom<T>(cpus: readonly number[], work: () => T): T {
  const before = new Uint8Array(CPU_SET_BYTES), mask = new Uint8Array(CPU_SET_BYTES);
  const others = allowedCpus().filter((cpu) => !cpus.includes(cpu));
  const got = libc()?.sched_getaffinity(CALLING_THREAD, BigInt(CPU_SET_BYTES), before);
  if (got === undefined || got < 0 || others.length === 0) return work();
  for (const cpu of others) mask[cpu >> 3] |= 1 << (cpu & 7);
  libc()?.sched_setaffinity(CALLING_THREAD, BigInt(CPU_SET_BYTES), mask);
  try {
    return work();
  } finally {
    libc()?.sched_setaffinity(CALLING_THREAD, BigInt(CPU_SET_BYTES), before);
  }
}

/**
 * Runs `work` while the calling thread, and no other, goes before all ordinary processes on its CPU (SCHED_FIFO).
 * Where that is not permitted, runs that were disturbed are recognised by their CPU time.
 */
export function undisturbed<T>(work: () => T): T {
  const priority = (value: number) => new Uint8Array(new Int32Array([value]).buffer);
  if (libc()?.sched_setscheduler(CALLING_THREAD, SCHED_FIFO, priority(1)) !== 0) return work();
  try {
    return work();
  } finally {
    libc()?.sched_setscheduler(CALLING_THREAD, SCHED_OTHER, priority(0));
  }
}

const time = new Uint8Array(16);
const timeView = new DataView(time.buffer);

function clock(id: number): number | undefined {
  if (libc()?.clock_gettime(id, time) !== 0) return undefined;
  return Number(timeView.getBigInt64(0, true)) * 1e9 + Number(timeView.getBigInt64(8, true));
}

/** Nanoseconds on a clock that all threads of this computer share. */
export const nowNs = (): number => clock(CLOCK_MONOTONIC) ?? (performance.timeOrigin + performance.now()) * 1e6;

/** Nanoseconds that the calling thread has been on a CPU. */
export function onCpuNs(): number {
  const ns = clock(CLOCK_THREAD_CPUTIME_ID);
  return ns ?? cpuTimeUs() * 1000;
}

/** The CPUs that this process may run on. */
import { libc } from "./libbpf.ts";

const CPU_SET_BYTES = 128;

/** CPU numbers in rising order. */
export function allowedCpus(): number[] {
  const mask = new Uint8Array(CPU_SET_BYTES);
  libc().sched_getaffinity(0, BigInt(CPU_SET_BYTES), mask);
  return Array.from({ length: CPU_SET_BYTES * 8 }, (_, cpu) => cpu).filter((cpu) => mask[cpu >> 3] & (1 << (cpu & 7)));
}

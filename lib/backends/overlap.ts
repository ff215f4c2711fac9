/** Whether threads really ran at the same time, and how long they took. */

/** One thread's share of a run. Times in nanoseconds on a clock that all threads share. */
export interface ThreadTime {
  readonly startNs: number;
  readonly endNs: number;
  /** Time that the thread was really on a CPU in between; less than the window when it was preempted. */
  readonly onCpuNs?: number;
}

/** Runs with less overlap are thrown away: what they lost is not what the machine loses. */
export const LEAST_OVERLAP = 0.7;

/**
 * The share of a run in which every thread was running: the time between the last start and the first end, against
 * the time between the first start and the last end, times the share that the most disturbed thread was on a CPU.
 *
 * @returns 0 (one after another, or no thread at all) to 1
 */
export function overlapOf(threads: readonly ThreadTime[]): number {
  if (threads.length === 0) return 0;
  const together = Math.min(...threads.map((t) => t.endNs)) - Math.max(...threads.map((t) => t.startNs));
  const whole = Math.max(...threads.map((t) => t.endNs)) - Math.min(...threads.map((t) => t.startNs));
  const onCpu = Math.min(
    ...threads.map((t) => Math.min(1, (t.onCpuNs ?? t.endNs - t.startNs) / (t.endNs - t.startNs))),
  );
  return whole <= 0 ? 0 : Math.max(0, together / whole) * onCpu;
}

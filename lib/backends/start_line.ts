/**
 * A start line for threads: nobody runs before everybody is there. Works on shared memory alone, so that the last
 * thread starts within nanoseconds of the first.
 */

/** Words of a start line in shared memory: how many have arrived, and what came of it. */
export const START_LINE_WORDS = 2;
const ARRIVED = 0, STATE = 1;
const WAITING = 0, GO = 1, CANCELLED = 2;

/** Makes a start line ready for the next run; called while no thread stands at it. */
export function resetStartLine(words: Int32Array): void {
  Atomics.store(words, ARRIVED, 0);
  Atomics.store(words, STATE, WAITING);
}

/**
 * Waits, spinning, until `threads` threads have arrived.
 *
 * @param timeoutMs after so long the run is called off for everybody: a thread is missing, or gets no CPU
 * @returns whether to run
 */
export function startTogether(words: Int32Array, threads: number, timeoutMs: number): boolean {
  if (Atomics.add(words, ARRIVED, 1) + 1 === threads) Atomics.compareExchange(words, STATE, WAITING, GO);
  const deadline = performance.now() + timeoutMs;
  for (let turns = 1; Atomics.load(words, STATE) === WAITING; turns++) {
    if (turns % 1024 === 0 && performance.now() > deadline) {
      Atomics.compareExchange(words, STATE, WAITING, CANCELLED);
    }
  }
  return Atomics.load(words, STATE) === GO;
}

/** Whether the run has begun; for a thread that only looks on. */
export const hasStarted = (words: Int32Array): boolean => Atomics.load(words, STATE) === GO;

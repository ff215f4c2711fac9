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
 * Waits until `threads` threads have arrived.
 *
 * @param timeoutMs after so long the run is called off for everybody: a thread is missing, or gets no CPU
 * @param spin whether to keep the CPU while waiting; not when another of the threads needs it
 * @returns whether to run
 */
export function startTogether(words: Int32Array, threads: number, timeoutMs: number, spin: boolean): boolean {
  if (Atomics.add(words, ARRIVED, 1) + 1 === threads) settle(words, GO);
  const deadline = performance.now() + timeoutMs;
  for (let turns = 1; Atomics.load(words, STATE) === WAITING; turns++) {
    if (!spin) Atomics.wait(words, STATE, WAITING, timeoutMs);
    if ((!spin || turns % 1024 === 0) && performance.now() > deadline) settle(words, CANCELLED);
  }
  return Atomics.load(words, STATE) === GO;
}

function settle(words: Int32Array, state: number): void {
  Atomics.compareExchange(words, STATE, WAITING, state);
  Atomics.notify(words, STATE);
}

/** Whether the run has begun; for a thread that only looks on. */
export const hasStarted = (words: Int32Array): boolean => Atomics.load(words, STATE) === GO;

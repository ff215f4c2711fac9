/**
 * A start line for threads: no thread runs before all are there. Works on shared memory alone, so that the last
 * thread starts within nanoseconds of the first.
 */
import { BackendError } from "../host/backend_error.ts";

const ARRIVED = 0, STATE = 1;
const WAITING = 0, GO = 1, CANCELLED = 2;
/** How often a run is tried whose threads do not all get to the start line in time. */
const ATTEMPTS = 20;
/** After so long a run is called off for all threads: a thread is missing, or gets no CPU. */
const TIMEOUT_MS = 100;
/** A new thread first loads its code. */
const ARRIVAL_MS = 10_000;

/** The memory of a start line. */
export const newStartLine = (): Int32Array => new Int32Array(new SharedArrayBuffer(8));

/** What a thread says of a run: whether it started at all. */
export interface Started {
  readonly started: boolean;
}

/**
 * Runs something on several threads, again while not all of them get to the start line in time.
 *
 * @param begin asks every thread to run from the start line
 * @throws BackendError when they never come together
 */
export async function runFromStartLine<Reply extends Started>(
  line: Int32Array,
  begin: () => readonly Promise<Reply>[],
): Promise<readonly Reply[]> {
  for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
    Atomics.store(line, ARRIVED, 0);
    Atomics.store(line, STATE, WAITING);
    const replies = await Promise.all(begin());
    if (replies.every((reply) => reply.started)) return replies;
  }
  throw new BackendError(
    "the threads did not get a CPU each at the same time: other programs keep this computer busy; try again",
  );
}

/**
 * Waits, as one of the threads, until all of them have arrived.
 *
 * @param spin whether to keep the CPU while waiting; not when another of the threads needs it
 * @returns whether to run
 */
export function startTogether(line: Int32Array, threads: number, spin: boolean): boolean {
  if (Atomics.add(line, ARRIVED, 1) + 1 === threads) settle(line, GO);
  const deadline = performance.now() + TIMEOUT_MS;
  for (let turns = 1; Atomics.load(line, STATE) === WAITING; turns++) {
    if (!spin) Atomics.wait(line, STATE, WAITING, TIMEOUT_MS);
    if ((!spin || turns % 1024 === 0) && performance.now() > deadline) settle(line, CANCELLED);
  }
  return Atomics.load(line, STATE) === GO;
}

function settle(line: Int32Array, state: number): void {
  Atomics.compareExchange(line, STATE, WAITING, state);
  Atomics.notify(line, STATE);
}

/**
 * Waits, as a thread that is not counted, until the run begins; false when it is called off.
 *
 * @throws BackendError when the threads do not even arrive
 */
export function waitForStart(line: Int32Array): boolean {
  const deadline = performance.now() + ARRIVAL_MS;
  while (Atomics.load(line, STATE) === WAITING) {
    if (performance.now() > deadline) throw new BackendError("the threads of a run did not come to the start line");
  }
  return Atomics.load(line, STATE) === GO;
}

/** What a real machine adds to a result: how often it was repeated, and how far the repeats agree. */
import type { Result, Values } from "../report/result.ts";
import type { Spread } from "./spread.ts";

export interface Measured extends Result {
  /** Shared state before the run. */
  readonly initial: Values;
  /** Runs that count, and those thrown away because the threads hardly overlapped. */
  readonly repeats: number;
  readonly discarded: number;
  /** How much of a run all threads ran at once, 0 to 1, over the repeats that count. */
  readonly overlap: Spread;
  /** The lost fraction, 0 to 1, over the repeats; `lost` is its median and `final` belongs to that repeat. */
  readonly lostSpread: Spread;
  /** Nanoseconds per invocation over the repeats; `nsPerOp` is its median. */
  readonly nsSpread: Spread;
}

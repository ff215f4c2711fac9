/** Median and range of a few repeated measurements. */
import type { Spread } from "./recorded/recorded.ts";

export type { Spread };

/**
 * Median (the lower one of an even number, so that it is one of the measurements), least and greatest.
 *
 * @throws RangeError without measurements
 */
export function spreadOf(values: readonly number[]): Spread {
  if (values.length === 0) throw new RangeError("no measurement to take the median of");
  const sorted = [...values].sort((a, b) => a - b);
  return { median: sorted[(sorted.length - 1) >> 1], min: sorted[0], max: sorted[sorted.length - 1] };
}

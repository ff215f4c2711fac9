/** How far counters fall short. */
import type { Values } from "./result.ts";

/**
 * The share of increments that are gone: (serial - final) / (serial - initial), summed over every number that grows
 * when the invocations run one after another. 0 where nothing grows.
 */
export function lostFraction(initial: Values, serial: Values, final: Values): number {
  let expected = 0, found = 0;
  for (const [name, value] of Object.entries(serial)) {
    const from = initial[name] ?? 0n, to = final[name] ?? 0n;
    if (typeof value !== "bigint" || typeof from !== "bigint" || typeof to !== "bigint" || value <= from) continue;
    expected += Number(value - from);
    found += Number(to - from);
  }
  return expected === 0 ? 0 : Math.max(0, (expected - found) / expected);
}

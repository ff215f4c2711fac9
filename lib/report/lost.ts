/**
 * How far counters fall short of what runs one after another give.
 *
 * A number counts only where every serial order that was tried brings it to the same value. What depends on the order
 * (a switch that is thrown half-way), on a clock, on random numbers or on which entries a full map has evicted comes out
 * differently in them: that the end is another one is no loss then.
 */
import type { Values } from "./result.ts";

/** Names whose value is not the same in all serial orders. */
export function orderDependent([first, ...others]: readonly Values[]): string[] {
  const names = new Set([first, ...others].flatMap((values) => Object.keys(values)));
  return [...names].filter((name) => others.some((values) => values[name] !== first[name]));
}

/** What every number that grows is expected to grow by, and by how much each of them falls short. */
export interface Shortfall {
  readonly expected: number;
  readonly short: ReadonlyMap<string, number>;
}

/** @param serials the ends of runs one after another, in one or several orders */
export function shortfall(initial: Values, serials: readonly Values[], final: Values): Shortfall {
  const dependent = new Set(orderDependent(serials)), short = new Map<string, number>();
  let expected = 0;
  for (const [name, value] of Object.entries(serials[0])) {
    const from = initial[name] ?? 0n, to = final[name] ?? 0n;
    if (dependent.has(name) || typeof value !== "bigint" || typeof from !== "bigint" || typeof to !== "bigint") {
      continue;
    }
    if (value <= from) continue;
    expected += Number(value - from);
    if (to < value) short.set(name, Number(value - to));
  }
  return { expected, short };
}

/**
 * The share of updates that are gone, 0 to 1: (serial - final) / (serial - initial), summed over the numbers that grow
 * to the same value in all serial orders.
 *
 * @param gone of the numbers that fall short, how much of that was overwritten; all of it where left out
 */
export function lostFraction(
  initial: Values,
  serials: readonly Values[],
  final: Values,
  gone: (name: string, short: number) => number = (_, short) => short,
): number {
  const { expected, short } = shortfall(initial, serials, final);
  let lost = 0;
  for (const [name, by] of short) lost += Math.max(0, Math.min(by, gone(name, by)));
  return expected === 0 ? 0 : lost / expected;
}

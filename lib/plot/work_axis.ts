/** The axis of private work between two increments: logarithmic, with a place of its own for none. */
import type { AxisOptions } from "./axes.ts";
import { count } from "./numbers.ts";
import { texts } from "./texts.ts";

/** Against a logarithmic axis a run without work stands half a step before the first. */
export function workPlace(works: readonly number[]): { place: (work: number) => number; axis: AxisOptions } {
  const least = Math.min(...works.filter((work) => work > 0));
  const zero = Number.isFinite(least) ? least / 10 ** 0.5 : 1;
  const withZero = works.includes(0);
  const format = (value: number) => withZero && value < least * 0.9 ? "0" : count(Number(value.toPrecision(6)));
  // a tick at each place where something was tried, but for those that nearly coincide
  const tried = [...new Set(works)].filter((work) => work > 0).sort((a, b) => a - b);
  const ticks = tried.filter((work, i) => i === 0 || work > 1.1 * tried[i - 1]);
  return {
    place: (work) => (work === 0 ? zero : work),
    axis: { title: texts.workAxis, log: true, format, ticks: withZero ? [zero, ...ticks] : undefined },
  };
}

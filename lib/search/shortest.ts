/** The shortest schedule to an end that a condition picks, with the fewest preemptions among those. */
import type { Machine } from "../cpu/machine.ts";
import type { SearchState } from "./state.ts";

/** A preemption is a switch away from a task that could have gone on. */
const ONE_STEP = 1 << 12;

/**
 * Finds the best schedule by cost (steps, then preemptions) from every state and last task to the ends that `isGoal`
 * picks. A shortest schedule never comes back to a state, so states on the current path are left out.
 *
 * @param isGoal asked at every end, with the machine standing there
 * @param maxNodes states times last tasks to look at; undefined is returned beyond
 */
export function shortestSchedule(
  machine: Machine,
  state: SearchState,
  isGoal: () => boolean,
  maxNodes: number,
): { readonly path: number[]; readonly preemptions: number } | undefined {
  const cost = new Map<string, number>(), choice = new Map<string, number>();
  let tooMany = false;
  const key = (last: number) => `${state.a},${state.b},${last}`;
  const best = (last: number): number => {
    const here = key(last), known = cost.get(here);
    if (known !== undefined) return known;
    if (cost.size >= maxNodes) {
      tooMany = true;
      return Infinity;
    }
    cost.set(here, Infinity);
    const enabled = machine.enabled();
    if (enabled.length === 0) {
      const found = isGoal() ? 0 : Infinity;
      cost.set(here, found);
      return found;
    }
    const goesOn = enabled.includes(last);
    let least = Infinity, chosen = -1;
    for (const task of goesOn ? [last, ...enabled.filter((t) => t !== last)] : enabled) {
      state.step(task);
      const total = best(task) + ONE_STEP + (goesOn && task !== last ? 1 : 0);
      state.back();
      if (total < least) {
        least = total;
        chosen = task;
      }
      if (tooMany) return Infinity;
    }
    cost.set(here, least);
    choice.set(here, chosen);
    return least;
  };
  const total = best(-1);
  if (tooMany || total === Infinity) return undefined;
  const path: number[] = [];
  for (let last = -1;;) {
    const task = choice.get(key(last));
    if (task === undefined) break;
    state.step(task);
    path.push(task);
    last = task;
  }
  for (let i = 0; i < path.length; i++) state.back();
  return { path, preemptions: total % ONE_STEP };
}

/**
 * Counts the schedules from here to any end: n!/(k!...) for tasks of k steps each that never wait.
 *
 * @returns undefined when a schedule can come back to a state (there are endless ones) or there are too many states
 */
export function countSchedules(machine: Machine, state: SearchState, maxStates: number): bigint | undefined {
  const counts = new Map<string, bigint | undefined>();
  let endless = false;
  const count = (): bigint => {
    const here = `${state.a},${state.b}`;
    if (counts.has(here)) {
      const known = counts.get(here);
      if (known === undefined) endless = true;
      return known ?? 0n;
    }
    if (counts.size >= maxStates) {
      endless = true;
      return 0n;
    }
    counts.set(here, undefined);
    let total = 0n;
    const enabled = machine.enabled();
    for (const task of enabled) {
      state.step(task);
      total += count();
      state.back();
      if (endless) return 0n;
    }
    if (enabled.length === 0) total = 1n;
    counts.set(here, total);
    return total;
  };
  const total = count();
  return endless ? undefined : total;
}

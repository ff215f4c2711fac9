/**
 * Where a search is cut into shards: the states that so many steps lead to, each once, in an order that depends on
 * nothing but the workload.
 */
import { Accesses } from "../machine/accesses.ts";
import type { Machine } from "../machine/machine.ts";
import { alternativeOf, stepOf, taskOf } from "../schedulers/schedule.ts";
import { SearchState } from "./state.ts";
import type { StateTable } from "./state_table.ts";
import type { Share } from "./work_sharing.ts";

/** Which part of a search to do: `index` of `count`, from 1. */
export interface SearchShard {
  readonly index: number;
  readonly count: number;
}

/** Parts for each shard: they differ in size, and many even it out. */
const PARTS = 16;
const MOST_LEVELS = 64;

/** The states up to where a search is cut, and the schedules that lead to the cut. */
export interface Frontier {
  readonly states: readonly (readonly [a: number, b: number, fromA: number, fromB: number])[];
  readonly paths: readonly (readonly number[])[];
  /** The machine that took the steps up to the cut: it has the marks of what ran, and who touched what. */
  readonly machine: Machine;
}

/** @param machine in its first state, where it stands again in the end */
export function frontierOf(machine: Machine, symmetric: boolean, shards: number): Frontier {
  machine.accesses = new Accesses(machine);
  const state = new SearchState(machine, symmetric), seen = new Set([`${state.a} ${state.b}`]);
  const states: [number, number, number, number][] = [], ends: number[][] = [];
  let level: number[][] = [[]];
  for (let depth = 0; depth < MOST_LEVELS && level.length > 0 && level.length < PARTS * shards; depth++) {
    const next: number[][] = [];
    for (const path of level) {
      for (const step of path) state.step(step < 0 ? step : taskOf(step), alternativeOf(step));
      const { a, b } = state, steps = stepsOf(machine);
      if (steps.length === 0) ends.push(path);
      for (const step of steps) {
        state.step(step < 0 ? step : taskOf(step), alternativeOf(step));
        const key = `${state.a} ${state.b}`;
        if (!seen.has(key)) {
          seen.add(key);
          states.push([state.a, state.b, a, b]);
          next.push([...path, step]);
        }
        state.back();
      }
      while (state.depth > 0) state.back();
    }
    level = next;
  }
  machine.memory.journal = undefined;
  return { states, paths: [...ends, ...level], machine };
}

/** The parts of a shard; all states up to the cut count as seen, so that no shard goes into another's. */
export function partsOf({ states, paths }: Frontier, { index, count }: SearchShard, visited: StateTable): Share[] {
  for (const [a, b, fromA, fromB] of states) visited.add(a, b, fromA, fromB, true);
  return paths.filter((_, i) => i % count === index - 1).map((path) => ({ path, rest: [] }));
}

function stepsOf(machine: Machine): number[] {
  const steps: number[] = [];
  for (let i = 0; i < machine.moves; i++) {
    const move = machine.move(i);
    if (!machine.isEnabled(move)) continue;
    const most = machine.alternatives(move);
    if (most === 0) steps.push(move < 0 ? move : stepOf(move));
    for (let alternative = 1; alternative <= most; alternative++) steps.push(stepOf(move, alternative));
  }
  return steps;
}

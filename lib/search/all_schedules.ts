/** Runs searches over all schedules to their end or to a bound, with pauses in which a notebook can show progress. */
import { Accesses } from "../machine/accesses.ts";
import type { Machine } from "../machine/machine.ts";
import { skipsKey } from "../machine/skips.ts";
import type { Values } from "../report/result.ts";
import { CachedSearch } from "./cached_search.ts";
import { DepthFirst, type End } from "./depth_first.ts";
import { DisjointData } from "./disjoint_data.ts";
import { endKey, returnedKey } from "./outcome.ts";
import { SearchState } from "./state.ts";
import { TaskStates } from "./task_state.ts";
import { hasPlainSteps, TransitionCache, Unsuitable } from "./transition_cache.ts";

const SLICE_MS = 100;

/** Where a search stops although it is not done. */
export interface Limits {
  readonly maxStates: number;
  readonly maxDepth: number;
  /** Milliseconds of performance.now(), and the seconds that this is in the reader's words. */
  readonly until: number;
  readonly seconds: number;
  readonly memoryBytes: number;
}

export interface SearchOptions {
  /** Tasks are interchangeable (symmetry.ts). */
  readonly symmetric: boolean;
  /** Use partial-order reduction where data is disjoint (disjoint_data.ts). */
  readonly reduce: boolean;
  /** Off: let the machine take every step, even of programs whose steps could be kept (transition_cache.ts). */
  readonly cached?: boolean;
  readonly onProgress?: (progress: { states: number; share: number; seconds: number }) => void | Promise<void>;
}

/** What a search has cost, and the bound that it hit, in words. */
export interface SearchCost {
  readonly states: number;
  readonly transitions: number;
  readonly bytes: number;
  readonly reduced: boolean;
  /** The most alternatives that the kernel left open in one step. */
  readonly mostAlternatives: number;
  readonly bound: string | undefined;
  /** The machine that took the steps: it has the marks of what ran, and who touched what. */
  readonly machine: Machine;
}

/** The outcomes of runs one after another, in every order; undefined when that could not be finished. */
export async function exploreSerial(
  machine: Machine,
  limits: Limits,
  { symmetric, onProgress }: Pick<SearchOptions, "symmetric" | "onProgress">,
): Promise<Map<string, Values> | undefined> {
  const outcomes = new Map<string, Values>(), state = new SearchState(machine, symmetric), began = performance.now();
  const search = new DepthFirst(machine, state, {
    serial: true,
    maxStates: limits.maxStates,
    maxDepth: limits.maxDepth,
    onEnd(end) {
      // What is skipped does not happen one after another: with the runs that do, it is a workload of its own.
      if (end.kind !== "done" || skipsKey(machine) !== "") return;
      const key = endKey(machine);
      if (!outcomes.has(key)) outcomes.set(key, machine.kernel.values());
    },
  });
  while (!search.finished) {
    search.run(performance.now() + SLICE_MS);
    if (search.bound || performance.now() > limits.until) return undefined;
    if (search.finished) break;
    await onProgress?.({ states: search.visited.size, share: 0, seconds: (performance.now() - began) / 1000 });
    await pause();
  }
  return outcomes;
}

/**
 * Visits every schedule and hands over each distinct end: outcomes, deadlocks, faults.
 *
 * @param make a fresh machine; called once for each time that the search has to begin anew
 * @param onEnd called with the machine standing in the final state, and the schedule that led there
 */
export async function exploreAll(
  make: () => Machine,
  limits: Limits,
  { symmetric, reduce, cached = true, onProgress }: SearchOptions,
  onEnd: (end: End, machine: Machine, path: number[]) => void,
): Promise<SearchCost> {
  const began = performance.now();
  // Whose data it is means nothing where tasks are taken for one another.
  const data = reduce && !symmetric ? new DisjointData(make) : undefined;
  for (let plain = cached;;) {
    const machine = make(), seen = new Set<string>(), reports: (() => void)[] = [];
    machine.accesses = new Accesses(machine);
    plain &&= hasPlainSteps(machine);
    const onNewEnd = (end: End, shared: string) => {
      const key = `${end.kind} ${shared} ${returnedKey(machine)} ${skipsKey(machine)} ${machine.fault?.message ?? ""}`;
      if (seen.has(key)) return;
      seen.add(key);
      const path = end.path();
      if (!plain && !data?.useful) return onEnd(end, machine, path);
      // What is found now counts only if the search does not have to be run again.
      const snapshot = machine.snapshot(), fault = machine.fault;
      reports.push(() => {
        machine.restore(snapshot);
        machine.fault = fault;
        onEnd(end, machine, path);
      });
    };
    let bound: string | undefined;
    try {
      const search = plain
        ? searchCached(machine, symmetric, data, limits, onNewEnd)
        : searchSteps(machine, symmetric, reduce, data, limits, onNewEnd);
      while (!search.finished && !bound) {
        const now = performance.now();
        search.run(Math.min(now + SLICE_MS, limits.until));
        if (search.finished) break;
        bound = search.bound === "states"
          ? `${limits.maxStates.toLocaleString("en")} states`
          : performance.now() > limits.until
          ? `${limits.seconds} seconds`
          : search.bytes > limits.memoryBytes
          ? `${limits.memoryBytes} bytes of memory`
          : undefined;
        const seconds = (performance.now() - began) / 1000;
        await onProgress?.({ states: search.visited.size, share: search.progress, seconds });
        await pause();
      }
      if (data?.useful && !bound && data.learn()) continue;
      for (const report of reports) report();
      if (search.bound === "depth") bound ??= `${limits.maxDepth} steps deep`;
      const { transitions, bytes } = search, reduced = data?.useful ?? false;
      const mostAlternatives = search instanceof DepthFirst ? search.mostAlternatives : 1;
      return { states: search.visited.size, transitions, bytes, reduced, mostAlternatives, bound, machine };
    } catch (error) {
      if (!(error instanceof Unsuitable)) throw error;
      plain = false;
    }
  }
}

type OnNewEnd = (end: End, sharedMemory: string) => void;

function searchCached(
  machine: Machine,
  symmetric: boolean,
  data: DisjointData | undefined,
  limits: Limits,
  onEnd: OnNewEnd,
): CachedSearch {
  const cache = new TransitionCache(machine, new TaskStates(machine, symmetric), data);
  return new CachedSearch(cache, { ...limits, onEnd: (end) => onEnd(end, cache.sharedKey) });
}

function searchSteps(
  machine: Machine,
  symmetric: boolean,
  reduce: boolean,
  data: DisjointData | undefined,
  limits: Limits,
  onEnd: OnNewEnd,
): DepthFirst {
  const state = new SearchState(machine, symmetric), touches = data?.useful ? data.watch(machine) : undefined;
  const chooses = reduce && (machine.readsUndefinedStack || machine.open.randomCalls.length > 0);
  return new DepthFirst(machine, state, {
    ...limits,
    isLocal: chooses ? (task) => machine.choosesAlone(task) || (touches?.(task) ?? false) : touches,
    onEnd: (end) => onEnd(end, `${state.sharedA} ${state.sharedB}`),
  });
}

const pause = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, 0));

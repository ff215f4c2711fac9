/** Runs searches over all schedules to their end or to a bound, with pauses in which a notebook can show progress. */
import { Accesses } from "../machine/accesses.ts";
import { stoppable } from "../host/stop.ts";
import type { Machine } from "../machine/machine.ts";
import { skipsKey } from "../machine/skips.ts";
import type { Values } from "../report/result.ts";
import { marksOf } from "./coverage.ts";
import { DepthFirst, type End } from "./depth_first.ts";
import { DisjointData } from "./disjoint_data.ts";
import { type Frontier, frontierOf, partsOf, type SearchShard } from "./frontier.ts";
import { compareEnds, FoundEnds, type OneSearch, oneSearch, type SearchKind } from "./one_search.ts";
import { endKey } from "./outcome.ts";
import { SearchState } from "./state.ts";
import { StateTable } from "./state_table.ts";
import { mergeMarks, mergeReports, Team, TeamFailed, type TeamResult } from "./team.ts";
import { hasPlainSteps, Unsuitable } from "./transition_cache.ts";
import { waysBack } from "./way_back.ts";
import type { Share } from "./work_sharing.ts";
import { t } from "../words/translation.ts";

/** How long a search goes on until it shows how far it is; and until it looks whether workers are ready. */
const SLICE_MS = 100, STARTING_SLICE_MS = 20;

/**
 * States from which on a search is a large one: workers are worth their start, and ways to ends are found as way_back.ts
 * does, which gives the same however many workers there are. Kept steps are taken so fast that it takes more of them.
 */
const LARGE_STATES = { plain: 400_000, stepwise: 20_000 } as const;
/** The part of that from which on workers are started: they are ready when it has become one. */
const START_SHARE = 1 / 8;
/** A search that may have fewer than so many times as many states is not worth workers. */
const WORTH_WORKERS = 16;

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
  /** Threads that large searches are shared by; the default, 1, keeps to this one. */
  readonly workers?: number;
  /**
   * Called when a search has turned out to be a large one, and what it has handed over does not count: it hands over its
   * ends once more, by ways that do not depend on the number of workers.
   */
  readonly onAnew?: () => void;
  /** Only a part of the search; what it finds is then handed over as that of a large one. */
  readonly shard?: SearchShard;
  /** Takes a search for a large one from so many states on, and waits for its workers then: for tests. */
  readonly large?: number;
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
  /** Of a shard: the states up to where the search is cut. */
  readonly statesAtCut?: number;
  /** Who touches what, where orders on disjoint data were left out. */
  readonly owners?: ReadonlyMap<number, number>;
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
  options: SearchOptions,
  onEnd: (end: Pick<End, "kind">, machine: Machine, path: number[]) => void,
): Promise<SearchCost> {
  return await stoppable(async (signal) => {
    const exploring = new Exploring(make, limits, options, onEnd);
    signal.addEventListener("abort", () => exploring[Symbol.dispose]());
    try {
      return await exploring.run();
    } finally {
      exploring[Symbol.dispose]();
    }
  });
}

/** One call of {@link exploreAll}. */
class Exploring implements Disposable {
  readonly #began = performance.now();
  readonly #data: DisjointData | undefined;
  #frontier: Frontier | undefined;
  /** Workers to share a large search with; none where there can be none. */
  #team: Team | undefined;
  #workers: number;

  constructor(
    readonly make: () => Machine,
    readonly limits: Limits,
    readonly options: SearchOptions,
    readonly onEnd: (end: Pick<End, "kind">, machine: Machine, path: number[]) => void,
  ) {
    // Whose data it is means nothing where tasks are taken for one another.
    this.#data = options.reduce && !options.symmetric ? new DisjointData(make) : undefined;
    this.#workers = options.onAnew ? options.workers ?? 1 : 1;
  }

  /** Searches until nothing has to be learnt any more. */
  async run(): Promise<SearchCost> {
    const { symmetric, reduce, cached = true } = this.options;
    for (let plain = cached;;) {
      const machine = this.make();
      machine.accesses = new Accesses(machine);
      plain &&= hasPlainSteps(machine);
      try {
        const cost = await this.#search(machine, { plain, symmetric, reduce });
        if (cost) return cost;
      } catch (error) {
        if (error instanceof TeamFailed) {
          this[Symbol.dispose]();
          // What has failed fails here too, and says why; or it was the workers, and one thread does without them.
          if (!error.unsuitable) this.#workers = 1;
        } else if (!(error instanceof Unsuitable)) throw error;
        if (error instanceof Unsuitable || (error as TeamFailed).unsuitable) plain = false;
      }
    }
  }

  [Symbol.dispose](): void {
    this.#team?.close();
    this.#team = undefined;
  }

  /** One search from the first state on; undefined where something was learnt on the way, and it has to be run again. */
  async #search(machine: Machine, kind: SearchKind): Promise<SearchCost | undefined> {
    const { limits } = this, { onAnew, symmetric } = this.options, data = this.#data;
    const ends = new FoundEnds(), reports: (() => void)[] = [];
    const large = this.options.large ?? LARGE_STATES[kind.plain ? "plain" : "stepwise"];
    let isLarge = () => false;
    const onNewEnd = (end: End, shared: string) => {
      const isNew = ends.note(end, machine, shared);
      if (!isNew || (onAnew && isLarge())) return;
      const path = end.path();
      if (!kind.plain && !data?.useful) return this.onEnd(end, machine, path);
      // What is found now counts only if the search does not have to be run again.
      const snapshot = machine.snapshot(), fault = machine.fault;
      reports.push(() => {
        machine.restore(snapshot);
        machine.fault = fault;
        this.onEnd(end, machine, path);
      });
    };
    const visited = onAnew && !kind.plain ? StateTable.own(true) : undefined, { shard } = this.options;
    const one = oneSearch(machine, kind, data, { ...limits, visited, waits: shard !== undefined }, onNewEnd);
    const { search } = one, parts: Share[] = [];
    if (shard) {
      this.#frontier ??= frontierOf(this.make(), symmetric, shard.count);
      parts.push(...partsOf(this.#frontier, shard, search.visited));
      // Steps up to the cut count as any others.
      mergeMarks(machine, marksOf(this.#frontier.machine), this.#frontier.machine.accesses!.noted);
    }
    isLarge = () => shard !== undefined || search.visited.size > large;
    const { bound: own, shared } = await this.#explore(one, kind, large, parts);
    let bound = own;
    if (shared) mergeReports(shared.reports, machine, data, machine.options.layouts);
    if (data?.useful && !bound && data.learn()) return undefined;
    if (onAnew && isLarge()) {
      onAnew();
      const found = [...ends.all, ...shared?.reports.flatMap(({ ends }) => ends) ?? []];
      const known = shared?.reports.flatMap(({ known }) => known ?? []) ?? [];
      const ways = waysBack(one, machine, symmetric, search.visited, known);
      const seen = new Set<string>(), namesCount = machine.object.maps.some(({ inner }) => inner);
      for (const end of found.sort(compareEnds)) {
        const key = end.kind === "done" && !namesCount ? end.outcome : `${end.a} ${end.b}`;
        if (seen.has(key)) continue;
        seen.add(key);
        this.onEnd(end, machine, ways.retrace(end));
      }
    } else for (const report of reports) report();
    if (search.bound === "depth" || shared?.reports.some(({ tooDeep }) => tooDeep)) {
      bound ??= t`${limits.maxDepth} steps deep`;
    }
    return {
      states: shared?.states ?? Math.min(search.visited.size, limits.maxStates),
      transitions: shared?.transitions ?? search.transitions,
      bytes: shared?.bytes ?? search.bytes,
      reduced: data?.useful ?? false,
      mostAlternatives: Math.max(
        search instanceof DepthFirst ? search.mostAlternatives : 1,
        ...shared?.reports.map(({ mostAlternatives }) => mostAlternatives) ?? [],
      ),
      bound,
      machine,
      statesAtCut: this.#frontier && this.#frontier.states.length + 1,
      owners: data?.useful ? data.owners : undefined,
    };
  }

  /** Explores on this thread, and from some size on with workers, where there are any. */
  async #explore(
    { search }: OneSearch,
    kind: SearchKind,
    large: number,
    parts: Share[],
  ): Promise<{ readonly bound: string | undefined; readonly shared?: TeamResult }> {
    const { limits, options: { onProgress } } = this, began = this.#began, eager = this.options.large !== undefined;
    const allParts = parts.length, mayBecomeWorth = eager || limits.maxStates >= WORTH_WORKERS * large;
    const startsNow = () =>
      mayBecomeWorth && this.#workers > 1 && !this.#team && search.visited.size > large * START_SHARE;
    while (!search.finished || parts.length > 0) {
      const now = performance.now();
      const isStarting = this.#team !== undefined, slice = eager ? 0 : isStarting ? STARTING_SLICE_MS : SLICE_MS;
      const until = Math.min(now + slice, limits.until);
      do {
        if (search.finished) search.resume(parts.shift()!);
        search.run(until, startsNow);
      } while (search.finished && parts.length > 0 && performance.now() <= until);
      if (search.finished && parts.length === 0) break;
      const bound = search.bound === "states"
        ? t`${limits.maxStates.toLocaleString("en")} states`
        : performance.now() > limits.until
        ? t`${limits.seconds} seconds`
        : search.bytes > limits.memoryBytes
        ? t`${limits.memoryBytes} bytes of memory`
        : undefined;
      const seconds = (performance.now() - began) / 1000;
      const share = allParts === 0 ? search.progress : 1 - (parts.length + 1) / (allParts + 1);
      await onProgress?.({ states: search.visited.size, share, seconds });
      await pause();
      if (bound !== undefined) return { bound };
      if (!this.#team && !startsNow()) continue;
      this.#team ??= Team.start(this.make, this.#workers);
      while (eager && this.#team && this.#team.ready === undefined) await pause();
      if (!this.#team || this.#team.ready === false) {
        this[Symbol.dispose]();
        this.#workers = 1;
      } else if (this.#team.ready && search.visited.size > large) {
        const shared = await this.#team.search(kind, search, parts, this.#data, limits, onProgress, began);
        return { bound: shared.bound, shared };
      }
    }
    return { bound: undefined };
  }
}

const pause = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, 0));

/**
 * The search of {@link DepthFirst} for programs whose steps can be kept (transition_cache.ts): every enabled task at every
 * state, each state once, at a few table look-ups a step.
 *
 * What a state leads to is looked up in the set of visited states all at once: most of the time goes into waiting
 * for the memory that holds that set, and the waits of neighbours overlap.
 */
import type { DepthFirstOptions, End } from "./depth_first.ts";
import { DONE, FAULTED, LOCAL, TRANSITION, type TransitionCache } from "./transition_cache.ts";
import { StateTable } from "./state_table.ts";
import type { Share, Shareable } from "./work_sharing.ts";

const L = LOCAL.words, T = TRANSITION.words;
const NONE = -1;

export type CachedSearchOptions = Pick<DepthFirstOptions, "onEnd" | "maxStates" | "maxDepth" | "visited" | "waits">;

export class CachedSearch implements Shareable {
  readonly visited: StateTable;
  transitions = 0;
  /** Steps into a state that was seen already. */
  matched = 0;
  deepest = 0;
  /** The bound that ended the search, when one did. */
  bound: "states" | "depth" | undefined;
  finished = false;
  readonly #cache: TransitionCache;
  readonly #options: CachedSearchOptions;
  readonly #tasks: number;
  #a: number;
  #b: number;
  #depth = 0;
  /** Per depth: the transition of each task that leads to a new state, else NONE; the task to go to next. */
  #children: Int32Array;
  #next = new Int32Array(1024);
  /** Per depth: the transition that was taken from there. */
  #taken = new Int32Array(1024);
  /** What the look-ahead has read; kept so that it is not optimised away. */
  #seen = 0;

  constructor(cache: TransitionCache, options: CachedSearchOptions) {
    this.#cache = cache;
    this.#options = options;
    this.#tasks = cache.current.length;
    this.#children = new Int32Array(1024 * this.#tasks);
    this.#a = cache.a;
    this.#b = cache.b;
    this.visited = options.visited ?? StateTable.own(false);
    this.visited.add(cache.a, cache.b);
    if (options.waits) this.finished = true;
    else this.#expand(0);
  }

  get bytes(): number {
    return this.visited.bytes + this.#cache.bytes + this.#children.byteLength + 2 * this.#next.byteLength;
  }

  /** Roughly how much of the tree is behind, 0 to 1. */
  get progress(): number {
    let share = 1, done = 0;
    for (let d = 0; d <= Math.min(this.#depth, 40); d++) {
      share /= this.#tasks;
      done += share * Math.max(0, this.#next[d] - 1);
    }
    return this.finished ? 1 : Math.min(1, done);
  }

  get ahead(): number {
    let share = 1, ahead = 0;
    for (let d = 0; d <= Math.min(this.#depth, 40); d++) {
      share /= this.#tasks;
      ahead += share * this.#left(d).length;
    }
    return this.finished ? 0 : Math.min(1, ahead);
  }

  split(): Share | undefined {
    if (this.finished) return undefined;
    for (let depth = 0; depth <= this.#depth; depth++) {
      const rest = this.#left(depth);
      if (rest.length === 0) continue;
      for (const task of rest) this.#children[depth * this.#tasks + task] = NONE;
      return { path: this.#path(depth), rest };
    }
    return undefined;
  }

  resume({ path, rest }: Share): void {
    const tasks = this.#tasks, cache = this.#cache;
    this.finished = false;
    for (let depth = 0; depth <= path.length; depth++) {
      if (depth >= this.#next.length) this.#grow();
      this.#depth = depth;
      this.#children.fill(NONE, depth * tasks, (depth + 1) * tasks);
      this.#next[depth] = 0;
      if (depth === path.length) break;
      const task = path[depth];
      this.#next[depth] = task + 1;
      this.#take(depth, task, cache.next(task));
    }
    // Of a part that nobody has begun yet (frontier.ts) all is left to try.
    if (rest.length === 0) return this.#expand(path.length);
    for (const task of rest) this.#children[path.length * tasks + task] = cache.next(task);
  }

  /** The tasks that are still to be tried at a depth. */
  #left(depth: number): number[] {
    const left: number[] = [], first = depth * this.#tasks;
    for (let task = this.#next[depth]; task < this.#tasks; task++) {
      if (this.#children[first + task] !== NONE) left.push(task);
    }
    return left;
  }

  #path(depth: number): number[] {
    return Array.from(this.#next.subarray(0, depth), (next) => next - 1);
  }

  /** Goes to where a transition of a task leads. */
  #take(depth: number, task: number, index: number): void {
    const cache = this.#cache, at = index * T, transitions = cache.transitions;
    this.#taken[depth] = index;
    cache.current[task] = transitions[at + TRANSITION.to];
    cache.low[transitions[at + TRANSITION.word]] = transitions[at + TRANSITION.newLow];
    cache.high[transitions[at + TRANSITION.word]] = transitions[at + TRANSITION.newHigh];
    this.#a = (this.#a + transitions[at + TRANSITION.a]) | 0;
    this.#b = (this.#b + transitions[at + TRANSITION.b]) | 0;
  }

  /**
   * Explores until `until` (milliseconds of performance.now()), a bound, or the end.
   *
   * @param look called now and then; true ends it here, to go on later
   */
  run(until: number, look?: () => boolean): void {
    const tasks = this.#tasks, { maxStates, maxDepth } = this.#options, cache = this.#cache, current = cache.current;
    for (let ticks = 0;; ticks++) {
      if ((ticks & 0x3ff) === 0x3ff && (performance.now() > until || look?.())) return;
      const depth = this.#depth, children = this.#children, first = depth * tasks;
      let task = this.#next[depth];
      while (task < tasks && children[first + task] === NONE) task++;
      if (task < tasks && depth + 1 < maxDepth) {
        if (this.visited.size >= maxStates) {
          this.bound = "states";
          return;
        }
        this.#next[depth] = task + 1;
        this.#take(depth, task, children[first + task]);
        this.#expand(depth + 1);
        continue;
      }
      if (task < tasks) this.bound = "depth";
      if (depth === 0) {
        this.finished = true;
        return;
      }
      this.#depth = depth - 1;
      const at = this.#taken[depth - 1] * T, transitions = cache.transitions;
      current[this.#next[depth - 1] - 1] = transitions[at];
      cache.low[transitions[at + TRANSITION.word]] = transitions[at + TRANSITION.oldLow];
      cache.high[transitions[at + TRANSITION.word]] = transitions[at + TRANSITION.oldHigh];
      this.#a = (this.#a - transitions[at + TRANSITION.a]) | 0;
      this.#b = (this.#b - transitions[at + TRANSITION.b]) | 0;
    }
  }

  /** Finds out what the current state leads to; an end is reported. */
  #expand(depth: number): void {
    if (depth >= this.#next.length) this.#grow();
    if (depth > this.deepest) this.deepest = depth;
    this.#depth = depth;
    this.#next[depth] = 0;
    const tasks = this.#tasks, first = depth * tasks, children = this.#children, cache = this.#cache;
    const current = cache.current, visited = this.visited;
    let enabled = 0, faulted = false, alone = NONE, seen = 0;
    for (let task = 0; task < tasks; task++) {
      const at = current[task] * L, word = cache.locals[at + LOCAL.word];
      children[first + task] = NONE;
      if (word === FAULTED) faulted = true;
      if (word === DONE || word === FAULTED) continue;
      enabled++;
      const index = cache.next(task), transition = index * T;
      children[first + task] = index;
      if (alone === NONE && cache.locals[at + LOCAL.alone] !== 0) {
        if (cache.transitions[transition + TRANSITION.backward] === 0) alone = task;
      }
      seen ^= visited.touch(
        this.#a + cache.transitions[transition + TRANSITION.a],
        this.#b + cache.transitions[transition + TRANSITION.b],
      );
    }
    this.#seen ^= seen;
    if (faulted || enabled === 0) {
      for (let task = 0; task < tasks; task++) children[first + task] = NONE;
      this.#end(faulted);
      return;
    }
    const transitions = cache.transitions;
    for (let task = 0; task < tasks; task++) {
      const index = children[first + task];
      if (index === NONE) continue;
      if (alone !== NONE && task !== alone) {
        children[first + task] = NONE;
        continue;
      }
      this.transitions++;
      const a = (this.#a + transitions[index * T + TRANSITION.a]) | 0;
      const b = (this.#b + transitions[index * T + TRANSITION.b]) | 0;
      if (visited.add(a, b)) continue;
      this.matched++;
      children[first + task] = NONE;
    }
  }

  #end(faulted: boolean): void {
    const { onEnd } = this.#options, cache = this.#cache;
    const end: End = {
      kind: faulted ? "fault" : "done",
      a: this.#a,
      b: this.#b,
      path: () => this.#path(this.#depth),
    };
    cache.restoreMachine();
    onEnd(end);
  }

  #grow(): void {
    const grow = (old: Int32Array) => {
      const grown = new Int32Array(old.length * 2);
      grown.set(old);
      return grown;
    };
    this.#next = grow(this.#next);
    this.#taken = grow(this.#taken);
    this.#children = grow(this.#children);
  }
}

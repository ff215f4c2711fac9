/**
 * The states of a small workload and the steps between them, kept as a graph: for questions that one pass over the
 * states cannot answer, such as how likely an end is, and whether every state still has one.
 */
import { flushOf } from "../cpu/store_buffers.ts";
import type { Machine } from "../machine/machine.ts";
import { stepOf } from "../schedulers/schedule.ts";
import type { SearchState } from "./state.ts";

const NO_EDGE = -1;

/** Is told of the states and steps of a graph while the machine stands there. States are numbered from 0, the first. */
export interface GraphWatcher {
  /** A state is met for the first time. */
  entered(node: number): void;
  /** A step is about to be taken: by a task, or as a flush (cpu/store_buffers.ts:flushOf). */
  beforeStep(task: number, alternative: number): void;
  /** It was taken. */
  afterStep(from: number, task: number, alternative: number, to: number): void;
}

export class StateGraph {
  /**
   * For each state and move, the state that it leads to, or -1 where there is none. A move is a step of a task, or behind
   * the tasks the flush of a CPU's store buffer, with one of its alternatives: number `task` for the first or only one,
   * `task + tasks` for the second, and so on.
   */
  readonly #edges: number[] = [];
  /** States in the order in which the search has left them: every state behind its successors, but for cycles. */
  readonly #order: number[] = [];
  /** For each state without enabled tasks, what `isWanted` said; undefined elsewhere. */
  readonly #wanted: (boolean | undefined)[] = [];
  /** Tasks and store buffers; how many of them are tasks: the rest are flushes, which preempt none. */
  readonly #tasks: number;
  readonly #programs: number;
  readonly #moves: number;
  #cyclic = false;
  /** Where the kernel leaves something open: `state * tasks + task`. */
  readonly #choices = new Set<number>();

  private constructor(tasks: number, programs: number, moves: number) {
    this.#tasks = tasks;
    this.#programs = programs;
    this.#moves = moves;
  }

  /**
   * @param isWanted asked at every end (no task is enabled), with the machine standing there
   * @param most the most alternatives that a step of this machine has (DepthFirst.mostAlternatives)
   * @param watcher wants to know what the states and steps are
   * @returns undefined when there are more than `maxStates` states
   */
  static build(
    machine: Machine,
    state: SearchState,
    isWanted: () => boolean,
    maxStates: number,
    most = 1,
    watcher?: GraphWatcher,
  ): StateGraph | undefined {
    const tasks = machine.moves, moves = tasks * most, graph = new StateGraph(tasks, machine.tasks.length, moves);
    const left: boolean[] = [], path: { node: number; move: number }[] = [], numbers = new Map<string, number>();
    const isOpen = (move: number) => {
      const step = machine.move(move % tasks);
      return machine.isEnabled(step) && move < tasks * Math.max(1, alternatives(step));
    };
    const alternatives = (step: number) => step < 0 ? 0 : machine.alternatives(step);
    const enter = (): number => {
      const key = `${state.a},${state.b}`, known = numbers.get(key);
      if (known !== undefined) {
        if (!left[known]) graph.#cyclic = true;
        return known;
      }
      const node = numbers.size, enabled = machine.enabled();
      numbers.set(key, node);
      for (let move = 0; move < moves; move++) graph.#edges.push(NO_EDGE);
      graph.#wanted.push(enabled.length === 0 ? isWanted() : undefined);
      path.push({ node, move: -1 });
      watcher?.entered(node);
      return node;
    };
    enter();
    while (path.length > 0) {
      const at = path[path.length - 1];
      do at.move++; while (at.move < moves && !isOpen(at.move));
      if (at.move >= moves) {
        graph.#order.push(at.node);
        left[at.node] = true;
        path.pop();
        if (path.length > 0) state.back();
        continue;
      }
      if (numbers.size >= maxStates) return undefined;
      const task = at.move % tasks, step = machine.move(task), chooses = alternatives(step) > 0;
      const alternative = chooses ? 1 + Math.floor(at.move / tasks) : 0;
      watcher?.beforeStep(step, alternative);
      state.step(step, alternative);
      if (chooses) graph.#choices.add(at.node * tasks + task);
      const depth = path.length, to = enter();
      graph.#edges[at.node * moves + at.move] = to;
      watcher?.afterStep(at.node, step, alternative, to);
      if (path.length === depth) state.back();
    }
    return graph;
  }

  get states(): number {
    return this.#wanted.length;
  }

  /**
   * The chance that a run ends where `isWanted` said yes, when each step is taken by a uniformly random enabled task.
   * Exact but for rounding where no schedule comes back to a state; by iteration, from below, where one does. Undefined
   * where the kernel leaves something open: how likely its alternatives are is not known.
   */
  chance(): number | undefined {
    if (this.#choices.size > 0) return undefined;
    const moves = this.#moves, chance = new Float64Array(this.states);
    const MAX_SWEEPS = 10_000, ENOUGH = 1e-13;
    for (let sweep = 0; sweep < MAX_SWEEPS; sweep++) {
      let change = 0;
      for (const node of this.#order) {
        let sum = 0, enabled = 0;
        for (let move = 0; move < moves; move++) {
          const to = this.#edges[node * moves + move];
          if (to === NO_EDGE) continue;
          sum += chance[to];
          enabled++;
        }
        const value = enabled === 0 ? (this.#wanted[node] ? 1 : 0) : sum / enabled;
        change = Math.max(change, Math.abs(value - chance[node]));
        chance[node] = value;
      }
      if (!this.#cyclic || change < ENOUGH) break;
    }
    return chance[0];
  }

  /**
   * How many schedules there are: n!/(k!...) for tasks of k steps each that never wait. Undefined where a schedule can
   * come back to a state: then there are endless ones.
   */
  schedules(): bigint | undefined {
    if (this.#cyclic) return undefined;
    const moves = this.#moves, counts: bigint[] = [];
    for (const node of this.#order) {
      let count = this.#wanted[node] === undefined ? 0n : 1n;
      for (let move = 0; move < moves; move++) {
        const to = this.#edges[node * moves + move];
        if (to !== NO_EDGE) count += counts[to];
      }
      counts[node] = count;
    }
    return counts[0];
  }

  /**
   * A shortest schedule to an end that `isWanted` picked, with the fewest preemptions among those of its length. A
   * preemption is a switch away from a task that could have gone on.
   */
  shortest(): { readonly path: number[]; readonly preemptions: number } | undefined {
    const tasks = this.#tasks, moves = this.#moves, { distance, byDistance } = this.#distances();
    if (distance[0] < 0) return undefined;
    // Fewest preemptions from each state on, by the task that took the last step (the last column: none did).
    const width = tasks + 1, fewest = new Int32Array(this.states * width), choice = new Int16Array(this.states * width);
    const isOn = (node: number, task: number) => this.#edges[node * moves + task] !== NO_EDGE;
    for (const node of byDistance) {
      if (distance[node] === 0) continue;
      for (let last = 0; last < width; last++) {
        const goesOn = last < tasks && isOn(node, last), first = goesOn ? last : 0;
        let least = Infinity;
        for (let i = 0; i < moves; i++) {
          const move = (first + i) % moves, task = move % tasks, to = this.#edges[node * moves + move];
          if (to === NO_EDGE || distance[to] !== distance[node] - 1) continue;
          const isFlush = task >= this.#programs;
          const total = fewest[to * width + (isFlush ? last : task)] + (goesOn && task !== last && !isFlush ? 1 : 0);
          if (total >= least) continue;
          least = total;
          choice[node * width + last] = move;
        }
        fewest[node * width + last] = least;
      }
    }
    const path: number[] = [];
    for (let node = 0, last = tasks; distance[node] > 0;) {
      const move = choice[node * width + last];
      path.push(this.#stepOf(node, move));
      node = this.#edges[node * moves + move];
      if (move % tasks < this.#programs) last = move % tasks;
    }
    return { path, preemptions: fewest[tasks] };
  }

  /** Steps from each state to the nearest wanted end, -1 where there is none; and the states, nearest first. */
  #distances(): { distance: Int32Array; byDistance: number[] } {
    const distance = new Int32Array(this.states).fill(-1), before = this.#predecessors();
    const byDistance = this.#order.filter((node) => this.#wanted[node]);
    for (const node of byDistance) distance[node] = 0;
    for (let i = 0; i < byDistance.length; i++) {
      for (const one of before[byDistance[i]]) {
        if (distance[one] >= 0) continue;
        distance[one] = distance[byDistance[i]] + 1;
        byDistance.push(one);
      }
    }
    return { distance, byDistance };
  }

  #predecessors(): number[][] {
    const before: number[][] = this.#wanted.map(() => []);
    this.#edges.forEach((to, at) => {
      if (to !== NO_EDGE) before[to].push(Math.floor(at / this.#moves));
    });
    return before;
  }

  /**
   * A shortest schedule into a livelock, and on from there until it meets a state again. A livelock is a state from
   * which tasks can take steps for ever and no schedule leads to any end. Undefined when every state has a way out.
   */
  livelock(): number[] | undefined {
    if (!this.#cyclic) return undefined;
    const hasEnd = this.#statesWithEnd(), moves = this.#moves;
    const from = new Map<number, { node: number; move: number } | undefined>([[0, undefined]]);
    for (const node of from.keys()) {
      if (!hasEnd[node]) {
        const path: number[] = [];
        for (let step = from.get(node); step; step = from.get(step.node)) path.push(this.#stepOf(step.node, step.move));
        return [...path.reverse(), ...this.#lap(node)];
      }
      for (let move = 0; move < moves; move++) {
        const to = this.#edges[node * moves + move];
        if (to !== NO_EDGE && !from.has(to)) from.set(to, { node, move });
      }
    }
    return undefined;
  }

  /** Steps by turns, until a state comes again. */
  #lap(from: number): number[] {
    const path: number[] = [], seen = new Set<string>(), moves = this.#moves;
    for (let node = from, turn = 0; !seen.has(`${node} ${turn}`);) {
      seen.add(`${node} ${turn}`);
      while (this.#edges[node * moves + turn] === NO_EDGE) turn = (turn + 1) % moves;
      path.push(this.#stepOf(node, turn));
      node = this.#edges[node * moves + turn];
      turn = (turn + 1) % moves;
    }
    return path;
  }

  /** A move as a step of a schedule. */
  #stepOf(node: number, move: number): number {
    const task = move % this.#tasks, chooses = this.#choices.has(node * this.#tasks + task);
    if (task >= this.#programs) return flushOf(task - this.#programs);
    return stepOf(task, chooses ? 1 + Math.floor(move / this.#tasks) : 0);
  }

  #statesWithEnd(): Uint8Array {
    const before = this.#predecessors(), hasEnd = new Uint8Array(this.states);
    const open = this.#order.filter((node) => this.#wanted[node] !== undefined);
    for (const node of open) hasEnd[node] = 1;
    for (let node = open.pop(); node !== undefined; node = open.pop()) {
      for (const one of before[node]) {
        if (hasEnd[one]) continue;
        hasEnd[one] = 1;
        open.push(one);
      }
    }
    return hasEnd;
  }
}

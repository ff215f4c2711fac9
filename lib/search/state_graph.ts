/**
 * The states of a small workload and the steps between them, kept as a graph: for questions that one pass over the
 * states cannot answer, such as how likely an end is, and whether every state still has one.
 */
import type { Machine } from "../cpu/machine.ts";
import type { SearchState } from "./state.ts";

const NO_EDGE = -1;

export class StateGraph {
  /** For each state and task, the state that its step leads to, or -1 where the task is not enabled. */
  readonly #edges: number[] = [];
  /** States in the order in which the search has left them: every state behind its successors, but for cycles. */
  readonly #order: number[] = [];
  /** For each state without enabled tasks, what `isWanted` said; undefined elsewhere. */
  readonly #wanted: (boolean | undefined)[] = [];
  readonly #tasks: number;
  #cyclic = false;

  private constructor(tasks: number) {
    this.#tasks = tasks;
  }

  /**
   * @param isWanted asked at every end (nobody is enabled), with the machine standing there
   * @returns undefined when there are more than `maxStates` states
   */
  static build(
    machine: Machine,
    state: SearchState,
    isWanted: () => boolean,
    maxStates: number,
  ): StateGraph | undefined {
    const tasks = machine.tasks.length, graph = new StateGraph(tasks), numbers = new Map<string, number>();
    const left: boolean[] = [], path: { node: number; task: number }[] = [];
    const enter = (): number => {
      const key = `${state.a},${state.b}`, known = numbers.get(key);
      if (known !== undefined) {
        if (!left[known]) graph.#cyclic = true;
        return known;
      }
      const node = numbers.size, enabled = machine.enabled();
      numbers.set(key, node);
      for (let task = 0; task < tasks; task++) graph.#edges.push(NO_EDGE);
      graph.#wanted.push(enabled.length === 0 ? isWanted() : undefined);
      path.push({ node, task: -1 });
      return node;
    };
    enter();
    while (path.length > 0) {
      const at = path[path.length - 1];
      do at.task++; while (at.task < tasks && !machine.isEnabled(at.task));
      if (at.task >= tasks) {
        graph.#order.push(at.node);
        left[at.node] = true;
        path.pop();
        if (path.length > 0) state.back();
        continue;
      }
      if (numbers.size >= maxStates) return undefined;
      state.step(at.task);
      const depth = path.length, to = enter();
      graph.#edges[at.node * tasks + at.task] = to;
      if (path.length === depth) state.back();
    }
    return graph;
  }

  get states(): number {
    return this.#wanted.length;
  }

  /**
   * The chance that a run ends where `isWanted` said yes, when each step is taken by a uniformly random enabled task.
   * Exact but for rounding where no schedule comes back to a state; by iteration, from below, where one does.
   */
  chance(): number {
    const tasks = this.#tasks, chance = new Float64Array(this.states);
    const MAX_SWEEPS = 10_000, ENOUGH = 1e-13;
    for (let sweep = 0; sweep < MAX_SWEEPS; sweep++) {
      let change = 0;
      for (const node of this.#order) {
        let sum = 0, enabled = 0;
        for (let task = 0; task < tasks; task++) {
          const to = this.#edges[node * tasks + task];
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
   * A shortest schedule into a livelock, and on from there until it meets a state again. A livelock is a state from
   * which tasks can take steps for ever and no schedule leads to any end. Undefined when every state has a way out.
   */
  livelock(): number[] | undefined {
    if (!this.#cyclic) return undefined;
    const hasEnd = this.#statesWithEnd(), tasks = this.#tasks;
    const from = new Map<number, { node: number; task: number } | undefined>([[0, undefined]]);
    for (const node of from.keys()) {
      if (!hasEnd[node]) {
        const path: number[] = [];
        for (let step = from.get(node); step; step = from.get(step.node)) path.push(step.task);
        return [...path.reverse(), ...this.#lap(node)];
      }
      for (let task = 0; task < tasks; task++) {
        const to = this.#edges[node * tasks + task];
        if (to !== NO_EDGE && !from.has(to)) from.set(to, { node, task });
      }
    }
    return undefined;
  }

  /** Steps by turns, until a state comes again. */
  #lap(from: number): number[] {
    const path: number[] = [], seen = new Set<string>(), tasks = this.#tasks;
    for (let node = from, turn = 0; !seen.has(`${node} ${turn}`);) {
      seen.add(`${node} ${turn}`);
      while (this.#edges[node * tasks + turn] === NO_EDGE) turn = (turn + 1) % tasks;
      path.push(turn);
      node = this.#edges[node * tasks + turn];
      turn = (turn + 1) % tasks;
    }
    return path;
  }

  #statesWithEnd(): Uint8Array {
    const tasks = this.#tasks, before: number[][] = this.#wanted.map(() => []), hasEnd = new Uint8Array(this.states);
    this.#edges.forEach((to, at) => {
      if (to !== NO_EDGE) before[to].push(Math.floor(at / tasks));
    });
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

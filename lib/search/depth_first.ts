/**
 * Stateful depth-first search over all schedules: every enabled task at every state, each state once.
 *
 * The search runs in slices so that a notebook can show progress and be interrupted between them.
 */
import { RUN, TASK } from "../cpu/layout.ts";
import type { Machine } from "../machine/machine.ts";
import { alternativeOf, stepOf, taskOf } from "../schedulers/schedule.ts";
import type { SearchState } from "./state.ts";
import { StateTable } from "./state_table.ts";
import type { Share, Shareable } from "./work_sharing.ts";

/** A place where a schedule ends. */
export interface End {
  readonly kind: "done" | "deadlock" | "fault";
  /** Fingerprint of the state. */
  readonly a: number;
  readonly b: number;
  /** The schedule that leads here: a task per step. */
  readonly path: () => number[];
}

export interface DepthFirstOptions {
  /** Tasks change only where a run ends (and where one waits): the serial outcomes. */
  readonly serial?: boolean;
  /**
   * Whether a task's pending operation touches only what no other task ever touches: then it alone is explored here
   * (partial-order reduction: the other orders lead to the same states).
   */
  readonly isLocal?: (task: number) => boolean;
  /** Called at every end of a schedule that has not been seen; the machine stands in the final state. */
  readonly onEnd: (end: End) => void;
  /** Called in every new state; true prunes what follows. */
  readonly onState?: () => boolean;
  readonly maxStates: number;
  readonly maxDepth: number;
  /** What keeps the states; default: a set of its own. */
  readonly visited?: StateTable;
  /** Does not begin in the first state, but waits for a part to {@link DepthFirst.resume} with. */
  readonly waits?: boolean;
}

/** How often a search looks at the clock, and asks whether it is to stop: in steps. */
const LOOK_EVERY = 0x400, LOOK_EVERY_SHARED = 0x40;

/** In place of the one task to try: `ALL_BUT - task` for all others, after that one turned out not to be enough. */
const ALL_BUT = -2;

export class DepthFirst implements Shareable {
  readonly visited: StateTable;
  transitions = 0;
  /** Steps into a state that was seen already. */
  matched = 0;
  deepest = 0;
  /** The bound that ended the search, when one did. */
  bound: "states" | "depth" | undefined;
  readonly #machine: Machine;
  readonly #state: SearchState;
  readonly #options: DepthFirstOptions;
  /** Tasks, and behind them store buffers to flush; what is kept per depth counts them so. */
  readonly #moves: number;
  /** Per depth: the task to try next, the one that was taken, and how many tasks were enabled. */
  #next = new Int32Array(1024);
  /** Per depth: alternatives of that task that were tried, and the one that was taken. */
  #tried = new Int32Array(1024);
  #alternative = new Int32Array(1024);
  /** The most alternatives that any step had. */
  mostAlternatives = 1;
  #taken = new Int32Array(1024);
  #some = new Uint8Array(1024);
  /** Per depth: the last move that can be tried. */
  #last = new Int32Array(1024);
  #only = new Int32Array(1024);
  #depth = 0;
  #finished = false;
  /** Where a task stood before its step. */
  #insn = 0;
  #invocation = 0;

  constructor(machine: Machine, state: SearchState, options: DepthFirstOptions) {
    this.#machine = machine;
    this.#state = state;
    this.#options = options;
    this.#moves = machine.moves;
    this.visited = options.visited ?? StateTable.own(false);
    this.visited.add(state.a, state.b);
    if (options.waits) this.#finished = true;
    else this.#enter(0);
  }

  get finished(): boolean {
    return this.#finished;
  }

  get bytes(): number {
    return this.visited.bytes + this.#state.bytes;
  }

  /** Roughly how much of the tree is behind, 0 to 1. */
  get progress(): number {
    let share = 1, done = 0;
    for (let d = 0; d <= Math.min(this.#depth, 40); d++) {
      share /= this.#moves;
      done += share * Math.max(0, this.#next[d] - 1);
    }
    return this.#finished ? 1 : Math.min(1, done);
  }

  get ahead(): number {
    let share = 1, ahead = 0;
    for (let d = 0; d <= Math.min(this.#depth, 40); d++) {
      share /= this.#moves;
      ahead += share * Math.max(0, this.#moves - this.#next[d]);
    }
    return this.#finished ? 0 : Math.min(1, ahead);
  }

  split(): Share | undefined {
    if (this.#finished) return undefined;
    for (let depth = 0; depth <= this.#depth; depth++) {
      const next = this.#next[depth], only = this.#only[depth], tried = this.#tried[depth];
      if (next >= this.#moves || (only >= 0 ? next > only : next > this.#last[depth])) continue;
      // The one move that goes alone is followed by the others where it turns out not to be enough.
      if (only >= 0 && tried === 0 && depth < this.#depth) continue;
      const share = { path: this.#path(depth), rest: [next, tried, only, this.#some[depth]] };
      this.#next[depth] = this.#moves;
      this.#tried[depth] = 0;
      this.#some[depth] = 1;
      return share;
    }
    return undefined;
  }

  resume({ path, rest }: Share): void {
    this.#finished = false;
    path.forEach((step, depth) => {
      this.#enterAt(depth);
      this.#next[depth] = this.#moves;
      this.#some[depth] = 1;
      this.#taken[depth] = step < 0 ? step : taskOf(step);
      this.#alternative[depth] = alternativeOf(step);
      this.#state.step(this.#taken[depth], this.#alternative[depth]);
    });
    this.#enter(path.length);
    // Of a part that nobody has begun yet (frontier.ts) all is left to try.
    if (rest.length === 0) return;
    [this.#next[path.length], this.#tried[path.length], this.#only[path.length], this.#some[path.length]] = rest;
  }

  /**
   * Explores until `until` (milliseconds of performance.now()), a bound, or the end.
   *
   * @param look called now and then; true ends it here, to go on later
   */
  run(until: number, look?: () => boolean): void {
    const every = (look ? LOOK_EVERY_SHARED : LOOK_EVERY) - 1;
    const machine = this.#machine,
      state = this.#state,
      moves = this.#moves,
      { onState, maxStates, maxDepth, serial } = this.#options;
    for (let ticks = 0;; ticks++) {
      if ((ticks & every) === every && (performance.now() > until || look?.())) return;
      const depth = this.#depth, move = this.#next[depth];
      if (move >= moves) {
        if (this.#some[depth] === 0) this.#end();
        if (depth === 0) {
          this.#finished = true;
          return;
        }
        state.back();
        this.#depth = depth - 1;
        continue;
      }
      const only = this.#only[depth], task = machine.move(move);
      if ((only >= 0 ? move !== only : move === ALL_BUT - only) || !machine.isEnabled(task)) {
        this.#next[depth] = move + 1;
        continue;
      }
      const alternatives = task < 0 ? 0 : machine.alternatives(task);
      const alternative = alternatives === 0 ? 0 : ++this.#tried[depth];
      if (alternative === alternatives) {
        this.#next[depth] = move + 1;
        this.#tried[depth] = 0;
        if (alternatives > this.mostAlternatives) this.mostAlternatives = alternatives;
      }
      this.#some[depth] = 1;
      const reduced = only >= 0 && !serial;
      const fromA = state.a, fromB = state.b;
      this.#noteWhere(task);
      state.step(task, alternative);
      this.transitions++;
      const forward = this.#wentOn(task);
      if (reduced && !forward) {
        // On a cycle of steps that go alone, the others would wait forever: somewhere on it every task has a turn.
        this.#only[depth] = alternative === 0 ? ALL_BUT - move : -1;
        this.#next[depth] = 0;
        this.#tried[depth] = 0;
      }
      if (!this.visited.add(state.a, state.b, fromA, fromB, forward)) {
        this.matched++;
        state.back();
        continue;
      }
      this.#taken[depth] = task;
      this.#alternative[depth] = alternative;
      if (onState?.()) {
        state.back();
        continue;
      }
      if (this.visited.size >= maxStates) {
        this.bound = "states";
        return;
      }
      if (depth + 1 >= maxDepth) {
        this.bound ??= "depth";
        state.back();
        continue;
      }
      this.#enter(depth + 1);
      if (depth + 1 > this.deepest) this.deepest = depth + 1;
    }
  }

  #noteWhere(task: number): void {
    if (task < 0) return;
    const { record } = this.#machine.tasks[task], { memory } = this.#machine;
    this.#insn = memory.getU32(record + TASK.insn);
    this.#invocation = memory.getU32(record + TASK.invocation);
  }

  /**
   * Whether the step since {@link #noteWhere} led further down the program, further through a kernel model, or into
   * another run: no cycle consists of such steps alone.
   */
  #wentOn(task: number): boolean {
    // Flushes alone come to an end when the buffers are empty.
    if (task < 0) return true;
    const { record } = this.#machine.tasks[task], { memory } = this.#machine;
    if (memory.getU32(record + TASK.invocation) !== this.#invocation) return true;
    return memory.getU32(record + TASK.insn) > this.#insn || this.#state.sameCall;
  }

  #enterAt(depth: number): void {
    if (depth >= this.#next.length) this.#grow();
    this.#depth = depth;
    this.#next[depth] = 0;
    this.#tried[depth] = 0;
    this.#some[depth] = 0;
    this.#only[depth] = -1;
  }

  #enter(depth: number): void {
    this.#enterAt(depth);
    let last = this.#moves - 1;
    while (last >= 0 && !this.#machine.isEnabled(this.#machine.move(last))) last--;
    this.#last[depth] = last;
    if (this.#options.serial) this.#only[depth] = this.#unfinished(depth);
    else if (this.#options.isLocal) this.#only[depth] = this.#local();
  }

  /** In a serial search: the task that took the last step, while its run is not over and it can go on. */
  #unfinished(depth: number): number {
    if (depth === 0) return -1;
    const last = this.#taken[depth - 1], task = this.#machine.tasks[last], { memory } = this.#machine;
    const under = task.kind === "user"
      ? task.models.length > 0
      : memory.getU32(task.record + TASK.runState) !== RUN.none;
    if (!under || !this.#machine.isEnabled(last)) return -1;
    const began = task.kind !== "user" && !this.#machine.sharesCpus &&
      memory.getU32(task.record + TASK.invocation) !== this.#invocationBefore(last);
    return began ? -1 : last;
  }

  #invocationBefore(task: number): number {
    return this.#state.savedField(task, TASK.invocation);
  }

  #local(): number {
    const { isLocal } = this.#options;
    for (let move = 0; move < this.#moves; move++) {
      const task = this.#machine.move(move);
      if (this.#machine.isEnabled(task) && isLocal!(task)) return move;
    }
    return -1;
  }

  #end(): void {
    const machine = this.#machine;
    const kind = machine.fault ? "fault" : machine.tasks.every((task) => machine.isDone(task)) ? "done" : "deadlock";
    const { a, b } = this.#state;
    this.#options.onEnd({ kind, a, b, path: () => this.#path(this.#depth) });
  }

  #path(depth: number): number[] {
    return Array.from({ length: depth }, (_, d) => stepOf(this.#taken[d], this.#alternative[d]));
  }

  #grow(): void {
    const length = this.#next.length * 2;
    const grow = (old: Int32Array) => {
      const grown = new Int32Array(length);
      grown.set(old);
      return grown;
    };
    this.#next = grow(this.#next);
    this.#taken = grow(this.#taken);
    this.#tried = grow(this.#tried);
    this.#alternative = grow(this.#alternative);
    this.#only = grow(this.#only);
    this.#last = grow(this.#last);
    const some = new Uint8Array(length);
    some.set(this.#some);
    this.#some = some;
  }
}

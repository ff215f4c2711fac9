/**
 * One schedule to each end of a large search, the same whatever thread found the end, and when: back from the end
 * along the steps that the whole search knows, always to the smallest fingerprint, and then forth on the machine.
 */
import type { Machine } from "../machine/machine.ts";
import { alternativeOf, stepOf, taskOf } from "../schedulers/schedule.ts";
import type { FoundEnd, OneSearch } from "./one_search.ts";
import type { SearchState } from "./state.ts";
import { half, type StateTable } from "./state_table.ts";
import { DONE, FAULTED, KNOWN_LOCAL_WORDS, type KnownTransitions, LOCAL, TRANSITION } from "./transition_cache.ts";
import type { TransitionCache } from "./transition_cache.ts";

const L = LOCAL.words, T = TRANSITION.words;

interface Fingerprint {
  readonly a: number;
  readonly b: number;
}

const isSame = (one: Fingerprint, other: Fingerprint): boolean =>
  half(one.a | 0) === half(other.a | 0) && half(one.b | 0) === half(other.b | 0);
const keyOf = ({ a, b }: Fingerprint): string => `${half(a | 0)} ${half(b | 0)}`;

/** Finds ways to ends, and puts the machine there. */
export interface WaysBack {
  /**
   * The schedule to an end; the machine stands in it.
   *
   * Where the way back leads in a circle it is the schedule that the end was found by.
   */
  retrace(end: FoundEnd): number[];
}

/**
 * @param one a search of the workload; it must not go on
 * @param visited what all threads have seen
 * @param known the steps that they have kept, each of its own
 */
export function waysBack(
  one: OneSearch,
  machine: Machine,
  symmetric: boolean,
  visited: StateTable,
  known: readonly KnownTransitions[],
): WaysBack {
  if (one.cache) return new KeptSteps(one.cache, symmetric, visited, known);
  return new Labels(machine, one.state, visited);
}

/** Along the labels of the table of states. */
class Labels implements WaysBack {
  readonly #machine: Machine;
  readonly #state: SearchState;
  readonly #visited: StateTable;
  readonly #first: Fingerprint;

  constructor(machine: Machine, state: SearchState, visited: StateTable) {
    this.#machine = machine;
    this.#state = state;
    this.#visited = visited;
    while (state.depth > 0) state.back();
    this.#first = { a: state.a, b: state.b };
  }

  retrace(end: FoundEnd): number[] {
    const state = this.#state, chain = this.#chain(end), path: number[] = [];
    while (state.depth > 0) state.back();
    for (const next of chain ?? []) {
      const step = this.#stepTo(next);
      if (step === undefined) break;
      path.push(step);
    }
    if (chain && path.length === chain.length) return path;
    while (state.depth > 0) state.back();
    for (const step of end.path) state.step(step < 0 ? step : taskOf(step), alternativeOf(step));
    return [...end.path];
  }

  /** The states from the first one's successor to an end; undefined for a circle. */
  #chain(end: FoundEnd): Fingerprint[] | undefined {
    const chain: Fingerprint[] = [], seen = new Set<string>();
    for (
      let at: Fingerprint | undefined = end;
      at && !isSame(at, this.#first);
      at = this.#visited.labelOf(at.a, at.b)
    ) {
      if (seen.has(keyOf(at))) return undefined;
      seen.add(keyOf(at));
      chain.push(at);
    }
    return chain.reverse();
  }

  /** Takes the first step that leads to a state, if there is one. */
  #stepTo(next: Fingerprint): number | undefined {
    const machine = this.#machine, state = this.#state;
    for (let i = 0; i < machine.moves; i++) {
      const move = machine.move(i);
      if (!machine.isEnabled(move)) continue;
      const most = machine.alternatives(move);
      for (let alternative = Math.min(1, most); alternative <= most; alternative++) {
        state.step(move, alternative);
        if (isSame(state, next)) return move < 0 ? move : stepOf(move, alternative);
        state.back();
      }
    }
    return undefined;
  }
}

interface Step {
  readonly from: number;
  readonly addr: number;
  readonly oldLow: number;
  readonly oldHigh: number;
  readonly newLow: number;
  readonly newHigh: number;
  readonly a: number;
  readonly b: number;
  readonly backward: number;
}

/** A state by the local states of its tasks and the words that were taken back so far. */
interface Place extends Fingerprint {
  readonly locals: readonly number[];
  readonly words: ReadonlyMap<number, readonly [number, number]>;
  readonly backward: number;
}

/** Along kept steps, taken backwards. */
class KeptSteps implements WaysBack {
  readonly #cache: TransitionCache;
  readonly #symmetric: boolean;
  readonly #visited: StateTable;
  readonly #numbers = new Map<string, number>();
  readonly #faults = new Set<number>();
  /** By the local state that they lead to. */
  readonly #into = new Map<number, Step[]>();
  readonly #first: Fingerprint;

  constructor(
    cache: TransitionCache,
    symmetric: boolean,
    visited: StateTable,
    known: readonly KnownTransitions[],
  ) {
    this.#cache = cache;
    this.#symmetric = symmetric;
    this.#visited = visited;
    this.#first = { a: cache.a, b: cache.b };
    const seen = new Set<string>();
    for (const of of [cache.known, ...known]) this.#add(of, seen);
  }

  retrace(end: FoundEnd): number[] {
    const cache = this.#cache;
    this.#goTo(end.path);
    const chain = this.#back(end);
    cache.reset();
    const path: number[] = [];
    let at: Fingerprint = this.#first;
    for (const next of chain ?? []) {
      const task = this.#taskTo(at, next);
      if (task === undefined) break;
      this.#follow(task, cache.next(task));
      path.push(task);
      at = next;
    }
    const isWhole = chain !== undefined && path.length === chain.length;
    if (!isWhole) this.#goTo(end.path);
    cache.restoreMachine();
    return isWhole ? path : [...end.path];
  }

  #goTo(path: readonly number[]): void {
    this.#cache.reset();
    for (const task of path) this.#follow(task, this.#cache.next(task));
  }

  #add({ locals, transitions, addrs }: KnownTransitions, seen: Set<string>): void {
    const numbers: number[] = [];
    for (let at = 0; at < locals.length; at += KNOWN_LOCAL_WORDS) {
      const [task, a, b, isFault] = locals.subarray(at, at + KNOWN_LOCAL_WORDS);
      const number = this.#numberOf(task, a, b);
      numbers.push(number);
      if (isFault) this.#faults.add(number);
    }
    for (let at = 0; at < transitions.length; at += T) {
      const [from, to, word, oldLow, oldHigh, newLow, newHigh, a, b, backward] = transitions.subarray(at, at + T);
      const key = `${numbers[from]} ${oldLow} ${oldHigh}`;
      if (seen.has(key)) continue;
      seen.add(key);
      const step = { from: numbers[from], addr: addrs[word], oldLow, oldHigh, newLow, newHigh, a, b, backward };
      const into = this.#into.get(numbers[to]);
      if (into) into.push(step);
      else this.#into.set(numbers[to], [step]);
    }
  }

  #numberOf(task: number, a: number, b: number): number {
    const key = this.#symmetric ? `${a} ${b}` : `${task} ${a} ${b}`, known = this.#numbers.get(key);
    if (known !== undefined) return known;
    this.#numbers.set(key, this.#numbers.size);
    return this.#numbers.size - 1;
  }

  /** The states from the first one's successor to an end in which the cache stands. */
  #back(end: Fingerprint): Fingerprint[] | undefined {
    const cache = this.#cache, numbers = Array.from(cache.current, (local) => this.#numberOf(...cache.localAt(local)));
    const values = new Map<number, readonly [number, number]>();
    const value = (addr: number) => {
      let known = values.get(addr);
      if (!known) values.set(addr, known = cache.valueAt(addr));
      return known;
    };
    const start: Place = { a: end.a, b: end.b, locals: numbers, words: new Map(), backward: 0 };
    const seen = new Set([keyOf(start)]), way = [{ place: start, before: this.#before(start, value) }];
    while (way.length > 0) {
      const { place, before } = way[way.length - 1];
      if (isSame(place, this.#first)) return way.slice(0, -1).map(({ place: { a, b } }) => ({ a, b })).reverse();
      const next = before.shift();
      if (!next) way.pop();
      else if (!seen.has(keyOf(next))) {
        seen.add(keyOf(next));
        way.push({ place: next, before: this.#before(next, value) });
      }
    }
    return undefined;
  }

  /** States that a step leads to a place from: those first that the step led further down the program. */
  #before(place: Place, value: (addr: number) => readonly [number, number]): Place[] {
    const { locals, words } = place, found = new Map<string, Place>();
    locals.forEach((local, task) => {
      // A fault is the last step of all.
      if (locals.some((other, i) => i !== task && this.#faults.has(other))) return;
      for (const step of this.#into.get(local) ?? []) {
        const [low, high] = words.get(step.addr) ?? value(step.addr);
        if (low !== step.newLow || high !== step.newHigh) continue;
        const before: Place = {
          a: (place.a - step.a) | 0,
          b: (place.b - step.b) | 0,
          locals: locals.with(task, step.from),
          words: new Map(words).set(step.addr, [step.oldLow, step.oldHigh]),
          backward: step.backward,
        };
        const key = keyOf(before), known = found.get(key);
        if (isSame(before, place) || !this.#visited.has(before.a, before.b)) continue;
        if (!known || known.backward > before.backward) found.set(key, before);
      }
    });
    return [...found.values()].sort((x, y) =>
      x.backward - y.backward || half(x.a) - half(y.a) || half(x.b) - half(y.b)
    );
  }

  #taskTo(at: Fingerprint, next: Fingerprint): number | undefined {
    const cache = this.#cache;
    for (let task = 0; task < cache.current.length; task++) {
      const word = cache.locals[cache.current[task] * L + LOCAL.word];
      if (word === DONE || word === FAULTED) continue;
      const index = cache.next(task) * T, { transitions } = cache;
      if (isSame({ a: at.a + transitions[index + TRANSITION.a], b: at.b + transitions[index + TRANSITION.b] }, next)) {
        return task;
      }
    }
    return undefined;
  }

  #follow(task: number, index: number): void {
    const cache = this.#cache, at = index * T, { transitions } = cache;
    cache.current[task] = transitions[at + TRANSITION.to];
    cache.low[transitions[at + TRANSITION.word]] = transitions[at + TRANSITION.newLow];
    cache.high[transitions[at + TRANSITION.word]] = transitions[at + TRANSITION.newHigh];
  }
}

/** The search of one thread: of the kind that suits the programs, on a machine of its own. */
import type { Machine } from "../machine/machine.ts";
import { skipsKey } from "../machine/skips.ts";
import { CachedSearch } from "./cached_search.ts";
import { DepthFirst, type DepthFirstOptions, type End } from "./depth_first.ts";
import type { DisjointData } from "./disjoint_data.ts";
import { outcomeKey, returnedKey } from "./outcome.ts";
import { SearchState } from "./state.ts";
import type { StateTable } from "./state_table.ts";
import { TaskStates } from "./task_state.ts";
import { TransitionCache } from "./transition_cache.ts";

/** How a workload is searched: the same on all threads that share it. */
export interface SearchKind {
  /** Steps are kept (transition_cache.ts). */
  readonly plain: boolean;
  /** Tasks are interchangeable (symmetry.ts). */
  readonly symmetric: boolean;
  readonly reduce: boolean;
}

/** A search under way, with what it stands on: kept steps, or the state of the machine. */
export type OneSearch =
  | { readonly search: CachedSearch; readonly cache: TransitionCache; readonly state?: undefined }
  | { readonly search: DepthFirst; readonly state: SearchState; readonly cache?: undefined };

type Options = Pick<DepthFirstOptions, "maxStates" | "maxDepth" | "waits"> & { readonly visited?: StateTable };

/** @param onEnd called at every end, with a text that is the same where the memory that tasks share is */
export function oneSearch(
  machine: Machine,
  { plain, symmetric, reduce }: SearchKind,
  data: DisjointData | undefined,
  options: Options,
  onEnd: (end: End, shared: string) => void,
): OneSearch {
  if (plain) {
    const cache = new TransitionCache(machine, new TaskStates(machine, symmetric), data);
    return { cache, search: new CachedSearch(cache, { ...options, onEnd: (end) => onEnd(end, cache.sharedKey) }) };
  }
  const state = new SearchState(machine, symmetric), touches = data?.useful ? data.watch(machine) : undefined;
  const chooses = reduce && (machine.readsUndefinedStack || machine.open.randomCalls.length > 0);
  const search = new DepthFirst(machine, state, {
    ...options,
    isLocal: chooses ? (task) => machine.choosesAlone(task) || (touches?.(task) ?? false) : touches,
    onEnd: (end) => onEnd(end, `${state.sharedA} ${state.sharedB}`),
  });
  return { search, state };
}

/** An end that a search has found: its fingerprint, one schedule that leads there, and which outcome it is. */
export interface FoundEnd {
  readonly kind: End["kind"];
  readonly a: number;
  readonly b: number;
  readonly path: readonly number[];
  readonly outcome: string;
}

/** Ends that can be told apart, each once: of those that cannot, the one with the smallest fingerprint. */
export class FoundEnds {
  readonly #byKey = new Map<string, FoundEnd>();

  /** Notes an end in which the machine stands. True when it is the first of its kind. */
  note(end: End, machine: Machine, shared: string): boolean {
    const key = `${end.kind} ${shared} ${returnedKey(machine)} ${skipsKey(machine)} ${machine.fault?.message ?? ""}`;
    const known = this.#byKey.get(key);
    if (known && compareEnds(known, end) <= 0) return false;
    const outcome = known?.outcome ?? (end.kind === "done" ? outcomeKey(machine) : "");
    this.#byKey.set(key, { kind: end.kind, a: end.a, b: end.b, path: end.path(), outcome });
    return known === undefined;
  }

  get all(): FoundEnd[] {
    return [...this.#byKey.values()];
  }
}

/** By fingerprint. */
export const compareEnds = (one: Pick<FoundEnd, "a" | "b">, other: Pick<FoundEnd, "a" | "b">): number =>
  one.a - other.a || one.b - other.b;

/** What machines that begin alike have in common, as text. */
export function firstState(machine: Machine): string {
  const { a, b } = new SearchState(machine, false), { insns } = machine.image;
  machine.memory.journal = undefined;
  let code = insns.length;
  for (const { opcode, dst, src, off, imm, imm64 = 0n } of insns) {
    for (const part of [opcode, dst, src, off, imm, Number(BigInt.asIntN(32, imm64)), Number(imm64 >> 32n)]) {
      code = Math.imul(code ^ part, 0x9e37_79b1) ^ (code >>> 15);
    }
  }
  return `${a} ${b} ${code} ${machine.memory.heapEnd} ${machine.kernel.stateKey()}`;
}

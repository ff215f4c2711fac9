/** Finds lost updates in a trace: stores that another task wipes out with a value computed from before them. */
import { inMemoryOrder } from "./memory_order.ts";
import type { TraceStep } from "./result.ts";

/** One overwriting store and the updates that are gone with it; all are indices into the trace. */
export interface LostUpdate {
  /** What was updated: `counter`. */
  readonly target: string;
  /** Where the overwriting task had read the value, and where it stores what it made of it. */
  readonly load: number;
  readonly store: number;
  /** The updates that memory held until then and that the new value knows nothing of, in order; at least one. */
  readonly lost: readonly number[];
  /** How many more updates this store wipes out that a later store brings back. */
  readonly broughtBack: number;
}

/** What one address has held: every change with the change that it was computed from, as commits have parents. */
interface Versions {
  /** The change that memory holds now; -1 is what was there before the trace. */
  current: number;
  readonly parent: Map<number, number>;
}

/** What a task knows of an address in its current run: the change that it has read, and where. */
interface Known {
  readonly version: number;
  readonly load: number;
  readonly invocation: number;
}

/**
 * Goes through a trace and gives every lost update in the order of the overwriting stores.
 *
 * A plain store counts as computed from what the same run has last read from (or itself stored to) the same address.
 * Changes that memory holds by then and that are no ancestors of what was read are lost, unless a later store brings
 * them back. An atomic reads and writes in one step, so it overwrites nothing unseen. A store whose run has not read
 * the address is no update; it loses nothing. Accesses of different sizes are compared by their first byte.
 */
export function findLostUpdates(trace: readonly TraceStep[]): LostUpdate[] {
  const steps = inMemoryOrder(trace);
  const addresses = new Map<number, Versions>();
  const knowledge = new Map<string, Known>();
  /** By lost change: the store that wiped it out last. */
  const wiped = new Map<number, number>();
  const loadOf = new Map<number, number>();
  const wipedBy = new Map<number, number>();
  steps.forEach((step, index) => {
    if (step.addr === undefined) return;
    let versions = addresses.get(step.addr);
    if (!versions) addresses.set(step.addr, versions = { current: -1, parent: new Map() });
    const key = `${step.task} ${step.addr}`;
    const invocation = step.invocation;
    if (step.kind === "load") {
      knowledge.set(key, { version: versions.current, load: index, invocation });
    } else if (step.kind === "store") {
      const known = knowledge.get(key);
      const updates = known !== undefined && known.invocation === invocation;
      if (!updates && step.before === step.after) return;
      const parent = updates ? known.version : versions.current;
      const gone = unseen(versions, parent);
      for (const change of gone) wiped.set(change, index);
      wipedBy.set(index, gone.length);
      versions.parent.set(index, parent);
      versions.current = index;
      if (updates) {
        loadOf.set(index, known.load);
        knowledge.set(key, { version: index, load: known.load, invocation });
      }
    } else if (step.before !== step.after) {
      versions.parent.set(index, versions.current);
      versions.current = index;
    }
  });
  for (const versions of addresses.values()) {
    for (let kept = versions.current; kept >= 0; kept = versions.parent.get(kept)!) wiped.delete(kept);
  }
  const byStore = new Map<number, number[]>();
  for (const [gone, store] of wiped) {
    const others = byStore.get(store);
    if (others) others.push(gone);
    else byStore.set(store, [gone]);
  }
  return [...byStore].sort((a, b) => a[0] - b[0]).map(([store, lost]) => ({
    target: steps[store].target ?? `0x${steps[store].addr!.toString(16)}`,
    load: loadOf.get(store)!,
    store,
    lost: lost.sort((a, b) => a - b),
    broughtBack: wipedBy.get(store)! - lost.length,
  }));
}

/** The changes in what memory holds that `version` does not descend from. A parent's index is below its child's. */
function unseen({ current, parent }: Versions, version: number): number[] {
  const gone: number[] = [];
  for (let a = current, b = version; a !== b;) {
    if (a > b) {
      gone.push(a);
      a = parent.get(a)!;
    } else b = parent.get(b)!;
  }
  return gone;
}

/** The steps that tell of a lost update: what was read where, and the stores. */
export function stepsOfLostUpdate(steps: readonly TraceStep[], update: LostUpdate): number[] {
  // The first and the last lost store tell the story; a window can hold thousands.
  const stores = [...new Set([update.lost[0], update.lost[update.lost.length - 1]])];
  const reads = stores.map((store) => {
    const { task, addr } = steps[store];
    let read = store - 1;
    while (read >= 0 && !(steps[read].task === task && steps[read].kind === "load" && steps[read].addr === addr)) {
      read--;
    }
    return read;
  });
  return [update.load, update.store, ...stores, ...reads.filter((read) => read >= 0)];
}

/** The ends that a search finds under one layout of the hash maps, held against runs one after another. */
import type { Machine } from "../machine/machine.ts";
import { skipsKey, skipsOf, withoutSkipped } from "../machine/skips.ts";
import type { Values } from "../report/result.ts";
import { formatSchedule } from "../schedulers/schedule.ts";
import type { Plan } from "../workload/plan.ts";
import type { ExploredOutcome, ExploreOptions } from "./exploration.ts";
import { endKey, outcomeKey } from "./outcome.ts";
import { askHolds } from "./reader_property.ts";

/** The ends of runs one after another by {@link endKey}; undefined where they could not all be found. */
export type SerialEnds = Map<string, Values> | undefined;

type Found = Omit<ExploredOutcome, "serial"> & { readonly end: string; readonly which: string };

export class Ends {
  readonly #found = new Map<string, Found>();
  /** By what is skipped: the workload of the runs that happen, and their ends one after another. */
  readonly #happening = new Map<string, Plan>();
  readonly #serial: Map<string, SerialEnds>;

  /** @param serial the ends of all runs, one after another */
  constructor(
    readonly plan: Plan,
    readonly holds: ExploreOptions["holds"],
    readonly hashSeed: number,
    serial: SerialEnds,
  ) {
    this.#serial = new Map([["", serial]]);
  }

  /** Whether the end that a machine has come to is what the search is after. */
  isAnomaly(machine: Machine): boolean {
    if (this.holds) {
      return !askHolds(this.holds, machine.kernel, returnedOf(machine), this.plan.object.maps.map(({ name }) => name));
    }
    const ends = this.#serial.get(skipsKey(machine));
    return ends !== undefined && !ends.has(endKey(machine));
  }

  /** Notes an end, and how the search came to it. */
  add(machine: Machine, path: readonly number[]): void {
    // Which inner map user space made first is no part of an outcome, but a property may ask for it by name.
    const asksNames = this.holds !== undefined && this.plan.object.maps.some(({ inner }) => inner);
    const key = outcomeKey(machine), known = this.#found.get(key);
    if (known && (!asksNames || known.anomaly)) return;
    const anomaly = this.holds !== undefined && this.isAnomaly(machine);
    if (known && !anomaly) return;
    const skips = skipsOf(machine), which = skipsKey(machine);
    if (which !== "" && !this.#happening.has(which)) this.#happening.set(which, withoutSkipped(this.plan, machine));
    const users = machine.tasks.some((task) => task.kind === "user");
    this.#found.set(key, {
      key,
      values: machine.kernel.values(),
      returned: users ? returnedOf(machine) : undefined,
      skipped: skips.reduce((sum, { runs }) => sum + runs, 0),
      skips,
      anomaly,
      end: endKey(machine),
      which,
      witness: formatSchedule(path, this.hashSeed),
    });
  }

  /** Begins anew with the ends of all schedules. */
  forget(): void {
    this.#found.clear();
  }

  /**
   * Holds the ends with skipped runs against those of the runs that happened.
   *
   * @param run gives the ends of a workload, one run after another
   * @returns false where some of these could not all be found
   */
  async compareSkipping(run: (happening: Plan) => Promise<SerialEnds>): Promise<boolean> {
    for (const [which, happening] of this.#happening) this.#serial.set(which, await run(happening));
    return [...this.#serial.values()].every((ends) => ends !== undefined);
  }

  /** The ends, each once. */
  get outcomes(): ExploredOutcome[] {
    return [...this.#found.values()].map(({ end, which, ...outcome }) => {
      const ends = this.#serial.get(which), serial = ends?.has(end) ?? false;
      return { ...outcome, serial, anomaly: this.holds ? outcome.anomaly : ends !== undefined && !serial };
    });
  }

  /** The ends of all runs, one after another. */
  get serial(): SerialEnds {
    return this.#serial.get("");
  }
}

const returnedOf = (machine: Machine): Record<string, unknown> =>
  Object.fromEntries(machine.tasks.flatMap(({ user, returned }) => user === undefined ? [] : [[user, returned]]));

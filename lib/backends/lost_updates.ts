/** How much of a simulated run is lost, from the run itself: updates that were overwritten unseen. */
import type { Kernel } from "../bpf_helpers/kernel.ts";
import { lostFraction, orderDependent, shortfall } from "../report/lost.ts";
import type { Ended, SimulatedRun } from "./simulated_run.ts";

/**
 * Steps that are looked at one by one. Of a longer run its beginning says which numbers are overwritten, and two serial
 * orders have to do.
 */
const MOST_WATCHED = 2_000_000;

/** The part of a result that speaks of losses. */
export interface Losses {
  readonly lost: number;
  /** Names whose value depends on the order of runs, the clock or random numbers; known where the end is another one. */
  readonly orderDependent: readonly string[];
}

const NONE: Losses = { lost: 0, orderDependent: [] };

/**
 * What a run has lost, see {@link Result.lost}.
 *
 * Only where a number falls short of the serial value is more than that value looked at: other serial orders, and then
 * the run once more, step by step.
 */
export async function lossesOf(run: SimulatedRun, ended: Ended, serial: Kernel | undefined): Promise<Losses> {
  const { machine, initial } = ended;
  if (serial === undefined || machine.fault) return NONE;
  const listed = serial.values(), final = machine.kernel.values();
  if (orderDependent([listed, final]).length === 0) return NONE;
  const watchesAll = machine.steps <= MOST_WATCHED;
  const others = await run.otherSerials(ended, watchesAll ? ["reversed", "by turns"] : ["reversed"]);
  const serials = [listed, ...others.map((kernel) => kernel.values())];
  const dependent = orderDependent(serials);
  if (shortfall(initial, serials, final).short.size === 0) return { lost: 0, orderDependent: dependent };
  const counted = ended.overwritten ?? run.overwritten(MOST_WATCHED);
  const lost = lostFraction(initial, serials, final, (name, short) => {
    const { amount = 0, count = 0 } = counted.get(name) ?? {};
    if (ended.overwritten || watchesAll) return amount;
    return count > 0 ? short : 0;
  });
  return { lost, orderDependent: dependent };
}

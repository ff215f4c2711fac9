/**
 * Between what values a profile's answer lies when what no profile knows is otherwise: how the CPUs' runs fall against
 * each other, and how long a line travels and stays, which on a machine that is shared changes within seconds.
 */
import type { MachineOwnerOptions } from "../machine/machine.ts";
import { OverwrittenUpdates } from "../machine/overwritten.ts";
import type { ModelRange, Values } from "../report/result.ts";
import type { Plan } from "../workload/plan.ts";
import type { Profile } from "./profile.ts";
import { TimedMachine } from "./timed_run.ts";

/** How much faster and slower lines are taken to be, and how much shorter and longer they stay. */
const LINES_BY = 0.15, STAY_BY = 0.3;
const [fast, slow, short, long] = [1 - LINES_BY, 1 + LINES_BY, 1 - STAY_BY, 1 + STAY_BY];
const VARIANTS = [[1, 1], [fast, short], [fast, long], [slow, short], [slow, long]] as const;
/** A range needs no more runs than this on each CPU. */
const MOST_INVOCATIONS = 200;

/** What overwritten updates had added, as a share of what all have. */
function lostShare(updates: OverwrittenUpdates, before: Values, after: Values): number {
  let gone = 0, kept = 0;
  for (const [name, { amount }] of updates.finish()) {
    const [from, to] = [before[name] ?? 0n, after[name] ?? 0n];
    if (typeof from !== "bigint" || typeof to !== "bigint" || amount <= 0) continue;
    gone += amount;
    kept += Math.max(0, Number(to - from));
  }
  // The first atomic operation on a place is noted when it has happened, and seems to be lost.
  const share = gone === 0 ? 0 : gone / (gone + kept);
  return share * MOST_INVOCATIONS <= 1 ? 0 : share;
}

const scaled = (profile: Profile, lines: number, stay: number): Profile => {
  const { sameCore, sameGroup, otherGroup, otherSocket } = profile.transferNs;
  return {
    ...profile,
    holdNs: profile.holdNs * stay,
    transferNs: {
      sameCore: sameCore * lines,
      sameGroup: sameGroup * lines,
      otherGroup: otherGroup * lines,
      otherSocket: otherSocket * lines,
    },
  };
};

/** The profile, and four others that are as likely: with faster or slower lines that stay for a shorter or longer time. */
export const variantsOf = (profile: Profile): Profile[] =>
  VARIANTS.map(([lines, stay]) => scaled(profile, lines, stay));

/** Runs a workload a few times more, shorter, with other phases and other lines. */
export function modelRange(
  plan: Plan,
  options: MachineOwnerOptions,
  profile: Profile,
  seed: number,
): ModelRange {
  const tasks = plan.tasks.map((task) => ({ ...task, invocations: Math.min(task.invocations, MOST_INVOCATIONS) }));
  const shorter: Plan = { ...plan, tasks };
  const ns: number[] = [], lost: number[] = [];
  for (const [i, variant] of variantsOf(profile).entries()) {
    const timed = new TimedMachine(shorter, options, variant, seed + i);
    const { kernel } = timed.machine, before = kernel.values(), updates = new OverwrittenUpdates(timed.machine);
    ns.push(timed.run(updates).nsPerOp);
    lost.push(lostShare(updates, before, kernel.values()));
  }
  return {
    nsPerOp: [Math.min(...ns), Math.max(...ns)],
    lost: [Math.min(...lost), Math.max(...lost)],
    linesBy: LINES_BY,
  };
}

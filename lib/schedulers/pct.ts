/**
 * Probabilistic concurrency testing (Burckhardt, Kothari, Musuvathi, Nagarakatte: "A Randomized Scheduler with
 * Probabilistic Guarantees of Finding Bugs", ASPLOS 2010): every task has a random priority, the highest enabled one
 * runs, and at d - 1 random steps the running task falls to the bottom.
 *
 * Steps that only one task can take are not counted, as in awslabs/shuttle (src/scheduler/pct.rs): a change of
 * priorities there changes nothing, and each point drawn among them is one that the rest of the run does not get.
 */
import { SeededRandom } from "./random_numbers.ts";
import type { Scheduler } from "./scheduler.ts";

/**
 * The PCT scheduler: random priorities, and d - 1 points where the running task falls behind all others.
 *
 * @param depth d, the number of ordering constraints of the bugs to be found, at least 1
 * @param steps k, how many steps of a run are a choice between several tasks (change points are drawn from them), at
 *   least 1; more than there are makes bugs rarer, fewer can hide them. Left out: as many as a rehearsal of the run had,
 *   by the random scheduler with the same seed
 * @throws RangeError for a depth or a number of steps that is not a whole number from 1 on
 *
 * @example
 * ```ts
 * import { bpf, pct, simulate } from "interleave";
 * const racy = await bpf`int counter; SEC("raw_tp") int count(void *ctx) { counter += 1; return 0; }`;
 * let found = 0;
 * for (let seed = 1; seed <= 50; seed++) {
 *   const run = await simulate(racy, { cpus: 2, invocations: 1, seed, scheduler: pct(2) });
 *   if (run.lost > 0) found++;
 * }
 * if (found === 0) throw new Error("a bug of depth 2 among 3 choices shows at least once in 6 runs on average");
 * ```
 */
export function pct(depth = 2, steps?: number): Scheduler {
  const isCount = (value: number) => Number.isSafeInteger(value) && value >= 1;
  if (!isCount(depth) || !isCount(steps ?? 1)) {
    throw new RangeError(`pct(${depth}, ${steps}): depth and steps are whole numbers from 1 on, as in pct(2, 1000)`);
  }
  let priority = new Map<number, number>(),
    numbers = new SeededRandom(1),
    changes: number[] = [],
    lowest = 0,
    choice = 0,
    learned = 1,
    highestRank = 0;
  const learn = (choices: number) => {
    learned = Math.max(1, choices);
  };
  return {
    name: `pct (depth ${depth}, ${steps === undefined ? "steps of a rehearsal" : `${steps} steps`})`,
    ...(steps === undefined && { learn }),
    reset(tasks, seed) {
      numbers = new SeededRandom(seed);
      const ranks = Array.from({ length: tasks }, (_, i) => depth + i);
      for (let i = tasks - 1; i > 0; i--) {
        const j = numbers.below(i + 1);
        [ranks[i], ranks[j]] = [ranks[j], ranks[i]];
      }
      priority = new Map(ranks.entries());
      highestRank = depth + tasks;
      changes = Array.from({ length: depth - 1 }, () => numbers.below(steps ?? learned)).sort((a, b) => a - b);
      lowest = depth - 1;
      choice = 0;
    },
    next({ enabled }) {
      if (enabled.length === 1) return enabled[0];
      // A store buffer takes a place among the tasks when it is first seen; two never have the same.
      for (const step of enabled) {
        if (!priority.has(step)) {
          priority.set(step, depth - 1 + numbers.below(highestRank - depth + 1) + 1 / (1 - step));
        }
      }
      const rank = (step: number) => priority.get(step)!;
      const highest = () => enabled.reduce((best, task) => rank(task) > rank(best) ? task : best);
      for (; changes[0] === choice; changes.shift()) priority.set(highest(), lowest--);
      choice++;
      return highest();
    },
  };
}

/**
 * The chance, at least, that one PCT run of n tasks and k steps finds a bug of depth d: 1 / (n k^(d-1)).
 *
 * @example
 * ```ts
 * import { pctGuarantee } from "interleave";
 * if (pctGuarantee(2, 4, 2) !== 1 / 8) throw new Error("two tasks, four steps, depth two");
 * ```
 */
export const pctGuarantee = (tasks: number, steps: number, depth: number): number => 1 / (tasks * steps ** (depth - 1));

/**
 * The chance, at most, that this many runs all miss a bug of depth d.
 *
 * @example
 * ```ts
 * import { pctMissing } from "interleave";
 * if (!(pctMissing(2, 4, 2, 50) < 0.0013)) throw new Error("(7/8)^50");
 * ```
 */
export const pctMissing = (tasks: number, steps: number, depth: number, runs: number): number =>
  (1 - pctGuarantee(tasks, steps, depth)) ** runs;

/** Fits the numbers of a profile to measured figures. */
import { SeededRandom } from "../schedulers/random_numbers.ts";
import type { Profile } from "./profile.ts";

/** A number of a profile that may change: `atomicNs`, `work.hash`, `transferNs.sameGroup`. */
export interface Parameter {
  readonly name: string;
  readonly least: number;
  readonly most: number;
  readonly whole?: boolean;
}

export interface FitOptions {
  /** Profiles to try. */
  readonly tries: number;
  readonly seed?: number;
  /** Told after each try. */
  readonly progress?: (done: number, total: number, score: number) => void | Promise<void>;
}

export interface Fit {
  readonly profile: Profile;
  /** What `score` says of it: the less the better. */
  readonly score: number;
}

/**
 * Looks for the profile with the least score by changing one to three numbers at a time (simulated annealing: the score
 * is noisy and has plateaus and valleys, so there is no slope to follow). At first it goes on from what is a little worse
 * too, later from what is better only.
 *
 * @param score what is to become small; it may give up as soon as it exceeds `most`
 */
export async function fitProfile(
  start: Profile,
  parameters: readonly Parameter[],
  score: (profile: Profile, most: number) => number,
  options: FitOptions,
): Promise<Fit> {
  const random = new SeededRandom(options.seed ?? 1);
  let profile = start, at = score(start, Infinity), best = start, least = at;
  for (let done = 1; done <= options.tries; done++) {
    // Back to the best so far where the search turns from wandering to descending.
    if (done === Math.ceil(WANDERS * options.tries)) [profile, at] = [best, least];
    let candidate = profile;
    for (let changes = 1 + random.below(3); changes > 0; changes--) {
      const parameter = parameters[random.below(parameters.length)], { least, most } = parameter;
      // Mostly small steps, now and then a large one; three uniform numbers make a bell.
      const width = (most - least) * (random.unit() < 0.3 ? 0.35 : 0.1);
      const step = width * (random.unit() + random.unit() + random.unit() - 1.5);
      candidate = withNumber(candidate, parameter, numberOf(candidate, parameter.name) + step);
    }
    const most = at * (1 + WORSE * Math.max(0, 1 - done / (WANDERS * options.tries)) * random.unit());
    const reached = score(candidate, most);
    if (reached < most) [profile, at] = [candidate, reached];
    if (reached < least) [best, least] = [candidate, reached];
    await options.progress?.(done, options.tries, least);
  }
  return { profile: best, score: least };
}

/** How much worse it may become, and for which part of the tries. */
const WORSE = 0.1, WANDERS = 0.6;

/** A number of a profile by its name. */
export function numberOf(profile: Profile, name: string): number {
  const value = name.split(".").reduce<unknown>((at, key) => (at as Record<string, unknown>)[key], profile);
  if (typeof value !== "number") throw new RangeError(`a profile has no number ${name}`);
  return value;
}

/** The profile with one number changed, kept within its bounds and to three digits. */
export function withNumber(profile: Profile, { name, least, most, whole }: Parameter, value: number): Profile {
  const bounded = Math.min(most, Math.max(least, value));
  return replaced(profile, name.split("."), whole ? Math.round(bounded) : Number(bounded.toPrecision(3)));
}

const replaced = <T extends object>(record: T, [key, ...inner]: readonly string[], value: number): T => ({
  ...record,
  [key]: inner.length === 0 ? value : replaced((record as Record<string, object>)[key], inner, value),
});

/**
 * Sets one number so that a prediction that grows with it comes out as measured: secants, a few of them.
 *
 * @param predict what a profile says
 * @param close how near is near enough, as a share of the figure
 * @returns the profile that comes closest; where no value within the bounds reaches the figure, the nearest bound
 */
export function solveNumber(
  start: Profile,
  parameter: Parameter,
  predict: (profile: Profile) => number,
  measured: number,
  close = CLOSE,
): Profile {
  let best = start, bestError = Infinity;
  const at = (value: number) => {
    const profile = withNumber(start, parameter, value), error = predict(profile) - measured;
    if (Math.abs(error) < bestError) {
      bestError = Math.abs(error);
      best = profile;
    }
    return error;
  };
  let x0 = numberOf(start, parameter.name), e0 = at(x0), x1 = x0 + Math.max(0.3 * x0, 0.2 * measured), e1 = at(x1);
  for (let step = 0; step < MOST_SECANTS && bestError > close * measured && e1 !== e0; step++) {
    const next = Math.min(parameter.most, Math.max(parameter.least, x1 - (e1 * (x1 - x0)) / (e1 - e0)));
    [x0, e0] = [x1, e1];
    if (next === x1) break;
    x1 = next;
    e1 = at(x1);
  }
  return best;
}

const MOST_SECANTS = 6, CLOSE = 0.005;

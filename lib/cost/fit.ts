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
 * Looks for the profile with the least score by changing one to three numbers at a time and keeping what is better
 * (a (1+1) evolution strategy; the score is noisy and has plateaus, so there is no slope to follow).
 *
 * @param score what is to become small; it may give up as soon as it exceeds `best`
 */
export async function fitProfile(
  start: Profile,
  parameters: readonly Parameter[],
  score: (profile: Profile, best: number) => number,
  options: FitOptions,
): Promise<Fit> {
  const random = new SeededRandom(options.seed ?? 1);
  let profile = start, best = score(start, Infinity);
  for (let done = 1; done <= options.tries; done++) {
    let candidate = profile;
    for (let changes = 1 + random.below(3); changes > 0; changes--) {
      const parameter = parameters[random.below(parameters.length)], { least, most } = parameter;
      // Mostly small steps, now and then a large one; three uniform numbers make a bell.
      const width = (most - least) * (random.unit() < 0.3 ? 0.35 : 0.1);
      const step = width * (random.unit() + random.unit() + random.unit() - 1.5);
      candidate = withNumber(candidate, parameter, numberOf(candidate, parameter.name) + step);
    }
    const reached = score(candidate, best);
    if (reached < best) {
      best = reached;
      profile = candidate;
    }
    await options.progress?.(done, options.tries, best);
  }
  return { profile, score: best };
}

/** A number of a profile by its name. */
export function numberOf(profile: Profile, name: string): number {
  const value = name.split(".").reduce<unknown>((at, key) => (at as Record<string, unknown>)[key], profile);
  if (typeof value !== "number") throw new RangeError(`a profile has no number ${name}`);
  return value;
}

/** The profile with one number changed, kept within its bounds and to three digits. */
export function withNumber(profile: Profile, { name, least, most, whole }: Parameter, value: number): Profile {
  const bounded = Math.min(most, Math.max(least, value));
  const rounded = whole ? Math.round(bounded) : Number(bounded.toPrecision(3));
  const [key, inner] = name.split(".");
  if (inner === undefined) return { ...profile, [key]: rounded };
  const group = profile[key as "work" | "transferNs"];
  return { ...profile, [key]: { ...group, [inner]: rounded } };
}

/**
 * Many runs over a grid of parameters and seeds, or many searches over a grid of parameters: in one go or in shards,
 * whose results merge into exactly what one go gives.
 */
import { sha256Hex } from "../host/hash.ts";
import type { BpfObject } from "../object/bpf_object.ts";
import { toJson } from "../report/json.ts";
import { explore } from "../search/explore.ts";
import { simulate } from "../backends/simulator.ts";
import type { SimulateOptions } from "../backends/simulate_options.ts";

const MOST_RUNS = 100_000_000;

/** Which part of a sweep to do: `index` of `count`, from 1. */
export interface Shard {
  readonly index: number;
  readonly count: number;
}

export interface SweepOptions {
  /** Numbers of CPUs, and of runs on each: every pair is a point. */
  readonly cpus: readonly number[];
  readonly invocations: readonly number[];
  /** `simulate` runs each point once for each seed, `explore` visits every schedule of each point. */
  readonly how?: "simulate" | "explore";
  /** First and last seed. Default 1 to 100. */
  readonly seeds?: readonly [number, number];
  readonly scheduler?: SimulateOptions["scheduler"];
  readonly programs?: SimulateOptions["programs"];
  readonly verify?: boolean;
  readonly shard?: Shard;
  /** Called after each run or search, with how many are done. */
  readonly onProgress?: (done: number, of: number) => void;
}

/** A final state, and how often it was reached. */
export interface SweepOutcome {
  readonly values: unknown;
  readonly fault?: string;
  readonly count: number;
  /** How far counters fell short, 0 to 1. */
  readonly lost?: number;
  /** The smallest seed that led here. */
  readonly seed?: number;
}

export interface SweepPoint {
  readonly cpus: number;
  readonly invocations: number;
  readonly runs: number;
  readonly outcomes: readonly SweepOutcome[];
  /** Of a search. */
  readonly states?: number;
  readonly observation?: string;
  readonly complete?: boolean;
}

/** What a sweep, or a part of one, found: plain JSON. */
export interface Sweep {
  readonly object: string;
  /** SHA-256 of the object's bytes, in hex: shards of another listing do not merge. */
  readonly listing: string;
  readonly how: "simulate" | "explore";
  readonly scheduler: string;
  readonly seeds: readonly [number, number];
  /** The shards that this is made of, and how many there are. */
  readonly shards: readonly number[];
  readonly of: number;
  readonly points: readonly SweepPoint[];
}

/** `2/8`: the second of eight. @throws RangeError for anything else */
export function parseShard(text: string): Shard {
  const match = /^(\d+)\/(\d+)$/.exec(text), index = Number(match?.[1]), count = Number(match?.[2]);
  if (!match || index < 1 || index > count) throw new RangeError(`shard ${text}: i/n with 1 <= i <= n is expected`);
  return { index, count };
}

/**
 * Runs a sweep, or one shard of it.
 *
 * Runs are dealt out to the shards in turn, so that every shard has its part of every point.
 */
export async function sweep(object: BpfObject, options: SweepOptions): Promise<Sweep> {
  const { how = "simulate", seeds = [1, 100], shard = { index: 1, count: 1 }, scheduler = "random" } = options;
  if (seeds[0] > seeds[1]) throw new RangeError(`seeds ${seeds[0]} to ${seeds[1]}: the first is above the last`);
  const grid = options.cpus.flatMap((cpus) => options.invocations.map((invocations) => ({ cpus, invocations })));
  const each = how === "explore" ? 1 : seeds[1] - seeds[0] + 1, all = grid.length * each;
  if (!(all <= MOST_RUNS)) {
    throw new RangeError(`${all} runs in one sweep: at most ${MOST_RUNS}; take fewer seeds, or sweep them in parts`);
  }
  const points = new Map<number, SweepPoint>();
  for (let unit = shard.index - 1, done = 0; unit < all; unit += shard.count) {
    const at = Math.floor(unit / each), seed = seeds[0] + unit % each;
    const { programs, verify } = options, workload = { ...grid[at], programs, verify };
    const found = how === "explore"
      ? await searchPoint(object, workload)
      : await runPoint(object, { ...workload, scheduler, seed });
    const before = points.get(at);
    points.set(at, before ? mergePoints(before, found) : found);
    options.onProgress?.(++done, Math.ceil((all - shard.index + 1) / shard.count));
  }
  return {
    object: object.name,
    listing: sha256Hex(object.bytes),
    how,
    scheduler: how === "explore" ? "all schedules" : typeof scheduler === "string" ? scheduler : scheduler.name,
    seeds,
    shards: [shard.index],
    of: shard.count,
    points: sortPoints([...points.values()]),
  };
}

/**
 * Puts shards together.
 *
 * @throws RangeError when they are not of one sweep, or one is there twice
 */
export function mergeSweeps(parts: readonly Sweep[]): Sweep {
  const [first, ...rest] = parts;
  if (!first) throw new RangeError("there is nothing to merge");
  const aspects: readonly (keyof Sweep)[] = ["listing", "how", "scheduler", "seeds", "of"];
  const points = new Map<string, SweepPoint>(), shards: number[] = [];
  for (const part of [first, ...rest]) {
    const other = aspects.find((aspect) => String(part[aspect]) !== String(first[aspect]));
    if (other) {
      throw new RangeError(
        `these are shards of different sweeps: ${other} is ${part[other]} in one and ${first[other]} in another`,
      );
    }
    for (const shard of part.shards) {
      if (shards.includes(shard)) throw new RangeError(`shard ${shard}/${part.of} is there twice`);
      shards.push(shard);
    }
    for (const point of part.points) {
      const key = `${point.cpus} ${point.invocations}`, before = points.get(key);
      points.set(key, before ? mergePoints(before, point) : point);
    }
  }
  const whole = shards.length === first.of;
  return {
    ...first,
    shards: whole ? [1] : shards.sort((a, b) => a - b),
    of: whole ? 1 : first.of,
    points: sortPoints([...points.values()]),
  };
}

async function runPoint(object: BpfObject, options: SimulateOptions): Promise<SweepPoint> {
  const run = await simulate(object, options), fault = run.fault?.message;
  const outcome = { values: plain(run.final), ...(fault && { fault }), count: 1, lost: run.lost, seed: options.seed! };
  return { cpus: run.cpus, invocations: run.invocations, runs: 1, outcomes: [outcome] };
}

async function searchPoint(object: BpfObject, options: SimulateOptions): Promise<SweepPoint> {
  const { cpus, invocations, outcomes, states, observation, complete } = await explore(object, options);
  const sorted = sortOutcomes(outcomes.map(({ values }) => ({ values: plain(values), count: 1 })));
  return { cpus, invocations, runs: 1, outcomes: sorted, states, observation, complete };
}

const plain = (values: unknown): unknown => JSON.parse(toJson(values));
const keyOf = ({ values, fault }: SweepOutcome): string => JSON.stringify([values, fault]);
const sortOutcomes = (outcomes: readonly SweepOutcome[]): SweepOutcome[] =>
  [...outcomes].sort((a, b) => keyOf(a) < keyOf(b) ? -1 : 1);

const sortPoints = (points: readonly SweepPoint[]): SweepPoint[] =>
  [...points].sort((a, b) => a.cpus - b.cpus || a.invocations - b.invocations);

function mergePoints(a: SweepPoint, b: SweepPoint): SweepPoint {
  const outcomes = new Map<string, SweepOutcome>();
  for (const outcome of [...a.outcomes, ...b.outcomes]) {
    const before = outcomes.get(keyOf(outcome));
    outcomes.set(
      keyOf(outcome),
      before
        ? { ...before, count: before.count + outcome.count, seed: Math.min(before.seed!, outcome.seed!) }
        : outcome,
    );
  }
  return { ...a, runs: a.runs + b.runs, outcomes: sortOutcomes([...outcomes.values()]) };
}

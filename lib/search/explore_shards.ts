/**
 * A search in shards: each visits the schedules that begin in its own way (frontier.ts), on whatever machine, and all of
 * them together are the search. What a shard hands back is what a worker does: schedules, not conclusions. They are
 * replayed and judged where the shards are put together.
 */
import { base64, fromBase64 } from "../host/base64.ts";
import { sha256Hex } from "../host/hash.ts";
import { Accesses } from "../machine/accesses.ts";
import type { Machine } from "../machine/machine.ts";
import type { HashLayouts, Noted } from "../maps/hash_layouts.ts";
import type { BpfObject } from "../object/bpf_object.ts";
import { toJson } from "../report/json.ts";
import { withFilledMaps } from "../schedulers/filled_maps.ts";
import { alternativeOf, formatSchedule, parseSchedule, taskOf } from "../schedulers/schedule.ts";
import { type Plan, plan } from "../workload/plan.ts";
import { exploreAll, type SearchCost } from "./all_schedules.ts";
import { marksOf } from "./coverage.ts";
import type { Exploration, ExploreOptions } from "./exploration.ts";
import { explorePlan, searchedMachine } from "./explore.ts";
import type { SearchShard } from "./frontier.ts";
import { firstState } from "./one_search.ts";
import { asymmetry } from "./symmetry.ts";
import { mergeMarks } from "./team.ts";

/** What a shard found under one layout of the hash maps. */
export interface ShardPart {
  readonly hashSeed: number;
  /** Schedules, each to an end that no other one of the shard leads to. */
  readonly ends: readonly { readonly kind: "done" | "deadlock" | "fault"; readonly schedule: string }[];
  readonly states: number;
  /** States up to the cut: every shard counts them. */
  readonly statesAtCut: number;
  readonly transitions: number;
  readonly mostAlternatives: number;
  readonly bound?: string;
  /** By word of memory, who touches it; -1 where several tasks do. */
  readonly owners?: readonly (readonly [number, number])[];
  /** What ran, who touched what, and which keys hash maps held: bytes in base 64. */
  readonly marks: string;
  readonly accesses: readonly { readonly task: number; readonly page: number; readonly marks: string }[];
  readonly layouts: readonly (readonly [number, Omit<Noted, "keys"> & { readonly keys: readonly string[] }])[];
}

/** A shard of a search: plain JSON. */
export interface ExploredShard {
  readonly object: string;
  /** SHA-256 of the object's bytes, and of all that the search depends on beside: other shards do not merge. */
  readonly listing: string;
  readonly workload: string;
  readonly shard: number;
  readonly of: number;
  readonly parts: readonly ShardPart[];
}

/** Shards that are not all of one search. */
export class ShardError extends RangeError {
  override name = "ShardError";
}

/**
 * Visits the schedules of one shard.
 *
 * @param onPart called with the answer as far as this shard goes
 * @throws WorkloadError, RefusedError as `explore` does; ShardError for `memory: "bpf"`, which has no schedules
 */
export async function exploreShard(
  object: BpfObject,
  options: ExploreOptions,
  shard: SearchShard,
): Promise<ExploredShard> {
  const planned = shardable(withFilledMaps(plan(object, options, "explore"), options)), parts: ShardPart[] = [];
  await explorePlan(planned, options, {
    part: `shard ${shard.index}/${shard.count} alone`,
    exploreWith: (hashSeed) => async (make, limits, searched, onEnd) => {
      const ends: ShardPart["ends"][number][] = [];
      const onAnew = () => {
        ends.length = 0;
        searched.onAnew?.();
      };
      const cost = await exploreAll(make, limits, { ...searched, shard, onAnew }, (end, machine, path) => {
        ends.push({ kind: end.kind, schedule: formatSchedule(path) });
        onEnd(end, machine, path);
      });
      parts.push(partOf(hashSeed, ends, cost));
      return cost;
    },
  });
  return { ...identityOf(planned, options), shard: shard.index, of: shard.count, parts };
}

/**
 * Puts shards together.
 *
 * @param options what the shards were given; `holds` is asked here
 * @returns the answer of the whole search; *unknown* while shards are missing, or some stopped at a bound
 * @throws ShardError when they are not of this search, or one is there twice
 */
export async function mergeExplored(
  object: BpfObject,
  options: ExploreOptions,
  shards: readonly ExploredShard[],
): Promise<Exploration> {
  const planned = shardable(withFilledMaps(plan(object, options, "explore"), options)),
    own = identityOf(planned, options);
  const missing = checkShards(shards, own);
  return await explorePlan(planned, options, {
    remark: `searched in ${shards[0].of} shards: a state that several of them came to is counted by each`,
    exploreWith: (hashSeed) => (make, _limits, _searched, onEnd) => {
      const machine = make(), first = machine.snapshot(), parts: ShardPart[] = [];
      machine.accesses = new Accesses(machine);
      for (const { parts: found } of shards) parts.push(...found.filter((part) => part.hashSeed === hashSeed));
      for (const part of parts) {
        mergePart(machine, part);
        for (const { kind, schedule } of part.ends) {
          machine.restore(first);
          const path = schedule === "" ? [] : parseSchedule(schedule);
          replaySteps(machine, path);
          onEnd({ kind }, machine, path);
        }
      }
      const lacking = missing ?? (parts.length < shards.length ? "a layout of hash maps" : undefined);
      return Promise.resolve(costOf(machine, parts, lacking));
    },
  });
}

function shardable(planned: Plan): Plan {
  if (planned.memory.model !== "bpf") return planned;
  throw new ShardError('memory: "bpf" enumerates executions, not schedules: it cannot be searched in shards');
}

function identityOf(planned: Plan, options: ExploreOptions): Pick<ExploredShard, "object" | "listing" | "workload"> {
  const { object, tasks, memory } = planned, machine = searchedMachine(planned, options);
  const { symmetry = true, reduction = true } = options, users = tasks.map(({ body }) => String(body));
  const symmetric = symmetry && asymmetry(machine) === undefined;
  const data = { tasks: tasks.map(({ body: _, ...task }) => task), users, memory, symmetric, reduction };
  return {
    object: object.name,
    listing: sha256Hex(object.bytes),
    workload: sha256Hex(`${toJson(data)} ${firstState(machine)}`),
  };
}

/** Which shards are missing, in words. */
function checkShards(
  shards: readonly ExploredShard[],
  own: Pick<ExploredShard, "listing" | "workload">,
): string | undefined {
  if (shards.length === 0) throw new ShardError("there is nothing to merge");
  const [{ of }] = shards, seen = new Set<number>();
  for (const { listing, workload, shard, of: count } of shards) {
    if (listing !== own.listing) throw new ShardError(`shard ${shard}/${count} is of another listing`);
    if (workload !== own.workload) {
      throw new ShardError(
        `shard ${shard}/${count} is of another workload: give the options that it was searched with`,
      );
    }
    if (count !== of) throw new ShardError(`these are shards of different searches: one of ${count}, one of ${of}`);
    if (seen.has(shard)) throw new ShardError(`shard ${shard}/${of} is there twice`);
    seen.add(shard);
  }
  const missing = Array.from({ length: of }, (_, i) => i + 1).filter((shard) => !seen.has(shard));
  if (missing.length === 0) return undefined;
  return `shard${missing.length === 1 ? "" : "s"} ${missing.join(", ")} of ${of}, not there`;
}

function partOf(hashSeed: number, ends: ShardPart["ends"], cost: SearchCost): ShardPart {
  const { machine, states, statesAtCut = 0, transitions, mostAlternatives, bound, owners } = cost;
  const { layouts } = machine.options;
  return {
    ...{ hashSeed, ends, states, statesAtCut, transitions, mostAlternatives, bound },
    owners: owners && [...owners],
    marks: base64(marksOf(machine)),
    accesses: machine.accesses!.noted.map(({ task, page, marks }) => ({ task, page, marks: base64(marks) })),
    layouts: [...layouts?.noted ?? []].map(([map, { keys, ...noted }]) =>
      [map, { ...noted, keys: [...keys.values()].map(base64) }] as const
    ),
  };
}

function mergePart(machine: Machine, part: ShardPart): void {
  const layouts: HashLayouts | undefined = machine.options.layouts;
  const accesses = part.accesses.map(({ marks, ...where }) => ({ ...where, marks: fromBase64(marks) }));
  mergeMarks(machine, fromBase64(part.marks), accesses);
  for (const [map, { keys, walked, shared, name, nBuckets }] of part.layouts) {
    layouts?.watch(map, name, nBuckets);
    for (const key of keys) layouts?.sawKey(map, fromBase64(key));
    if (walked) layouts?.sawWalk(map);
    if (shared) layouts?.sawSharing(map);
  }
}

function replaySteps(machine: Machine, path: readonly number[]): void {
  for (const step of path) {
    const alternative = alternativeOf(step);
    if (alternative > 0) machine.choose(taskOf(step), alternative);
    else machine.step(step < 0 ? step : taskOf(step));
  }
}

/** Whether one shard took data for one task's own that another task touches in another shard. */
function disagree(parts: readonly ShardPart[]): boolean {
  const owners = new Map<number, number>();
  for (const [word, owner] of parts.flatMap(({ owners = [] }) => owners)) {
    const known = owners.get(word);
    if (known !== undefined && known !== owner) return true;
    owners.set(word, owner);
  }
  return false;
}

function costOf(machine: Machine, parts: readonly ShardPart[], missing: string | undefined): SearchCost {
  const sum = (of: (part: ShardPart) => number) => parts.reduce((all, part) => all + of(part), 0);
  const atCut = parts[0]?.statesAtCut ?? 0, bound = parts.find(({ bound }) => bound !== undefined)?.bound;
  const apart = disagree(parts)
    ? "data that shards took for different tasks' own: search with --no-reduction"
    : undefined;
  return {
    states: atCut + sum(({ states, statesAtCut }) => states - statesAtCut),
    transitions: sum(({ transitions }) => transitions),
    bytes: 0,
    reduced: parts.some(({ owners }) => owners !== undefined),
    mostAlternatives: Math.max(1, ...parts.map(({ mostAlternatives }) => mostAlternatives)),
    bound: missing ?? bound ?? apart,
    machine,
  };
}

/** What a scenario is, and how a seed draws one. */
import { SeededRandom } from "../../schedulers/random_numbers.ts";
import { htab_map_hash } from "../../maps/jhash.ts";

const BUCKETS = 128;
const bucketOf = (key: number): number =>
  htab_map_hash(new Uint8Array(new Uint32Array([key]).buffer), 0) & (BUCKETS - 1);

/** Two keys of one bucket, and one of another. */
export const KEYS: readonly number[] = (() => {
  let twin = 2;
  while (bucketOf(twin) !== bucketOf(1)) twin++;
  return [1, twin, bucketOf(2) === bucketOf(1) ? 3 : 2];
})();

/**
 * The maps by name: how keys are drawn, and what may be done with them. Those that are `fresh` are made anew for each run,
 * since what an earlier run left in their free lists can be seen.
 */
export const MAPS = {
  array: { keys: [0, 1], hash: false, locked: false, fresh: false },
  hash: { keys: KEYS, hash: true, locked: false, fresh: false },
  lazy_hash: { keys: KEYS, hash: true, locked: false, fresh: false },
  percpu_array: { keys: [0], hash: false, locked: false, fresh: false },
  percpu_hash: { keys: KEYS, hash: true, locked: false, fresh: false },
  small_hash: { keys: KEYS, hash: true, locked: false, fresh: true },
  small_lazy_hash: { keys: KEYS, hash: true, locked: false, fresh: true },
  lru_hash: { keys: [...KEYS, 4, 5, 6], hash: true, locked: false, fresh: true },
  locked_array: { keys: [0], hash: false, locked: true, fresh: false },
  locked_hash: { keys: KEYS, hash: true, locked: true, fresh: false },
} as const;
export type MapName = keyof typeof MAPS;
export const isPercpu = (map: MapName): boolean => map.startsWith("percpu");

/** A piece of a program. `value` is what it writes. */
export type Item =
  | { readonly kind: "load" | "store" | "increment" | "barrier"; readonly word: number; readonly value: number }
  | {
    readonly kind: "atomic";
    readonly op: "add" | "fetch" | "xchg" | "cmpxchg";
    readonly word: number;
    readonly value: number;
  }
  | {
    /** Of a value looked up: read once, read twice, write a word, increment by a load and a store, add to it. */
    readonly kind: "read" | "readTwice" | "write" | "bump" | "add" | "underLock";
    readonly map: MapName;
    readonly key: number;
    readonly value: number;
  }
  | {
    readonly kind: "update";
    readonly map: MapName;
    readonly key: number;
    readonly value: number;
    readonly flags: number;
  }
  | { readonly kind: "delete"; readonly map: MapName; readonly key: number };

/** A call of user space. */
export type Call =
  | { readonly call: "lookup" | "lookupAndDelete"; readonly map: MapName; readonly key: number; readonly flags: number }
  | {
    readonly call: "update";
    readonly map: MapName;
    readonly key: number;
    readonly value: number;
    readonly flags: number;
  }
  | { readonly call: "delete" | "nextKey"; readonly map: MapName; readonly key: number }
  | {
    readonly call: "lookupBatch" | "lookupAndDeleteBatch";
    readonly map: MapName;
    readonly count: number;
    readonly flags: number;
  }
  | {
    readonly call: "updateBatch" | "deleteBatch";
    readonly map: MapName;
    readonly keys: readonly number[];
    readonly value: number;
  }
  | { readonly call: "readGlobal"; readonly word: number }
  | { readonly call: "writeGlobal"; readonly word: number; readonly value: number }
  | { readonly call: "atomicGlobal"; readonly word: number; readonly op: "add" | "xchg"; readonly value: number }
  | { readonly call: "freeze"; readonly map: MapName }
  | { readonly call: "run" };

/** One of the two tasks: a program on a CPU, a program that interrupts the other one, or a user-space actor. */
export type Role =
  | { readonly kind: "program" | "interrupt"; readonly items: readonly Item[]; readonly invocations: number }
  /** `items`: the program that `run` runs. */
  | { readonly kind: "actor"; readonly calls: readonly Call[]; readonly items?: readonly Item[] };

export interface Scenario {
  readonly seed: number;
  /** Programs that take locks cannot be raw tracepoints. */
  readonly section: "raw_tp" | "tc";
  readonly roles: readonly [Role, Role];
  /** Entries that are there from the start. */
  readonly initial: readonly { readonly map: MapName; readonly key: number; readonly value: number }[];
}

/** Draws the scenario of a seed. */
export function drawScenario(seed: number): Scenario {
  const random = new SeededRandom(seed), pick = <T>(list: readonly T[]): T => list[random.below(list.length)];
  const section = random.below(4) === 0 ? "tc" : "raw_tp", fresh = section === "raw_tp" && random.below(5) === 0;
  const names = (Object.keys(MAPS) as MapName[]).filter((map) =>
    fresh ? MAPS[map].fresh : !MAPS[map].fresh && (!MAPS[map].locked || section === "tc")
  );
  // Few maps, words and keys, so that tasks meet.
  const maps = [pick(names)];
  if (random.below(3) === 0) maps.push(pick(names));
  const keysAt = random.below(3),
    keysOf = (map: MapName) => (MAPS[map].keys as readonly number[]).filter((_, i) => i !== keysAt || i === 0);
  let written = 0;
  const value = () => ++written;
  const word = () => random.below(2);
  const place = () => {
    const map = pick(maps);
    return { map, key: pick(keysOf(map)) };
  };
  const flags = (map: MapName) => pick(MAPS[map].locked ? [0, 1, 2, 4, 5, 6] : [0, 0, 1, 2]);
  const item = (): Item => {
    switch (random.below(10)) {
      case 9:
        return { kind: "barrier", word: 0, value: 1 };
      case 0:
        return { kind: "load", word: word(), value: 0 };
      case 1:
        return { kind: "store", word: word(), value: value() };
      case 2:
        return { kind: "increment", word: word(), value: 1 };
      case 3:
        return { kind: "atomic", op: pick(["add", "fetch", "xchg", "cmpxchg"] as const), word: word(), value: value() };
      case 4:
      case 5: {
        const at = place();
        return { kind: "update", ...at, value: value(), flags: flags(at.map) };
      }
      case 6:
        return { kind: "delete", ...place() };
      default: {
        const at = place();
        if (MAPS[at.map].locked && random.below(2)) return { kind: "underLock", ...at, value: value() };
        return { kind: pick(["read", "readTwice", "write", "bump", "add"] as const), ...at, value: value() };
      }
    }
  };
  const items = (most: number) => Array.from({ length: 1 + random.below(most) }, item);
  const call = (): Call => {
    const { map, key } = place(), locked = MAPS[map].locked;
    if (fresh && random.below(8) === 0) return { call: "freeze", map };
    switch (random.below(11)) {
      case 0:
        return { call: "lookup", map, key, flags: locked ? pick([0, 4]) : 0 };
      case 1:
        return { call: "lookupAndDelete", map, key, flags: locked ? pick([0, 4]) : 0 };
      case 2:
      case 3:
        return { call: "update", map, key, value: value(), flags: flags(map) };
      case 4:
        return { call: pick(["delete", "nextKey"] as const), map, key };
      case 5:
        return {
          call: pick(["lookupBatch", "lookupAndDeleteBatch"] as const),
          map,
          count: 1 + random.below(4),
          flags: 0,
        };
      case 6:
        return {
          call: pick(["updateBatch", "deleteBatch"] as const),
          map,
          keys: MAPS[map].keys.slice(0, 2),
          value: value(),
        };
      case 7:
        return { call: "readGlobal", word: word() };
      case 8:
        return { call: "writeGlobal", word: word(), value: value() };
      case 9:
        return { call: "atomicGlobal", word: word(), op: pick(["add", "xchg"] as const), value: value() };
      default:
        return { call: "run" };
    }
  };
  const program = (): Role => ({ kind: "program", items: items(5), invocations: random.below(4) === 0 ? 2 : 1 });
  const actor = (): Role => {
    const calls = Array.from({ length: 1 + random.below(3) }, call);
    return { kind: "actor", calls, items: calls.some(({ call }) => call === "run") ? items(3) : undefined };
  };
  const shape = random.below(10);
  const roles: [Role, Role] = shape < 5
    ? [program(), program()]
    : shape < 6 && section === "raw_tp"
    ? [{ kind: "interrupt", items: items(3), invocations: 1 }, program()]
    : shape < 9
    ? [actor(), program()]
    : [actor(), actor()];
  const initial = [...new Set(maps)].flatMap((map) =>
    (MAPS[map].keys as readonly number[]).filter(() => random.below(3) > 0)
      .slice(0, map.startsWith("small") ? 2 : undefined).map((key) => ({ map, key, value: value() }))
  );
  return { seed, section, roles, initial };
}

/** Whether each run of a scenario needs maps of its own. */
export const isFresh = (scenario: Scenario): boolean => mapsOf(scenario).some((map) => MAPS[map].fresh);

/** The maps that a scenario touches, in the order of {@link MAPS}. */
export function mapsOf({ roles, initial }: Scenario): MapName[] {
  const used = new Set<MapName>(initial.map(({ map }) => map));
  for (const role of roles) {
    for (const one of role.items ?? []) if ("map" in one) used.add(one.map);
    if (role.kind === "actor") { for (const one of role.calls) if ("map" in one) used.add(one.map); }
  }
  return (Object.keys(MAPS) as MapName[]).filter((map) => used.has(map));
}

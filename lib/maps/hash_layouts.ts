/**
 * Which keys share a bucket, and in which order buckets are walked: a matter of each map's seed, which the kernel draws
 * (kernel/bpf/hashtab.c:htab_map_alloc). What is noted here of the runs of a search tells which layouts can make a
 * difference, and finds seeds for them.
 */
import { bloomBit, htab_map_hash } from "./jhash.ts";

/** Hash functions and bits of a bloom filter. */
export interface BloomShape {
  readonly functions: number;
  readonly bits: number;
}

/** What a search noted of a hash map with a seed of its own. */
export interface Noted {
  readonly name: string;
  readonly nBuckets: number;
  /** Of a bloom filter, which has no buckets. */
  readonly filter?: BloomShape;
  /** Every key that was hashed, by its hash under a fixed seed. */
  readonly keys: Map<number, Uint8Array>;
  /** The order of buckets showed: the map was walked. */
  walked: boolean;
  /** It can have shown which keys share a bucket: a key was replaced, a lock refused, or the map full, or nearly. */
  shared: boolean;
}

/** The seed of a map, from the number that a machine's seeds are drawn from. 0 gives 0. */
export function hashrndOf(hashSeed: number, map: number): number {
  if (hashSeed === 0) return 0;
  let x = Math.imul(hashSeed, 0x9e37_79b1) ^ Math.imul(map + 1, 0x85eb_ca6b) ^ Math.floor(hashSeed / 2 ** 32);
  x = Math.imul(x ^ (x >>> 16), 0x21f0_aaad);
  x = Math.imul(x ^ (x >>> 15), 0x735a_2d97);
  return (x ^ (x >>> 15)) >>> 0;
}

/** Numbers that are tried to find one layout more. */
const MOST_TRIED = 200_000;
/** Where a bloom filter is among them: its values are hashed several times each, and covered ones are rare. */
const MOST_TRIED_OF_FILTERS = 2_000;

export class HashLayouts {
  readonly #maps = new Map<number, Noted>();
  #next = 1;

  /** Takes a map up; its seed is drawn. */
  watch(map: number, name: string, nBuckets: number): void {
    if (this.#maps.has(map)) return;
    this.#maps.set(map, { name, nBuckets, keys: new Map(), walked: false, shared: false });
  }

  /** Takes a bloom filter up: what counts of a value is whether the bits of the others cover its own. */
  watchFilter(map: number, name: string, filter: BloomShape): void {
    if (this.#maps.has(map)) return;
    this.#maps.set(map, { name, nBuckets: 0, filter, keys: new Map(), walked: false, shared: false });
  }

  sawKey(map: number, key: Uint8Array): void {
    const { keys } = this.#maps.get(map)!, hash = htab_map_hash(key, 0);
    if (!keys.has(hash)) keys.set(hash, key.slice());
  }

  sawWalk(map: number): void {
    this.#maps.get(map)!.walked = true;
  }

  sawSharing(map: number): void {
    this.#maps.get(map)!.shared = true;
  }

  /** What was noted, by map, for {@link merge} on another thread. */
  get noted(): ReadonlyMap<number, Noted> {
    return this.#maps;
  }

  /** Takes over what was noted of other runs of the same workload. */
  merge(noted: ReadonlyMap<number, Noted>): void {
    for (const [map, { name, nBuckets, keys, walked, shared }] of noted) {
      this.watch(map, name, nBuckets);
      const mine = this.#maps.get(map)!;
      for (const [hash, key] of keys) if (!mine.keys.has(hash)) mine.keys.set(hash, key);
      mine.walked ||= walked;
      mine.shared ||= shared;
    }
  }

  /** Names of the maps whose seed is drawn. */
  get names(): string[] {
    return [...this.#maps.values()].map(({ name }) => name);
  }

  /** Names of those whose layout can make a difference: more than one key, and something showed it. */
  get mattering(): string[] {
    return this.#mattering.map(([, { name }]) => name);
  }

  /** How many layouts there are of the keys that were seen, over all maps where they matter. */
  get layouts(): bigint {
    return this.#mattering.reduce(
      (product, [, { keys, nBuckets, filter, walked }]) =>
        product * (filter ? 1n << BigInt(keys.size) : layoutsOf(keys.size, nBuckets, walked)),
      1n,
    );
  }

  /** How many of those a list of numbers realises. */
  realised(hashSeeds: readonly number[]): number {
    return new Set(hashSeeds.map((seed) => this.#layout(seed))).size;
  }

  /** A number that lays keys out as none of these does; undefined when none is found. */
  another(hashSeeds: readonly number[]): number | undefined {
    const known = new Set(hashSeeds.map((seed) => this.#layout(seed)));
    if (BigInt(known.size) >= this.layouts) return undefined;
    const most = this.#mattering.some(([, { filter }]) => filter) ? MOST_TRIED_OF_FILTERS : MOST_TRIED;
    for (let tried = 0; tried < most; tried++) {
      const seed = this.#next++;
      if (!known.has(this.#layout(seed))) return seed;
    }
    return undefined;
  }

  get #mattering(): [number, Noted][] {
    return [...this.#maps].filter(([, { keys, walked, shared }]) => keys.size > 1 && (walked || shared));
  }

  /** The layout that a number gives, as text. */
  #layout(hashSeed: number): string {
    return this.#mattering.map(([map, { keys, nBuckets, filter, walked }]) => {
      const hashrnd = hashrndOf(hashSeed, map);
      if (filter) return coveredOf([...keys.values()], filter, hashrnd);
      const buckets = [...keys.values()].map((key) => htab_map_hash(key, hashrnd) & (nBuckets - 1));
      const order = walked ? [...new Set(buckets)].sort((a, b) => a - b) : [...new Set(buckets)];
      return buckets.map((bucket) => order.indexOf(bucket)).join(",");
    }).join(" ");
  }
}

/** For each value whether the bits of the others cover its own: then nothing tells that it was never pushed. */
function coveredOf(values: readonly Uint8Array[], { functions, bits }: BloomShape, hashrnd: number): string {
  const owners = new Map<number, number>();
  const all = values.map((value) => {
    const own = new Set(Array.from({ length: functions }, (_, i) => bloomBit(value, hashrnd, i, bits)));
    for (const bit of own) owners.set(bit, (owners.get(bit) ?? 0) + 1);
    return [...own];
  });
  return all.map((own) => own.every((bit) => owners.get(bit)! > 1) ? "covered" : "").join(",");
}

/**
 * In how many ways keys fall into buckets: Stirling numbers of the second kind, each times j! where the order of the j
 * buckets counts.
 */
function layoutsOf(keys: number, nBuckets: number, ordered: boolean): bigint {
  let row = [1n];
  for (let n = 1; n <= keys; n++) {
    row = Array.from({ length: n + 1 }, (_, j) => BigInt(j) * (row[j] ?? 0n) + (row[j - 1] ?? 0n));
  }
  let sum = 0n, factorial = 1n;
  for (let j = 1; j <= Math.min(keys, nBuckets); j++) {
    factorial *= BigInt(j);
    sum += row[j] * (ordered ? factorial : 1n);
  }
  return sum;
}

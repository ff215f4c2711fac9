/**
 * Hash maps under random interleavings of three CPUs: whatever the order, every element ends in exactly one place (a
 * bucket, a free list, a CPU's spare), every linked element in the bucket of its key, and no key twice.
 */
import { describe, expect, it } from "vitest";
import type { Kernel } from "../../lib/bpf_helpers/kernel.ts";
import { htab_map_hash } from "../../lib/maps/jhash.ts";
import { BPF_MAP_TYPE } from "../../lib/uapi/map_types.ts";
import { ELEM, type Htab, isNulls } from "../../lib/maps/htab.ts";
import { type Body, interleave, makeKernel, map, objectOf, randomFrom, randomly } from "../kernel_models/driver.ts";

const SEEDS = 300;
const CPUS = 3;
const KEYS = 5;
/** 0, EEXIST, ENOENT, E2BIG; ENOMEM from a small LRU map whose elements are all on their way in or out. */
const MAY_RETURN = [0n, -17n, -2n, -7n, -12n];

/** Twelve random updates, deletes and lookups of one CPU. */
function randomOperations(seed: number): Body {
  return function* (ctx, kernel) {
    const random = randomFrom(seed), htab = kernel.maps[0], wrong: string[] = [];
    for (let i = 0; i < 12; i++) {
      const key = { bytes: new Uint8Array(new Uint32Array([Math.floor(random() * KEYS)]).buffer) };
      const number = BigInt(Math.floor(random() * 1000)), value = new Uint8Array(new BigUint64Array([number]).buffer);
      const what = random(), flags = BigInt(Math.floor(random() * 3));
      let result = 0n;
      if (what < 0.55) result = yield* htab.map_update_elem(ctx, key, { bytes: value }, flags);
      else if (what < 0.8) result = yield* htab.map_delete_elem(ctx, key);
      else {
        const found = htab.map_lookup_elem(ctx, key);
        if (typeof found !== "bigint") yield* found;
      }
      if (!MAY_RETURN.includes(result)) wrong.push(`${result}`);
    }
    return wrong;
  };
}

/** Elements in buckets, with what is wrong about them. */
function linked(kernel: Kernel, htab: Htab): { elems: number[]; faults: string[] } {
  const { memory } = kernel, elems: number[] = [], faults: string[] = [], keys = new Set<number>();
  for (let bucket = 0; bucket < htab.nBuckets; bucket++) {
    if (memory.getU32(htab.lockAddr(bucket)) !== 0) faults.push(`bucket ${bucket} is locked`);
    let link = htab.first(bucket), elem = memory.getU32(link);
    for (; !isNulls(elem) && elems.length <= htab.elemCount; elem = memory.getU32(elem + ELEM.next)) {
      const key = memory.getU32(elem + ELEM.key), bytes = memory.bytes.slice(elem + ELEM.key, elem + ELEM.key + 4);
      const hash = htab_map_hash(bytes, 0);
      if (memory.getU32(elem + ELEM.hash) !== hash) faults.push(`key ${key} with another key's hash`);
      if ((hash & (htab.nBuckets - 1)) !== bucket) faults.push(`key ${key} in bucket ${bucket}`);
      if (keys.has(key)) faults.push(`key ${key} twice`);
      if (memory.getU32(elem + ELEM.pprev) !== link) faults.push(`key ${key}: pprev is wrong`);
      keys.add(key);
      elems.push(elem);
      link = elem + ELEM.next;
    }
    if (elem >>> 1 !== bucket) faults.push(`bucket ${bucket} ends in bucket ${elem >>> 1}`);
  }
  return { elems, faults };
}

interface Case {
  readonly name: string;
  readonly type: number;
  readonly flags: number;
}
const CASES: readonly Case[] = [
  { name: "HASH", type: BPF_MAP_TYPE.HASH, flags: 0 },
  { name: "HASH with BPF_F_NO_PREALLOC", type: BPF_MAP_TYPE.HASH, flags: 1 },
  { name: "PERCPU_HASH", type: BPF_MAP_TYPE.PERCPU_HASH, flags: 0 },
  { name: "LRU_HASH", type: BPF_MAP_TYPE.LRU_HASH, flags: 0 },
  { name: "LRU_HASH with BPF_F_NO_COMMON_LRU", type: BPF_MAP_TYPE.LRU_HASH, flags: 2 },
];

describe("hash maps under random interleavings of three CPUs", () => {
  for (const { name, type, flags } of CASES) {
    it(`${name}: ${SEEDS} seeds`, () => {
      for (let seed = 1; seed <= SEEDS; seed++) {
        const kernel = makeKernel(objectOf([map("m", type, { flags })]), CPUS), htab = kernel.maps[0] as Htab;
        const bodies = Array.from({ length: CPUS }, (_, cpu) => randomOperations(1000 * seed + cpu));
        const { results, deadlock } = interleave(kernel, bodies, randomly(seed));
        const { elems, faults } = linked(kernel, htab);
        const spares = htab.spares(kernel.memory), places = [...elems, ...spares.elems];
        const state = {
          seed,
          deadlock,
          results,
          faults,
          twice: places.length - new Set(places).size,
          overfull: Math.max(0, elems.length - (htab.def.maxEntries + (flags & 1 ? CPUS : 0))),
        };
        expect(state).toEqual({ seed, deadlock: false, results: [[], [], []], faults: [], twice: 0, overfull: 0 });
        expect(places.length + spares.unused).toBe(htab.elemCount);
      }
    });
  }
});

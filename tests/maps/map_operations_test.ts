import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { Kernel } from "../../lib/bpf_helpers/kernel.ts";
import { errno } from "../../lib/maps/errno.ts";
import type { KernelMap } from "../../lib/maps/kernel_map.ts";
import { BPF_MAP_TYPE } from "../../lib/uapi/map_types.ts";
import { runAtOnce } from "../../lib/maps/run_at_once.ts";
import { context, makeKernel, map, objectOf, randomFrom } from "../kernel_models/driver.ts";

/** A hundred thousand operations by one CPU against a JavaScript Map: what a map is when nobody interferes. */
const OPERATIONS = 100_000;
const KEYS = 12;
const MAX_ENTRIES = 8;
const SEED = 20261122;
/** What an LRU map of so many entries evicts at a time on one CPU: half of them. */
const LRU_BATCH = MAX_ENTRIES / 2;

interface Case {
  readonly name: string;
  readonly type: number;
  readonly flags?: number;
  /** Keys exist from the start and can't be deleted. */
  readonly indexed?: boolean;
  /** A full map makes room by itself. */
  readonly evicts?: boolean;
}

const CASES: readonly Case[] = [
  { name: "ARRAY", type: BPF_MAP_TYPE.ARRAY, indexed: true },
  { name: "HASH", type: BPF_MAP_TYPE.HASH },
  { name: "HASH with BPF_F_NO_PREALLOC", type: BPF_MAP_TYPE.HASH, flags: 1 },
  { name: "PERCPU_ARRAY", type: BPF_MAP_TYPE.PERCPU_ARRAY, indexed: true },
  { name: "PERCPU_HASH", type: BPF_MAP_TYPE.PERCPU_HASH },
  { name: "PERCPU_HASH with BPF_F_NO_PREALLOC", type: BPF_MAP_TYPE.PERCPU_HASH, flags: 1 },
  { name: "LRU_HASH", type: BPF_MAP_TYPE.LRU_HASH, evicts: true },
  { name: "LRU_PERCPU_HASH", type: BPF_MAP_TYPE.LRU_PERCPU_HASH, evicts: true },
];

const keyBytes = (key: number) => ({ bytes: new Uint8Array(new Uint32Array([key]).buffer) });
const valueBytes = (value: bigint) => ({ bytes: new Uint8Array(new BigUint64Array([value, value + 1n]).buffer) });

/** `expect` is asked where it will say no: a hundred thousand times it would take longer than the maps. */
function expectSame(found: unknown, wanted: unknown): void {
  if (!Object.is(found, wanted)) expect(found).toBe(wanted);
}

class Checker {
  readonly kernel: Kernel;
  readonly map: KernelMap;
  readonly model = new Map<number, bigint>();

  constructor(readonly test: Case) {
    const def = map("m", test.type, { valueSize: 16, maxEntries: MAX_ENTRIES, flags: test.flags ?? 0 });
    this.kernel = makeKernel(objectOf([def]), 1);
    this.map = this.kernel.maps[0];
    if (test.indexed) { for (let key = 0; key < MAX_ENTRIES; key++) this.model.set(key, 0n); }
  }

  #run(result: bigint | Generator): bigint {
    // deno-lint-ignore no-explicit-any -- a model is what a generator of operations is
    return typeof result === "bigint" ? result : runAtOnce(this.kernel.memory, result as any);
  }

  /** The first word of a key's value, or undefined. */
  lookup(key: number): bigint | undefined {
    const pointer = this.#run(this.map.map_lookup_elem(context(this.kernel, 0), keyBytes(key)));
    if (pointer === 0n) return undefined;
    const addr = this.kernel.memory.check(pointer, 16), first = this.kernel.memory.read(addr, 8);
    if (first !== 0n || !this.test.indexed) expectSame(this.kernel.memory.read(addr + 8, 8), first + 1n);
    return first;
  }

  update(key: number, value: bigint, flags: bigint): void {
    const result = this.#run(
      this.map.map_update_elem(context(this.kernel, 0), keyBytes(key), valueBytes(value), flags),
    );
    const allowed = [this.#expected(key, flags, this.model.has(key))];
    // A full LRU map makes room before it looks: it may evict the very key that it is asked to update.
    if (this.test.evicts && this.model.size > MAX_ENTRIES - LRU_BATCH) allowed.push(this.#expected(key, flags, false));
    if (!allowed.includes(result)) expect(allowed).toContain(result);
    if (result === 0n) this.model.set(key, value);
    if (this.test.evicts) this.#forgetEvicted(key);
  }

  delete(key: number): void {
    const result = this.#run(this.map.map_delete_elem(context(this.kernel, 0), keyBytes(key)));
    if (this.test.indexed) expectSame(result, errno("EINVAL"));
    else expectSame(result, this.model.delete(key) ? 0n : errno("ENOENT"));
  }

  /** Entries in any order, and the walk by get_next_key shows exactly these. */
  checkAll(): void {
    const ctx = context(this.kernel, 0), seen = new Map<number, bigint>();
    let key: Uint8Array | undefined;
    for (;;) {
      const next: Uint8Array | bigint = runAtOnce(this.kernel.memory, this.map.map_get_next_key(ctx, key));
      if (typeof next === "bigint") break;
      key = next;
      const number = new Uint32Array(next.slice().buffer)[0], value = this.lookup(number);
      if (value !== undefined) seen.set(number, value);
    }
    expect([...seen].sort(([a], [b]) => a - b)).toEqual([...this.model].sort(([a], [b]) => a - b));
    expect([...this.map.entries(this.kernel.memory)].length).toBe(this.model.size);
  }

  #expected(key: number, flags: bigint, exists: boolean): bigint {
    if (flags > 2n) return errno("EINVAL");
    if (this.test.indexed) {
      if (key >= MAX_ENTRIES) return errno("E2BIG");
      return flags & 1n ? errno("EEXIST") : 0n;
    }
    if (exists && flags === 1n) return errno("EEXIST");
    if (!exists && flags === 2n) return errno("ENOENT");
    return !exists && this.model.size >= MAX_ENTRIES && !this.test.evicts ? errno("E2BIG") : 0n;
  }

  /** Takes what an update evicted out of the model: at most a batch, in which the updated key may be when it failed. */
  #forgetEvicted(updated: number): void {
    const entries = [...this.map.entries(this.kernel.memory)];
    const left = new Set(entries.map(({ key }) => new Uint32Array(key.slice().buffer)[0]));
    const gone = [...this.model.keys()].filter((key) => !left.has(key));
    if (gone.length > LRU_BATCH) expect(gone.length).toBeLessThanOrEqual(LRU_BATCH);
    if (left.size === MAX_ENTRIES) expectSame(left.has(updated), this.model.has(updated));
    for (const key of gone) this.model.delete(key);
  }
}

describe("map operations of one CPU agree with a plain map", () => {
  for (const test of CASES) {
    it(`${test.name}: ${OPERATIONS} random operations, seed ${SEED}`, () => {
      const random = randomFrom(SEED), checker = new Checker(test), pick = (n: number) => Math.floor(random() * n);
      for (let i = 0; i < OPERATIONS; i++) {
        const key = pick(KEYS), what = random();
        if (what < 0.45) checker.update(key, BigInt(pick(1000)), BigInt(pick(4)));
        else if (what < 0.7) checker.delete(key);
        else expectSame(checker.lookup(key), checker.model.get(key));
        if (i % 10_000 === 9999) checker.checkAll();
      }
    });

    it(`${test.name}: short sequences, shrunk when they fail`, () => {
      const step = fc.record({
        what: fc.constantFrom("update", "delete", "lookup"),
        key: fc.nat(KEYS - 1),
        value: fc.nat(99),
        flags: fc.nat(3),
      });
      fc.assert(
        fc.property(fc.array(step, { maxLength: 40 }), (steps) => {
          const checker = new Checker(test);
          for (const { what, key, value, flags } of steps) {
            if (what === "update") checker.update(key, BigInt(value), BigInt(flags));
            else if (what === "delete") checker.delete(key);
            else expectSame(checker.lookup(key), checker.model.get(key));
          }
          checker.checkAll();
        }),
        { seed: SEED, numRuns: 200 },
      );
    });
  }
});

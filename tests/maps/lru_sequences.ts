/** Sequences of operations on an LRU map, one at a time, and what the models make of them. */
import fc from "fast-check";
import { BPF_MAP_TYPE } from "../../lib/uapi/map_types.ts";
import { runAtOnce } from "../../lib/maps/run_at_once.ts";
import * as syscalls from "../../lib/maps/syscalls.ts";
import type { Model } from "../../lib/cpu/operation.ts";
import { context, makeKernel, map, objectOf } from "../kernel_models/driver.ts";

/** Who acts: a program, whose lookups mark an element as used, or user space. */
export interface LruOperation {
  readonly by: "program" | "user";
  readonly what: "update" | "lookup" | "delete";
  readonly key: number;
  readonly flags: number;
  readonly cpu: number;
}

export interface LruSequence {
  readonly maxEntries: number;
  /** Of the map: BPF_F_NO_COMMON_LRU. */
  readonly flags: number;
  readonly operations: readonly LruOperation[];
}

/** What one operation gave, and what is in the map after it. */
export interface LruStep {
  /** 0 or a negative errno; of a program's lookup which element it found, numbered by first sight, or 0. */
  readonly result: number;
  readonly keys: readonly number[];
}

export const BPF_F_NO_COMMON_LRU = 2;

/** Operations over `keys` keys: mostly new ones, so that the map fills up, with runs of them. */
export function sequences(cpus: readonly number[], maxEntries: fc.Arbitrary<number>): fc.Arbitrary<LruSequence> {
  const operation = (keys: number) =>
    fc.record({
      by: fc.constantFrom("program", "program", "program", "user"),
      what: fc.constantFrom("update", "update", "update", "update", "lookup", "lookup", "delete"),
      key: fc.nat(keys),
      flags: fc.constantFrom(0, 0, 0, 0, 1, 2),
      cpu: fc.constantFrom(...cpus),
    }) as fc.Arbitrary<LruOperation>;
  return maxEntries.chain((maxEntries) =>
    fc.record({
      maxEntries: fc.constant(maxEntries),
      flags: fc.constantFrom(0, 0, BPF_F_NO_COMMON_LRU),
      operations: fc.array(operation(2 * maxEntries), {
        minLength: 3 * maxEntries,
        maxLength: 5 * maxEntries + 20,
        size: "max",
      }),
    })
  );
}

export const keyBytes = (key: number): Uint8Array => new Uint8Array(new Uint32Array([key]).buffer);
export const valueBytes = (value: number): Uint8Array => new Uint8Array(new BigUint64Array([BigInt(value)]).buffer);

/** Numbers elements in the order in which they are seen. */
export class FirstSight {
  readonly #numbers = new Map<bigint | number, number>();

  number(address: bigint | number): number {
    if (!this.#numbers.has(address)) this.#numbers.set(address, this.#numbers.size + 1);
    return this.#numbers.get(address)!;
  }
}

/** Does what the sequence says by the models; the keys are read after every so many operations, and at the end. */
export function modelledLru(
  { maxEntries, flags, operations }: LruSequence,
  possibleCpus: number,
  every = 1,
): LruStep[] {
  const kernel = makeKernel(objectOf([map("m", BPF_MAP_TYPE.LRU_HASH, { maxEntries, flags })]), possibleCpus);
  const [lru] = kernel.maps, seen = new FirstSight();
  const run = (result: bigint | Model) => typeof result === "bigint" ? result : runAtOnce(kernel.memory, result);
  return operations.map(({ by, what, key, flags, cpu }, i) => {
    const ctx = context(kernel, 0, cpu), bytes = keyBytes(key), value = valueBytes(key);
    let result = 0;
    if (by === "user") {
      if (what === "lookup") {
        const found = runAtOnce(kernel.memory, syscalls.map_lookup_elem(lru, ctx, bytes, 0n));
        result = typeof found === "bigint" ? Number(found) : 0;
      } else if (what === "update") {
        result = Number(run(syscalls.map_update_elem(lru, ctx, bytes, value, BigInt(flags))));
      } else result = Number(run(syscalls.map_delete_elem(lru, ctx, bytes)));
    } else if (what === "lookup") {
      const pointer = run(lru.map_lookup_elem(ctx, { bytes }));
      result = pointer === 0n ? 0 : seen.number(pointer);
    } else if (what === "update") {
      result = Number(run(lru.map_update_elem(ctx, { bytes }, { bytes: value }, BigInt(flags))));
    } else result = Number(run(lru.map_delete_elem(ctx, { bytes })));
    const isRead = i % every === 0 || i === operations.length - 1;
    const entries = isRead ? [...lru.entries(kernel.memory)] : [];
    return { result, keys: entries.map(({ key }) => new Uint32Array(key.slice().buffer)[0]) };
  });
}

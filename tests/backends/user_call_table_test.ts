/**
 * Every call of user space on every type of map, with flags, counts, cursors and keys from the edges: values, errors and
 * what the map holds afterwards are those of the running kernel.
 */
import { inspect } from "node:util";
import { afterAll, describe, expect, it } from "vitest";
import { linuxAvailable } from "../../lib/backends/linux/available.ts";
import { possibleCpus } from "../../lib/backends/linux/map_calls.ts";
import { runOnLinux } from "../../lib/backends/linux/run.ts";
import { simulate } from "../../lib/backends/simulator.ts";
import { bpf } from "../../lib/compile/bpf.ts";
import type { Model } from "../../lib/cpu/operation.ts";
import { KernelError } from "../../lib/maps/errno.ts";
import type { UserApi } from "../../lib/maps/user_space.ts";
import type { UserBatch } from "../../lib/maps/user_values.ts";
import { KernelAgreement } from "../kernel_agreement.ts";

// A zero seed puts keys into the same buckets on both sides.
const object = await bpf`#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

struct locked { struct bpf_spin_lock lock; __u32 count; };

#define MAP(name, map_type, flags, entries, value_type) \
	struct { __uint(type, BPF_MAP_TYPE_##map_type); __uint(map_flags, flags); __uint(max_entries, entries); __type(key, __u32); __type(value, value_type); } name SEC(".maps")

MAP(array, ARRAY, 0, 4, __u64);
MAP(mapped_array, ARRAY, BPF_F_MMAPABLE, 4, __u64);
MAP(rdonly_array, ARRAY, BPF_F_RDONLY, 4, __u64);
MAP(wronly_array, ARRAY, BPF_F_WRONLY, 4, __u64);
MAP(locked_array, ARRAY, 0, 4, struct locked);
MAP(percpu_array, PERCPU_ARRAY, 0, 4, __u64);
MAP(hash, HASH, BPF_F_ZERO_SEED, 4, __u64);
MAP(lazy_hash, HASH, BPF_F_ZERO_SEED | BPF_F_NO_PREALLOC, 4, __u64);
MAP(rdonly_hash, HASH, BPF_F_ZERO_SEED | BPF_F_RDONLY, 4, __u64);
MAP(wronly_hash, HASH, BPF_F_ZERO_SEED | BPF_F_WRONLY, 4, __u64);
MAP(locked_hash, HASH, BPF_F_ZERO_SEED, 4, struct locked);
MAP(percpu_hash, PERCPU_HASH, BPF_F_ZERO_SEED, 4, __u64);
MAP(lru_hash, LRU_HASH, BPF_F_ZERO_SEED, 64, __u64);
MAP(percpu_lru_hash, LRU_PERCPU_HASH, BPF_F_ZERO_SEED, 64, __u64);

struct inner { __uint(type, BPF_MAP_TYPE_ARRAY); __uint(max_entries, 2); __type(key, __u32); __type(value, __u64); }
front SEC(".maps"), back SEC(".maps");
struct { __uint(type, BPF_MAP_TYPE_ARRAY_OF_MAPS); __uint(max_entries, 4); __type(key, __u32); __array(values, struct inner); }
array_of_maps SEC(".maps") = { .values = { [0] = &front } };
struct { __uint(type, BPF_MAP_TYPE_HASH_OF_MAPS); __uint(map_flags, BPF_F_ZERO_SEED); __uint(max_entries, 4); __type(key, __u32); __array(values, struct inner); }
hash_of_maps SEC(".maps") = { .values = { [1] = &front } };
struct { __uint(type, BPF_MAP_TYPE_PROG_ARRAY); __uint(max_entries, 4); __type(key, __u32); __type(value, __u32); }
progs SEC(".maps");

SEC("tc") int nothing(void *ctx) { return 0; }
`;

const availability = linuxAvailable();
const cpus = availability.available ? possibleCpus() : 2;

const FLAGS = [0n, 1n, 2n, 3n, 4n, 5n, 6n, 8n, 1n << 32n];
const KEYS = [1, 2, 3];
/** There, not there in a hash map, beyond an array. */
const ASKED = [1, 0, 9];

/** The n-th value of a map, and another shape where the map wants one. */
function valueOf(map: string, n: number) {
  if (map.startsWith("percpu")) return Array.from({ length: cpus }, (_, cpu) => 10 * n + cpu);
  if (map.startsWith("locked")) return { count: n };
  if (map.endsWith("of_maps")) return n % 2 ? "front" : "back";
  return map === "progs" ? "nothing" : n;
}

const cursorOf = (number: number): Uint8Array => new Uint8Array(new Uint32Array([number]).buffer);
const CURSORS = [undefined, cursorOf(0), cursorOf(1), cursorOf(3), cursorOf(4), cursorOf(64), cursorOf(0xffff_ffff)];

type Call = readonly [name: string, call: (user: UserApi) => Model<unknown>];

/** Every call on a map; keys beyond those of `KEYS` are not there. */
function* callsOn(map: string): Iterable<Call> {
  for (const flags of FLAGS) {
    for (const key of ASKED) {
      yield [`lookup ${key} ${flags}`, (user) => user.lookup(map, key, flags)];
      yield [`update ${key} ${flags}`, (user) => user.update(map, key, valueOf(map, 7), flags)];
      yield [`lookupAndDelete ${key} ${flags}`, (user) => user.lookupAndDelete(map, key, flags)];
    }
    for (const keys of [[], [1], [0, 1], [1, 0, 2], [1, 9], [5, 6, 7, 8]]) {
      const entries = keys.map((key) => ({ key, value: valueOf(map, key) }));
      yield [`updateBatch ${keys} ${flags}`, (user) => user.updateBatch(map, entries, flags)];
      yield [`deleteBatch ${keys} ${flags}`, (user) => user.deleteBatch(map, keys, flags)];
    }
  }
  for (const flags of [0n, 1n, 4n]) {
    for (const count of [0, 1, 2, 3, 4, 100]) {
      for (const cursor of CURSORS) {
        const what = `${flags} ${count} ${cursor}`;
        yield [`lookupBatch ${what}`, (user) => user.lookupBatch(map, flags, count, cursor)];
        yield [`lookupAndDeleteBatch ${what}`, (user) => user.lookupAndDeleteBatch(map, flags, count, cursor)];
      }
    }
  }
  for (const key of ASKED) {
    yield [`delete ${key}`, (user) => user.delete(map, key)];
    yield [`nextKey ${key}`, (user) => user.nextKey(map, key)];
  }
  yield ["nextKey", (user) => user.nextKey(map)];
  yield ["in pieces", function* (user) {
    const pieces = [];
    for (let cursor, done = false; !done && pieces.length < 10;) {
      const batch: UserBatch<unknown> = yield* user.lookupBatch(map, 0n, 2, cursor);
      pieces.push([...batch]);
      ({ cursor, done } = batch);
    }
    return pieces;
  }];
}

/** Once a map is frozen. */
function* callsWhenFrozen(map: string): Iterable<Call> {
  yield ["freeze", (user) => user.freeze(map)];
  yield ["freeze again", (user) => user.freeze(map)];
  for (const flags of [0n, 4n, 8n]) {
    yield [`update ${flags}`, (user) => user.update(map, 1, valueOf(map, 7), flags)];
    yield [`lookup ${flags}`, (user) => user.lookup(map, 1, flags)];
    yield [`lookupAndDelete ${flags}`, (user) => user.lookupAndDelete(map, 1, flags)];
    yield [`updateBatch ${flags}`, (user) => user.updateBatch(map, [{ key: 1, value: valueOf(map, 1) }], flags)];
    yield [`updateBatch of none ${flags}`, (user) => user.updateBatch(map, [], flags)];
    yield [`deleteBatch ${flags}`, (user) => user.deleteBatch(map, [1], flags)];
    yield [`lookupBatch ${flags}`, (user) => user.lookupBatch(map, flags)];
    yield [`lookupAndDeleteBatch ${flags}`, (user) => user.lookupAndDeleteBatch(map, flags)];
  }
  yield ["delete", (user) => user.delete(map, 1)];
}

/** What a call gives: its value, or the name of its error and how many entries a batch had done. */
function* outcome(call: Model<unknown>): Model<unknown> {
  try {
    const value = yield* call;
    return Array.isArray(value) && "done" in value
      ? { entries: [...value], done: value.done, cursor: "cursor" in value ? value.cursor : undefined }
      : value;
  } catch (error) {
    if (error instanceof KernelError) return [error.code, error.count];
    throw error;
  }
}

/** Empties a map as far as it lets, and puts the first keys in. */
function* refill(user: UserApi, map: string): Model<void> {
  for (const key of [0, 1, 2, 3, 5, 6, 7, 8, 9]) yield* outcome(user.delete(map, key));
  for (const key of KEYS) yield* outcome(user.update(map, key, valueOf(map, key)));
}

/** All calls on a map, one after another, each on the same contents: by name, with what the map holds afterwards. */
const body = (map: string) =>
  function* (user: UserApi): Model<unknown> {
    const results: Record<string, unknown> = {};
    yield* refill(user, map);
    const text = inspect(yield* outcome(user.walk(map)));
    for (const [name, call] of callsOn(map)) {
      const result = yield* outcome(call(user)), left = yield* outcome(user.walk(map));
      results[name] = [result, left];
      // A change of a map in map waits for a grace period, so only what has to be mended is.
      if (!Array.isArray(left) || typeof left[0] === "string" || inspect(left) !== text) yield* refill(user, map);
    }
    yield* refill(user, map);
    for (const [name, call] of callsWhenFrozen(map)) results[`freeze: ${name}`] = yield* outcome(call(user));
    return results;
  };

describe("the table of user space's calls, simulator and running kernel", () => {
  const agreement = new KernelAgreement("calls of user space on all maps");
  afterAll(() => agreement.print());
  const test = availability.available ? it : it.skip;
  const reason = availability.available ? "" : ` (skipped: ${availability.reason})`;
  for (const { name: map } of object.maps.filter(({ data, name }) => !data && name !== "front" && name !== "back")) {
    test(`${map}${reason}`, async () => {
      const workload = { cpus, invocations: 0, programs: ["nothing"], user: [{ name: "it", body: body(map) }] };
      // The actor's body says freeze, but by a function.
      const bodies = {
        ...workload,
        *prepare(user: UserApi) {
          void user.freeze;
        },
      };
      const simulated = await simulate(object, bodies);
      expect(simulated.fault).toBe(undefined);
      await agreement.values(map, async () => {
        const real = await runOnLinux(object, { ...bodies, exact: true });
        expect(simulated.returned.it).toEqual(real.returned.it);
      });
    });
  }
});

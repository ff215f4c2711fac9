/** User space's calls give on the running kernel what they give on the simulator: values, errors, order of changes. */
import { afterAll, describe, expect, it } from "vitest";
import { linuxAvailable } from "../../lib/backends/linux/available.ts";
import { possibleCpus } from "../../lib/backends/linux/map_calls.ts";
import { runOnLinux } from "../../lib/backends/linux/run.ts";
import { simulate } from "../../lib/backends/simulator.ts";
import { bpf } from "../../lib/compile/bpf.ts";
import type { Model } from "../../lib/cpu/operation.ts";
import { KernelError } from "../../lib/maps/errno.ts";
import type { UserApi } from "../../lib/maps/user_space.ts";
import { KernelAgreement } from "../kernel_agreement.ts";

const object = await bpf`#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

struct point { __s16 x, y; };
struct locked { struct bpf_spin_lock lock; __u32 count; struct point at[2]; };

#define MAP(name, map_type, entries, value_type) \
	struct { __uint(type, map_type); __uint(max_entries, entries); __type(key, __u32); __type(value, value_type); } name SEC(".maps")

MAP(array, BPF_MAP_TYPE_ARRAY, 3, __u64);
MAP(hash, BPF_MAP_TYPE_HASH, 2, struct point);
MAP(locked_array, BPF_MAP_TYPE_ARRAY, 2, struct locked);
MAP(locked_hash, BPF_MAP_TYPE_HASH, 2, struct locked);
MAP(percpu_array, BPF_MAP_TYPE_PERCPU_ARRAY, 2, __u32);
MAP(percpu_hash, BPF_MAP_TYPE_PERCPU_HASH, 2, __u64);

struct inner { __uint(type, BPF_MAP_TYPE_ARRAY); __uint(max_entries, 2); __type(key, __u32); __type(value, __u64); }
front SEC(".maps"), back SEC(".maps");
struct { __uint(type, BPF_MAP_TYPE_ARRAY_OF_MAPS); __uint(max_entries, 2); __type(key, __u32); __array(values, struct inner); }
outer SEC(".maps") = { .values = { [0] = &front } };

__u64 counter = 7;
struct point origin = { 1, -2 };
int table[3];

SEC("tc") int nothing(void *ctx) { return counter + origin.x + table[0]; }
`;

const availability = linuxAvailable();
/** A per-CPU value has a slot for each possible CPU; the simulated computer gets as many. */
const cpus = availability.available ? possibleCpus() : 2;
const forEachCpu = (from: number): number[] => Array.from({ length: cpus }, (_, cpu) => from + cpu);

const BPF_NOEXIST = 1n, BPF_EXIST = 2n, BPF_F_LOCK = 4n;

type Body = (user: UserApi) => Model<unknown>;

/** What a call gives: its value, or the name of its error. */
const outcome = function* (call: Model<unknown>): Model<unknown> {
  try {
    return yield* call;
  } catch (error) {
    if (error instanceof KernelError) return error.code;
    throw error;
  }
};

const bodies: Readonly<Record<string, Body>> = {
  "array: in place, nothing to insert, nothing to delete": function* (user) {
    return [
      yield* outcome(user.update("array", 1, 5n)),
      yield* outcome(user.update("array", 1, 6n, BPF_NOEXIST)),
      yield* outcome(user.update("array", 1, 7n, BPF_EXIST)),
      yield* outcome(user.update("array", 3, 1n)),
      yield* outcome(user.update("array", 1, 1n, BPF_F_LOCK)),
      yield* outcome(user.update("array", 1, 1n, 3n)),
      yield* outcome(user.lookup("array", 3)),
      yield* outcome(user.lookup("array", 1, BPF_F_LOCK)),
      yield* outcome(user.delete("array", 1)),
      yield* user.lookup("array", 1),
      yield* user.walk("array"),
      yield* user.lookupBatch("array"),
      yield* user.nextKey("array", 2),
    ];
  },
  "hash: insert, replace, fill up, delete": function* (user) {
    return [
      yield* outcome(user.update("hash", 1, { x: 1, y: -1 }, BPF_EXIST)),
      yield* outcome(user.update("hash", 1, { x: 2, y: -2 }, BPF_NOEXIST)),
      yield* outcome(user.update("hash", 1, { x: 3, y: -3 }, BPF_NOEXIST)),
      yield* outcome(user.update("hash", 9, { x: 4, y: -4 })),
      yield* outcome(user.update("hash", 10, { x: 5, y: -5 })),
      yield* outcome(user.update("hash", 9, { x: 6, y: -6 }, BPF_EXIST)),
      yield* user.lookup("hash", 9),
      yield* user.lookup("hash", 2),
      yield* user.delete("hash", 1),
      yield* user.delete("hash", 1),
      yield* user.walk("hash"),
      yield* user.lookupBatch("hash"),
      yield* outcome(user.lookup("hash", 9, BPF_F_LOCK)),
    ];
  },
  "BPF_F_LOCK: on maps with a lock": function* (user) {
    const value = { count: 3, at: [{ x: 1, y: 2 }, { x: 3, y: 4 }] };
    return [
      yield* outcome(user.update("locked_array", 0, value, BPF_F_LOCK)),
      yield* outcome(user.lookup("locked_array", 0, BPF_F_LOCK)),
      yield* outcome(user.update("locked_hash", 5, value, BPF_F_LOCK)),
      yield* outcome(user.update("locked_hash", 5, { count: 9 }, BPF_F_LOCK | BPF_NOEXIST)),
      yield* outcome(user.update("locked_hash", 5, { count: 9 }, BPF_F_LOCK | BPF_EXIST)),
      yield* outcome(user.lookup("locked_hash", 5, BPF_F_LOCK)),
      yield* outcome(user.lookupBatch("locked_hash", BPF_F_LOCK)),
      yield* outcome(user.update("percpu_array", 0, forEachCpu(1), BPF_F_LOCK)),
    ];
  },
  "per-CPU maps: a value for each CPU": function* (user) {
    return [
      yield* outcome(user.update("percpu_array", 1, forEachCpu(10))),
      yield* user.lookup("percpu_array", 1),
      yield* user.lookupBatch("percpu_array"),
      yield* outcome(user.update("percpu_hash", 4, forEachCpu(1), BPF_NOEXIST)),
      yield* outcome(user.update("percpu_hash", 4, forEachCpu(3), BPF_NOEXIST)),
      yield* user.walk("percpu_hash"),
      yield* user.delete("percpu_hash", 4),
    ];
  },
  "map in map: swapped, emptied, filled with a fresh one": function* (user) {
    yield* user.update("front", 1, 11n);
    yield* user.update("back", 1, 22n);
    const before = yield* user.lookup("outer", 0);
    yield* user.swapInner("outer", 0, "back");
    const after = yield* user.lookup("outer", 0);
    const fresh = yield* user.createInner("outer");
    yield* user.swapInner("outer", 1, fresh);
    yield* user.update(fresh, 0, 33n);
    return [
      before,
      after,
      fresh,
      yield* user.lookup("outer", 1),
      yield* user.lookupBatch(fresh),
      yield* outcome(user.update("outer", 0, "hash")),
      yield* outcome(user.delete("outer", 0)),
      yield* outcome(user.lookup("outer", 0)),
      yield* user.lookup("front", 1),
    ];
  },
  "global variables: mapped memory": function* (user) {
    yield* user.writeGlobal("counter", (yield* user.readGlobal<bigint>("counter")) + 1n);
    yield* user.writeGlobal("table", [1, -2, 3]);
    yield* user.writeGlobal("origin.x", -5);
    return [
      yield* user.readGlobal("counter"),
      yield* user.readGlobal("table"),
      yield* user.readGlobal("table[1]"),
      yield* user.readGlobal("origin"),
    ];
  },
};

describe("calls of user space, simulator and running kernel", () => {
  const agreement = new KernelAgreement("calls of user space");
  afterAll(() => agreement.print());
  const test = availability.available ? it : it.skip;
  const reason = availability.available ? "" : ` (skipped: ${availability.reason})`;
  for (const [name, body] of Object.entries(bodies)) {
    test(`${name}${reason}`, async () => {
      const workload = { cpus, invocations: 0, programs: ["nothing"], user: [{ name: "it", body }] };
      const simulated = await simulate(object, workload);
      expect(simulated.fault).toBe(undefined);
      await agreement.values(name, async () => {
        const real = await runOnLinux(object, { ...workload, exact: true });
        expect(real.returned.it).toEqual(simulated.returned.it);
        if (real.cpus === cpus) expect(real.final).toEqual(simulated.final);
      });
    });
  }
});

/** The API of user space: names, values by BTF, errors for the reader. */
import { describe, expect, it } from "vitest";
import { simulate } from "../../lib/backends/simulator.ts";
import { decodeValue, encodeValue } from "../../lib/maps/btf_value.ts";
import { KernelError } from "../../lib/maps/errno.ts";
import type { UserApi } from "../../lib/maps/user_space.ts";
import { bpf } from "../../lib/compile/bpf.ts";
import type { Model } from "../../lib/cpu/operation.ts";

const object = await bpf`#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

struct point { __s16 x, y; };
struct shape {
	struct bpf_spin_lock lock;
	__u8 kind;
	char name[7];
	struct point corners[2];
	__u32 red : 5, green : 6, blue : 5;
	__u64 total;
};
struct key { __u32 a; __u32 b; };

struct { __uint(type, BPF_MAP_TYPE_HASH); __uint(max_entries, 4); __type(key, struct key); __type(value, struct shape); } shapes SEC(".maps");
struct { __uint(type, BPF_MAP_TYPE_HASH); __uint(max_entries, 2); __type(key, __u32); __type(value, __s32); } small SEC(".maps");
struct { __uint(type, BPF_MAP_TYPE_PERCPU_ARRAY); __uint(max_entries, 2); __type(key, __u32); __type(value, __u32); } percpu SEC(".maps");
struct { __uint(type, BPF_MAP_TYPE_ARRAY); __uint(max_entries, 2); __uint(map_flags, BPF_F_MMAPABLE); __type(key, __u32); __type(value, struct point); } mapped SEC(".maps");
struct { __uint(type, BPF_MAP_TYPE_ARRAY); __uint(max_entries, 2); __type(key, __u32); __type(value, __u64); } array SEC(".maps");

__u64 counter;
struct point origin;
int table[3];

SEC("tc") int nothing(void *ctx) { return counter + origin.x + table[0]; }
`;

/** What an actor's body returns, with nobody else about. */
async function call(body: (user: UserApi) => Model<unknown>, cpus = 2): Promise<unknown> {
  const run = await simulate(object, { cpus, invocations: 0, programs: ["nothing"], user: [{ name: "it", body }] });
  if (run.fault) throw new Error(run.fault.message);
  return run.returned.it;
}

describe("values by BTF", () => {
  const shape = {
    kind: 3n,
    name: new TextEncoder().encode("square\0"),
    corners: [{ x: -1n, y: 2n }, { x: 3n, y: -4n }],
    red: 31n,
    green: 1n,
    blue: 16n,
    total: 2n ** 63n,
  };

  it("a struct with everything comes back as it went in; the lock is not there", async () => {
    expect(
      await call(function* (user) {
        yield* user.update("shapes", { a: 1, b: 2 }, shape);
        return yield* user.lookup("shapes", { a: 1, b: 2 });
      }),
    ).toEqual(shape);
  });

  it("fields left out are zero, signed numbers keep their sign, keys come back as objects", async () => {
    expect(
      await call(function* (user) {
        yield* user.update("shapes", { b: 7 }, { total: 9 });
        yield* user.update("small", 4, -5);
        const value = yield* user.lookup("shapes", { a: 0, b: 7 });
        return [value.kind, value.total, yield* user.lookup("small", 4), yield* user.nextKey("shapes")];
      }),
    ).toEqual([0n, 9n, -5n, { a: 0n, b: 7n }]);
  });

  it("a per-CPU value is an array with one for each CPU", async () => {
    expect(
      await call(function* (user) {
        yield* user.update("percpu", 1, [10, 20, 30]);
        return [yield* user.lookup("percpu", 1), (yield* user.lookupBatch("percpu")).map(({ value }) => value)];
      }, 3),
    ).toEqual([[10n, 20n, 30n], [[0n, 0n, 0n], [10n, 20n, 30n]]]);
  });

  const wrong: [string, (user: UserApi) => Model<unknown>, string | RegExp][] = [
    ["an unknown map", (user) => user.lookup("smal", 0), /no map is called smal; there is shapes, small, percpu/],
    ["an unknown field", (user) => user.update("shapes", { c: 1 }, {}), "key of shapes has no field c; it has a, b"],
    [
      "a number for a struct",
      (user) => user.update("shapes", { a: 1 }, 5),
      /value of shapes: a struct with the fields/,
    ],
    ["half a number", (user) => user.update("small", 1, 1.5), "value of small: a whole number is wanted, not 1.5"],
    ["too many bytes", (user) => user.update("small", 1, new Uint8Array(5)), "value of small: 5 bytes given, it has 4"],
    ["one value for all CPUs", (user) => user.update("percpu", 0, 1), /an array with a value for each of the 2 CPUs/],
    ["an unknown variable", (user) => user.readGlobal("count"), /no global variable count; there is counter/],
    ["an inner map of an array", (user) => user.createInner("array"), /map array is no map in map/],
  ];
  for (const [what, body, message] of wrong) {
    it(`${what}: ${message}`, async () => {
      await expect(call(body)).rejects.toThrow(message);
    });
  }
});

describe("errors of the kernel", () => {
  const cases: [string, (user: UserApi) => Model<unknown>][] = [
    ["EEXIST", function* (user) {
      yield* user.update("small", 1, 1);
      yield* user.update("small", 1, 2, 1n);
    }],
    ["ENOENT", (user) => user.update("small", 1, 1, 2n)],
    ["E2BIG", function* (user) {
      for (const key of [1, 2, 3]) yield* user.update("small", key, key);
    }],
    ["E2BIG", (user) => user.update("array", 2, 1)],
    ["EEXIST", (user) => user.update("array", 1, 1, 1n)],
    ["EINVAL", (user) => user.delete("array", 1)],
    ["EINVAL", (user) => user.update("small", 1, 1, 8n)],
    ["EINVAL", (user) => user.lookup("small", 1, 1n)],
    ["EINVAL", (user) => user.update("percpu", 1, [1, 1], 4n)],
  ];
  for (const [code, body] of cases) {
    it(`${code} can be caught in the body`, async () => {
      const caught = await call(function* (user) {
        try {
          return yield* body(user);
        } catch (error) {
          return error instanceof KernelError ? error.code : error;
        }
      });
      expect(caught).toBe(code);
    });
  }

  it("a key that is not there is undefined, a delete of it false", async () => {
    expect(
      await call(function* (user) {
        return [
          yield* user.lookup("small", 1),
          yield* user.delete("small", 1),
          yield* user.nextKey("small"),
          yield* user.lookup("array", 2),
          yield* user.walk("small"),
        ];
      }),
    ).toEqual([undefined, false, undefined, undefined, []]);
  });
});

describe("mapped memory", () => {
  it("variables, fields, elements of arrays, elements of mapped maps", async () => {
    expect(
      await call(function* (user) {
        yield* user.writeGlobal("counter", 5);
        yield* user.writeGlobal("origin", { x: -1, y: 2 });
        yield* user.writeGlobal("table[1]", -7);
        yield* user.writeGlobal("mapped[1].y", -3);
        const bytes = yield* user.lookup("mapped", 1);
        return [
          yield* user.readGlobal("counter"),
          yield* user.readGlobal("origin.x"),
          yield* user.readGlobal("origin"),
          yield* user.readGlobal("table"),
          bytes,
        ];
      }),
    ).toEqual([5n, -1n, { x: -1n, y: 2n }, [0n, -7n, 0n], { x: 0n, y: -3n }]);
  });

  it("a map without BPF_F_MMAPABLE is not mapped", async () => {
    await expect(call((user) => user.readGlobal("array[0]"))).rejects.toThrow("no global variable array[0]");
  });
});

describe("without BTF", () => {
  it("numbers of 1, 2, 4 or 8 bytes, bytes otherwise", () => {
    expect(encodeValue(undefined, undefined, 4, 258, "key")).toEqual(new Uint8Array([2, 1, 0, 0]));
    expect(decodeValue(undefined, undefined, new Uint8Array([2, 1, 0, 0]))).toBe(258n);
    expect(decodeValue(undefined, undefined, new Uint8Array([1, 2, 3]))).toEqual(new Uint8Array([1, 2, 3]));
    expect(() => encodeValue(undefined, undefined, 3, 1, "key of m")).toThrow("give a Uint8Array of 3 bytes");
  });
});

describe("names in traces and outcomes", () => {
  it("say what stands where", async () => {
    const run = await simulate(object, {
      cpus: 2,
      // Hash maps get the seed 0.
      seed: 0,
      invocations: 0,
      programs: ["nothing"],
      user: [{
        name: "it",
        *body(user) {
          yield* user.update("shapes", { a: 1, b: 2 }, { total: 9 });
          yield* user.update("percpu", 1, [1, 2]);
          yield* user.writeGlobal("table[2]", 1);
          yield* user.update("array", 1, 3);
        },
      }],
    });
    const targets = new Set(run.trace().map((step) => step.target));
    for (
      const name of [
        "shapes.bucket[1].lock",
        "shapes.bucket[1].first",
        "percpu[1]@cpu0",
        "percpu[1]@cpu1",
        "table[2]",
        "array[1]",
      ]
    ) expect([...targets]).toContain(name);
    expect(Object.keys(run.final).filter((name) => name.startsWith("shapes"))).toContain("shapes[1,2].corners[1].y");
    expect(run.final["percpu[1]@cpu1"]).toBe(2n);
    expect(run.final["shapes[1,2].total"]).toBe(9n);
    expect(Object.keys(run.final).some((name) => name.includes("lock"))).toBe(false);
  });
});

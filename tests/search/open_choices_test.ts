/** What the kernel leaves open stays open: a search branches over it, says what it covered, and its witnesses replay. */
import { describe, expect, it } from "vitest";
import { simulate } from "../../lib/backends/simulator.ts";
import { bpf } from "../../lib/compile/bpf.ts";
import type { UserApi } from "../../lib/maps/user_space.ts";
import type { BpfObject } from "../../lib/object/bpf_object.ts";
import { explorationText } from "../../lib/report/exploration_text.ts";
import { replay } from "../../lib/schedulers/replay.ts";
import { formatSchedule, hashSeedOf, parseSchedule, stepOf } from "../../lib/schedulers/schedule.ts";
import { type Exploration, explore, type ExploreOptions } from "../../lib/search/explore.ts";

/** A search all of whose schedules replay in the simulator to where they ended. */
async function explored(object: BpfObject, options: ExploreOptions): Promise<Exploration> {
  const all = await explore(object, options);
  const { bounds: _b, holds: _h, onProgress: _p, reduction: _r, symmetry: _s, ...workload } = options;
  for (const { values, returned, witness } of all.outcomes) {
    const run = await simulate(object, { ...workload, scheduler: replay(witness) });
    expect(run.final).toEqual(values);
    if (returned) expect(run.returned).toEqual(returned);
  }
  expect(all.complete).toBe(true);
  return all;
}

const valuesOf = (all: Exploration, name: string): unknown[] =>
  [...new Set(all.outcomes.map(({ values }) => values[name]))].sort((a, b) => Number(a) - Number(b));

describe("schedules", () => {
  it("say which alternative a step takes, and what hash seeds are drawn from", () => {
    const steps = [0, stepOf(0, 3), stepOf(1, 2), stepOf(1, 2), 1];
    expect(formatSchedule(steps, 7)).toBe("h7 0 0=3 1=2*2 1");
    expect(parseSchedule("h7 0 0=3 1=2*2 1")).toEqual(steps);
    expect(hashSeedOf("h7 0")).toBe(7);
    expect(hashSeedOf("0 1")).toBe(0);
    expect(parseSchedule("h7")).toEqual([]);
  });
  it("that take no alternative there is are refused", async () => {
    const object = await bpf`int n; SEC("raw_tp") int count(void *ctx) { n += bpf_get_prandom_u32() & 1; return 0; }`;
    for (const wrong of ["0=0", "0=", "h", "4096"]) expect(() => replay(wrong)).toThrow(SyntaxError);
    await expect(simulate(object, { cpus: 1, invocations: 1, scheduler: replay("0=9") })).rejects.toThrow(
      "step 0 is alternative 9 of cpu0, which has 2 alternatives there",
    );
    await expect(simulate(object, { cpus: 1, invocations: 1, scheduler: replay("0=1*2") })).rejects.toThrow(
      "has nothing to choose there",
    );
  });
});

describe("random numbers", () => {
  it("a branch that one number in eight takes is found", async () => {
    const object = await bpf`
int n;
SEC("raw_tp") int count(void *ctx) {
  if ((bpf_get_prandom_u32() & 7) == 5) n += 1;
  else __sync_fetch_and_add(&n, 1);
  return 0;
}`;
    const all = await explored(object, { cpus: 2, invocations: 1 });
    expect(all.observation).toBe("Sometimes");
    expect(valuesOf(all, "n")).toEqual([1n, 2n]);
    expect(all.openConditions).toEqual([
      "random numbers: every value that the program can tell apart (C line 4): 2 at most",
    ]);
    expect(all.coversOpen).toBe(true);
    expect(all.witness!.trace.filter(({ kind }) => kind === "choose").map(({ target }) => target)).toContain(
      "prandom = 5",
    );
  });

  const expressions = () =>
    bpf`
u32 n;
#define SAMPLE(name, expression) SEC("raw_tp") int name(void *ctx) { u32 x = bpf_get_prandom_u32(); n = expression; return 0; }
SAMPLE(low, x & 3)
SAMPLE(remainder, x % 3)
SAMPLE(high, x >> 30)
SAMPLE(one_bit, (x >> 4) & 1)
SAMPLE(below, x < 100)
SAMPLE(bit_and_range, (x & 1) + 2 * (x > 0xf0000000))
SAMPLE(scaled, (u32)(((u64)x * 3) >> 32))
SAMPLE(equal, x == 0x12345678)
SAMPLE(negative, (int)x < 0)
SAMPLE(changed, (x ^ 0x5554) & 1)
SAMPLE(far_bits, (x >> 7 & 1) + 2 * (x >> 13 & 1))
`;
  const outcomes: Readonly<Record<string, readonly bigint[]>> = {
    low: [0n, 1n, 2n, 3n],
    remainder: [0n, 1n, 2n],
    high: [0n, 1n, 2n, 3n],
    one_bit: [0n, 1n],
    below: [0n, 1n],
    bit_and_range: [0n, 1n, 2n, 3n],
    scaled: [0n, 1n, 2n],
    equal: [0n, 1n],
    negative: [0n, 1n],
    changed: [0n, 1n],
    far_bits: [0n, 1n, 2n, 3n],
  };
  for (const [name, values] of Object.entries(outcomes)) {
    it(`${name}: ${values.join(", ")}`, async () => {
      const all = await explored(await expressions(), { cpus: 1, invocations: 1, programs: [name] });
      expect(valuesOf(all, "n")).toEqual(values);
      expect(all.coversOpen).toBe(true);
    });
  }

  it("a number that is kept is named: no proof for every value", async () => {
    const object = await bpf`
u32 kept;
SEC("raw_tp") int keep(void *ctx) { kept = bpf_get_prandom_u32(); return 0; }`;
    const all = await explored(object, { cpus: 1, invocations: 1 });
    expect(all.observation).toBe("Never");
    expect(all.coversOpen).toBe(false);
    expect(all.openConditions).toEqual(["random numbers: 3 representative values (C line 3), others not tried"]);
    expect(explorationText(all)).not.toContain("so this is a proof.");
    expect(explorationText(all)).toContain(all.openConditions[0]);
  });

  it("a number that is a key, is handed over through the stack, or to a function, is not taken for told apart", async () => {
    const object = await bpf`
struct { __uint(type, BPF_MAP_TYPE_HASH); __uint(max_entries, 8); __type(key, u32); __type(value, u64); }
flows SEC(".maps");
u32 n;
#define USE(name, body) SEC("raw_tp") int name(void *ctx) { body; return 0; }
#define UPDATE(key_of, value_of)                                                                                       \
	u32 key = key_of;                                                                                              \
	u64 value = value_of;                                                                                          \
	bpf_map_update_elem(&flows, &key, &value, BPF_ANY)
SEC("raw_tp") int key(void *ctx) { UPDATE(bpf_get_prandom_u32(), 1); return 0; }
SEC("raw_tp") int value(void *ctx) { UPDATE(1, bpf_get_prandom_u32()); return 0; }
USE(printed, bpf_printk("%u", bpf_get_prandom_u32()))
USE(two, if (bpf_get_prandom_u32() == bpf_get_prandom_u32()) n += 1)
USE(shared, if (bpf_get_prandom_u32() < n) n += 1)
`;
    for (const program of ["key", "value", "printed", "two", "shared"]) {
      const all = await explored(object, { cpus: 1, invocations: 1, programs: [program] });
      expect([program, all.coversOpen]).toEqual([program, false]);
    }
  });
});

describe("time", () => {
  it("goes on by any amount: a timeout passes, and does not", async () => {
    const object = await bpf`
u64 last;
int early, late;
SEC("raw_tp") int tick(void *ctx) {
  u64 now = bpf_ktime_get_ns();
  if (last && now - last > 1000000) __sync_fetch_and_add(&late, 1);
  else if (last) __sync_fetch_and_add(&early, 1);
  last = now;
  return 0;
}`;
    const all = await explored(object, { cpus: 1, invocations: 2 });
    expect([valuesOf(all, "early"), valuesOf(all, "late")]).toEqual([[0n, 1n], [0n, 1n]]);
    expect(all.coversOpen).toBe(false);
    expect(all.openConditions[0]).toMatch(
      /^time: each reading is 0, 1, 1000001 ns after the one before it \(C line 5\)/,
    );
  });

  it("two CPUs that both find a timeout passed reset twice", async () => {
    const object = await bpf`
u64 last;
int resets;
SEC("raw_tp") int limit(void *ctx) {
  u64 now = bpf_ktime_get_ns();
  if (now < last + 1000000000) return 0;
  last = now;
  __sync_fetch_and_add(&resets, 1);
  return 0;
}`;
    const prepare = function* (user: UserApi) {
      yield* user.writeGlobal("last", 1_000_000_000_000n);
    };
    const all = await explored(object, {
      cpus: 2,
      invocations: 1,
      prepare,
      holds: ({ resets, last }) => resets !== 2n || (last as bigint) > 1_001_500_000_000n,
    });
    expect(valuesOf(all, "resets")).toEqual([0n, 1n, 2n]);
    expect(all.observation).toBe("Sometimes");
  });

  it("windows of time end", async () => {
    const object = await bpf`
u64 window;
int changed;
SEC("raw_tp") int count(void *ctx) {
  u64 now = bpf_ktime_get_ns() / 1000000000;
  if (now != window) changed += 1;
  window = now;
  return 0;
}`;
    expect(valuesOf(await explored(object, { cpus: 1, invocations: 2 }), "changed")).toEqual([1n, 2n]);
  });

  it("reads in one order do not come with the times of another", async () => {
    const object = await bpf`
u64 first, second;
SEC("raw_tp") int one(void *ctx) { first = bpf_ktime_get_ns(); second = bpf_ktime_get_ns(); return 0; }`;
    const all = await explored(object, { cpus: 1, invocations: 1, holds: ({ first, second }) => first <= second });
    expect(all.observation).toBe("Never");
    expect(all.outcomes.length).toBeGreaterThan(1);
  });
});

describe("hash seeds", () => {
  const hits = () =>
    bpf`
struct { __uint(type, BPF_MAP_TYPE_HASH); __uint(max_entries, 2); __type(key, __u32); __type(value, __u64); }
hits SEC(".maps");
SEC("raw_tp") int idle(void *ctx) { return 0; }
`;
  const unseeded = () =>
    bpf`
struct { __uint(type, BPF_MAP_TYPE_HASH); __uint(max_entries, 2); __uint(map_flags, BPF_F_ZERO_SEED);
__type(key, __u32); __type(value, __u64); } hits SEC(".maps");
SEC("raw_tp") int idle(void *ctx) { return 0; }
`;
  /** The loop of bcc#780: what is updated on a walk moves to the front of its bucket. */
  const resets = (other: number) => ({
    cpus: 1,
    programs: ["idle"],
    invocations: 1,
    user: [{
      name: "reset",
      *body(user: UserApi) {
        yield* user.update("hits", 1, 5);
        yield* user.update("hits", other, 6);
        let key = yield* user.nextKey("hits");
        for (let steps = 0; key !== undefined; key = yield* user.nextKey("hits", key as bigint)) {
          if (++steps > 4) return "goes round";
          yield* user.update("hits", key as bigint, 0);
        }
        return "ends";
      },
    }],
  });

  for (const other of [2, 3]) {
    it(`a walk that updates keys 1 and ${other} goes round where they share a bucket, else ends`, async () => {
      const all = await explored(await hits(), {
        ...resets(other),
        holds: (_values, returned) => returned.reset === "ends",
      });
      expect(all.observation).toBe("Sometimes");
      expect(all.openConditions).toEqual(["hash seed: any; all 3 layouts of the keys of hits were tried"]);
      expect(all.coversOpen).toBe(true);
    });
  }

  it("BPF_F_ZERO_SEED leaves nothing open", async () => {
    const object = await unseeded();
    for (const other of [2, 3]) {
      const all = await explored(object, { ...resets(other), holds: (_values, { reset }) => reset === "ends" });
      expect(all.outcomes).toHaveLength(1);
      expect(all.openConditions).toEqual([]);
      const [{ returned }] = all.outcomes;
      for (const seed of [1, 2, 3, 4, 5, 6]) {
        expect((await simulate(object, { ...resets(other), seed })).returned).toEqual(returned);
      }
    }
  });

  it("are drawn by a run's seed, and its schedule has them", async () => {
    const object = await hits(), ends = new Set<unknown>();
    for (let seed = 1; seed <= 30; seed++) {
      const run = await simulate(object, { ...resets(2), seed });
      ends.add(run.returned.reset);
      const again = await simulate(object, { ...resets(2), scheduler: replay(run.schedule()) });
      expect(again.returned).toEqual(run.returned);
    }
    expect(ends.size).toBe(2);
  });

  it("do not matter where nothing shows them", async () => {
    const object = await bpf`
struct { __uint(type, BPF_MAP_TYPE_HASH); __uint(max_entries, 4); __type(key, int); __type(value, long); } m SEC(".maps");
SEC("raw_tp") int count(void *ctx) {
  int key = bpf_get_smp_processor_id();
  long one = 1, *value = bpf_map_lookup_elem(&m, &key);
  if (value) __sync_fetch_and_add(value, 1);
  else bpf_map_update_elem(&m, &key, &one, BPF_NOEXIST);
  return 0;
}`;
    // Of keys that each CPU has to itself a serial order would say nothing.
    const all = await explored(object, { cpus: 2, invocations: 1, holds: () => true });
    expect(all.observation).toBe("Never");
    expect([all.openConditions, all.coversOpen]).toEqual([
      ["hash seed: any; nothing that ran shows which keys share a bucket"],
      true,
    ]);
  });
});

describe("entries beyond max_entries of a BPF_F_NO_PREALLOC map", () => {
  const inserting = () =>
    bpf`
#define MAP(map, entries, flags)                                                                                       \
	struct { __uint(type, BPF_MAP_TYPE_HASH); __uint(map_flags, flags); __uint(max_entries, entries);              \
		__type(key, u32); __type(value, u64); } map SEC(".maps");                                              \
	SEC("tc") int insert_##map(void *ctx)                                                                          \
	{                                                                                                              \
		u32 key = 10 + bpf_get_smp_processor_id();                                                             \
		u64 one = 1;                                                                                           \
		if (bpf_map_update_elem(&map, &key, &one, BPF_ANY)) __sync_fetch_and_add(&refused, 1);                 \
		return 0;                                                                                              \
	}
long refused;
MAP(three, 3, BPF_F_NO_PREALLOC)
MAP(single, 1, BPF_F_NO_PREALLOC)
MAP(preallocated, 3, 0)
`;
  const refusals = async (map: string, entries: number) => {
    const prepare = function* (user: UserApi) {
      for (let key = 1; key <= entries; key++) yield* user.update(map, key, 1);
    };
    const options = { cpus: 2, invocations: 1, programs: [`insert_${map}`], prepare };
    return valuesOf(await explored(await inserting(), options), "refused");
  };

  // On a 6.18 kernel 4 of 5 maps of three entries, each with a seed of its own, came to hold four; none of one, two.
  it("come in where two keys have buckets of their own", async () => {
    expect(await refusals("three", 2)).toEqual([0n, 1n]);
  });
  it("not where all keys share the one bucket", async () => {
    expect(await refusals("single", 0)).toEqual([1n]);
  });
  it("nor in a preallocated map", async () => {
    expect(await refusals("preallocated", 2)).toEqual([1n]);
  });
});

describe("stack that was never written", () => {
  const padded = () =>
    bpf`
struct key { int a; long b; };
struct { __uint(type, BPF_MAP_TYPE_HASH); __uint(max_entries, 8); __type(key, struct key); __type(value, long); }
flows SEC(".maps");
SEC("raw_tp") int count(void *ctx) {
  struct key k;
  k.a = 1;
  k.b = 2;
  long one = 1, *value = bpf_map_lookup_elem(&flows, &k);
  if (value) __sync_fetch_and_add(value, 1);
  else bpf_map_update_elem(&flows, &k, &one, BPF_NOEXIST);
  return 0;
}`;

  it("makes two keys of one, here and there", async () => {
    const all = await explored(await padded(), { cpus: 1, invocations: 2 });
    const names = all.outcomes.map(({ values }) => Object.keys(values).sort().join(" ")).sort();
    expect(new Set(names)).toEqual(
      new Set(["flows[1,2]", "flows[1,2 +a5a5a5a5]", "flows[1,2 +a5a5a5a5] flows[1,2]"]),
    );
    expect(all.coversOpen).toBe(false);
    expect(all.openConditions).toContain(
      "undefined bytes: two patterns tried (C line 9: bytes 4 to 7 of the key of flows were never written: " +
        "what the stack held before is read)",
    );
    expect(explorationText(all)).toContain("Warning: C line 9: bytes 4 to 7 of the key of flows");
  });

  it("is garbage by the seed in a simulation", async () => {
    const object = await padded(), found = new Set<string>();
    for (let seed = 1; seed <= 5; seed++) {
      const options = { cpus: 1, invocations: 3, seed }, run = await simulate(object, options);
      expect(run.warnings[0]).toMatch(/^C line 9: bytes 4 to 7 of the key of flows/);
      expect((await simulate(object, options)).final).toEqual(run.final);
      Object.keys(run.final).forEach((name) => found.add(name));
    }
    expect(found.size).toBeGreaterThan(5);
  });

  it("stays what it is where nothing undefined is read", async () => {
    const object = await bpf`
struct key { int a; long b; };
struct { __uint(type, BPF_MAP_TYPE_HASH); __uint(max_entries, 8); __type(key, struct key); __type(value, long); }
flows SEC(".maps");
SEC("raw_tp") int count(void *ctx) {
  struct key k;
  __builtin_memset(&k, 0, sizeof(k));
  k.a = 1;
  long one = 1;
  bpf_map_update_elem(&flows, &k, &one, BPF_ANY);
  return 0;
}`;
    const run = await simulate(object, { cpus: 2, invocations: 2 });
    expect([Object.keys(run.final), run.warnings]).toEqual([["flows[1,0]"], []]);
  });
});

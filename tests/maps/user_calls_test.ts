/** User space's calls as agents use them: drains, batches in pieces, frozen maps, runs of programs, orders, pids. */
import { describe, expect, it } from "vitest";
import { linuxAvailable } from "../../lib/backends/linux/available.ts";
import { runOnLinux } from "../../lib/backends/linux/run.ts";
import { simulate } from "../../lib/backends/simulator.ts";
import { threads } from "../../lib/backends/threads/run.ts";
import { bpf } from "../../lib/compile/bpf.ts";
import type { Model } from "../../lib/cpu/operation.ts";
import { KernelError } from "../../lib/maps/errno.ts";
import { USER_CALLS } from "../../lib/maps/user_calls.ts";
import type { UserActor } from "../../lib/maps/user_actor.ts";
import { UserApi } from "../../lib/maps/user_space.ts";
import type { UserBatch } from "../../lib/maps/user_values.ts";
import { explore } from "../../lib/search/explore.ts";
import { KernelAgreement } from "../kernel_agreement.ts";

const object = await bpf`#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

struct { __uint(type, BPF_MAP_TYPE_HASH); __uint(max_entries, 4); __type(key, __u32); __type(value, __u64); } reads SEC(".maps");
struct { __uint(type, BPF_MAP_TYPE_HASH); __uint(max_entries, 16); __type(key, __u32); __type(value, __u64); } hits SEC(".maps");
struct { __uint(type, BPF_MAP_TYPE_ARRAY); __uint(map_flags, BPF_F_MMAPABLE); __uint(max_entries, 2); __type(key, __u32); __type(value, __u64); }
mapped SEC(".maps");
struct { __uint(type, BPF_MAP_TYPE_ARRAY); __uint(max_entries, 1); __type(key, __u32); __type(value, __u64); } config SEC(".maps");
struct inner { __uint(type, BPF_MAP_TYPE_ARRAY); __uint(max_entries, 1); __type(key, __u32); __type(value, __u64); }
front SEC(".maps"), back SEC(".maps");
struct { __uint(type, BPF_MAP_TYPE_ARRAY_OF_MAPS); __uint(max_entries, 1); __type(key, __u32); __array(values, struct inner); }
outer SEC(".maps") = { .values = { [0] = &front } };

__u64 n, seen, id;

/* Counts reads of file 3; user space drains the map. From a report on bcc, rebuilt. */
SEC("raw_tp") int drained(void *ctx)
{
	__u32 key = 3;
	__u64 zero = 0, *count = bpf_map_lookup_elem(&reads, &key);
	if (!count) {
		bpf_map_update_elem(&reads, &key, &zero, BPF_NOEXIST);
		count = bpf_map_lookup_elem(&reads, &key);
	}
	if (count)
		__sync_fetch_and_add(count, 1);
	return 0;
}

SEC("raw_tp") int plain(void *ctx) { n += 1; return n; }

SEC("raw_tp") int with_ctx(void *ctx) { seen = *(__u64 *)ctx; return *(__u64 *)ctx; }

SEC("raw_tp") int who(void *ctx) { id = bpf_get_current_pid_tgid(); return 0; }

SEC("raw_tp") int add_mapped(void *ctx)
{
	__u32 key = 0;
	__u64 *value = bpf_map_lookup_elem(&mapped, &key);
	if (value)
		__sync_fetch_and_add(value, 1);
	return 0;
}

SEC("raw_tp") int set_config(void *ctx)
{
	__u32 key = 0;
	__u64 one = 1;
	return bpf_map_update_elem(&config, &key, &one, BPF_ANY);
}

/* Holds an inner map while it is swapped. */
SEC("raw_tp") int through_outer(void *ctx)
{
	__u32 key = 0;
	void *inner = bpf_map_lookup_elem(&outer, &key);
	__u64 *value = inner ? bpf_map_lookup_elem(inner, &key) : 0;
	if (value)
		__sync_fetch_and_add(value, 1);
	return 0;
}
`;

const idle = { cpus: 1, programs: [{ prog: "plain", invocations: 0 }] };
const actor = (name: string, body: (user: UserApi) => Model<unknown>): UserActor => ({ name, body });

/** What a call gives, or the name of its error. */
function* code(call: Model<unknown>): Model<unknown> {
  try {
    return yield* call;
  } catch (error) {
    if (error instanceof KernelError) return error.code;
    throw error;
  }
}

/** What the bodies of some actors return in every outcome, each outcome once. */
async function returns(user: readonly UserActor[]): Promise<string[]> {
  const all = await explore(object, { ...idle, user });
  expect([all.complete, all.stuck]).toEqual([true, []]);
  return [...new Set(all.outcomes.map(({ returned }) => Object.values(returned!).join(" ")))].sort();
}

describe("calls that there are not", () => {
  it("the table has every call of the API", () => {
    const calls = Object.getOwnPropertyNames(UserApi.prototype).filter((name) => name !== "constructor");
    const hooks = ["batch", "takeElem", "freezeMap", "runProg", "maxEntries", "cursorBytes"];
    hooks.push("consumeRing", "consumePerf", "pollRing", "peekValue");
    const codecs = ["keyBytes", "valueBytes", "keyOf", "valueOf"];
    expect(calls.filter((name) => ![...hooks, ...codecs].includes(name)).sort()).toEqual(
      Object.keys(USER_CALLS).sort(),
    );
  });

  // deno-lint-ignore no-explicit-any -- what a reader writes who is wrong
  const wrong: [string, (user: any) => Model<unknown>, RegExp][] = [
    [
      "an unknown call",
      (user) => user.lookupAndDelet("reads", 3),
      /no call lookupAndDelet; did you mean lookupAndDelete\?/,
    ],
    ["a hook of the machine", (user) => user.takeElem("reads", 3), /user has no call takeElem/],
    [
      "an argument too many",
      (user) => user.lookupBatch("hits", 0n, 1, undefined, 2),
      /5 arguments; it takes \(map, flags/,
    ],
    ["an argument too few", (user) => user.update("hits", 1), /2 arguments; it takes \(map, key, value, flags\?\)/],
    ["a cursor that is none", (user) => user.lookupBatch("hits", 0n, 1, 5), /give the cursor of the call before/],
    ["half an entry of room", (user) => user.lookupBatch("hits", 0n, 0.5), /count is 0.5/],
    ["an unknown program", (user) => user.run("plian"), /no program is called plian.*did you mean plain\?/],
    ["an unknown option of a run", (user) => user.run("plain", { cpu: 1 }), /there is no option cpu; it has ctx/],
    ["an unknown operation", (user) => user.atomicGlobal("n", "inc", 1), /no atomic operation is called inc/],
    ["cmpxchg of what?", (user) => user.atomicGlobal("n", "cmpxchg", 1), /is given what it expects/],
  ];
  for (const [what, body, message] of wrong) {
    it(`${what}: ${message}`, async () => {
      // run
      const run = simulate(object, {
        ...idle,
        user: [actor("it", function* (user) {
          return yield* body(user);
        })],
      });
      await expect(run).rejects.toThrow(message);
    });
  }
});

describe("lookup and delete", () => {
  it("in one call still loses what a program adds through its pointer", async () => {
    const drain = actor("drain", function* (user) {
      return (yield* user.lookupAndDelete("reads", 3)) ?? 0n;
    });
    const all = await explore(object, {
      cpus: 1,
      programs: ["drained"],
      invocations: 2,
      user: [drain],
      holds: (values, { drain }) => ((values["reads[3]"] as bigint) ?? 0n) + (drain as bigint) === 2n,
    });
    expect([all.observation, all.complete]).toEqual(["Sometimes", true]);
  });

  it("loses nothing between two drains: one of them has the entry", async () => {
    const drain = (name: string) => actor(name, (user) => user.lookupAndDelete("reads", 3));
    const all = await explore(object, {
      ...idle,
      prepare: (user) => user.update("reads", 3, 7),
      user: [drain("a"), drain("b")],
    });
    const got = all.outcomes.map(({ returned }) => [returned!.a, returned!.b]);
    expect(got.sort()).toEqual([[7n, undefined], [undefined, 7n]].sort());
  });
});

describe("batches", () => {
  const fill = function* (user: UserApi) {
    for (let key = 0; key < 16; key++) yield* user.update("hits", key, key);
  };
  const drainBy = (count: number) =>
    actor("drain", function* (user) {
      let got = 0, calls = 0;
      for (let cursor, done = false; !done; calls++) {
        const batch: UserBatch<unknown> = yield* user.lookupAndDeleteBatch("hits", 0n, count, cursor);
        got += batch.length;
        ({ cursor, done } = batch);
      }
      return [got, calls];
    });

  it("in pieces that are large enough have every entry once", async () => {
    const { returned, final } = await simulate(object, { ...idle, prepare: fill, user: [drainBy(6)] });
    expect((returned.drain as number[])[0]).toBe(16);
    expect((returned.drain as number[])[1]).toBeGreaterThan(2);
    expect(Object.keys(final).filter((name) => name.startsWith("hits"))).toEqual([]);
  });

  it("end with ENOSPC at a bucket that is larger than the room", async () => {
    const codes = new Set<unknown>();
    const tries = actor("tries", function* (user) {
      // 16 keys in 16 buckets: some share one, whatever the seed.
      for (let cursor, done = false; !done;) {
        const batch = yield* code(user.lookupBatch("hits", 0n, 1, cursor));
        if (typeof batch === "string") return batch;
        ({ cursor, done } = batch as { done: boolean; cursor: Uint8Array | undefined });
      }
    });
    codes.add((await simulate(object, { ...idle, prepare: fill, user: [tries] })).returned.tries);
    expect([...codes]).toEqual(["ENOSPC"]);
  });

  it("copy a bucket under its lock: no update comes between, but between two buckets one does", async () => {
    const writer = actor("w", function* (user) {
      for (const key of [0, 1, 2]) yield* user.update("reads", key, 2);
    });
    const reader = actor("r", function* (user) {
      return (yield* user.lookupBatch("reads")).map(({ value }) => value).join("");
    });
    const seen = await explore(object, {
      ...idle,
      prepare: function* (user) {
        for (const key of [0, 1, 2]) yield* user.update("reads", key, 1);
      },
      user: [writer, reader],
    });
    const texts = new Set(seen.outcomes.map(({ returned }) => returned!.r));
    expect(seen.complete).toBe(true);
    expect(texts.has("111") && texts.has("222")).toBe(true);
    expect(texts.size).toBeGreaterThan(2);
  });

  it("count what they had done when they fail", async () => {
    const run = await simulate(object, {
      ...idle,
      user: [actor("it", function* (user) {
        yield* user.updateBatch("reads", [{ key: 1, value: 1 }, { key: 2, value: 2 }]);
        try {
          yield* user.deleteBatch("reads", [1, 5, 2]);
        } catch (error) {
          return [(error as KernelError).code, (error as KernelError).count, yield* user.lookup("reads", 2)];
        }
      })],
    });
    expect(run.returned.it).toEqual(["ENOENT", 1, 2n]);
  });
});

describe("a frozen map", () => {
  it("is refused while a write is under way, and refuses writes from then on", async () => {
    const found = await returns([
      actor("f", function* (user) {
        return (yield* code(user.freeze("config"))) ?? "frozen";
      }),
      actor("w", function* (user) {
        return (yield* code(user.update("config", 0, 1))) ?? "written";
      }),
    ]);
    expect(found).toEqual(["EBUSY written", "frozen EPERM", "frozen written"]);
  });

  it("is still written by programs", async () => {
    const run = await simulate(object, {
      ...idle,
      user: [actor("f", function* (user) {
        yield* user.freeze("config");
        return [yield* user.run("set_config"), yield* user.lookup("config", 0)];
      })],
    });
    expect(run.returned.f).toEqual([0n, 1n]);
  });

  it("has to be known of beforehand", async () => {
    const name = ["fre", "eze"].join("") as "freeze";
    const run = simulate(object, { ...idle, user: [actor("f", (user) => user[name]("config"))] });
    await expect(run).rejects.toThrow(/looks for the word in the actor's body/);
  });
});

describe("a program that user space runs", () => {
  const adds = (name: string, pid?: number) => ({ ...actor(name, (user) => user.run("plain")), pid });

  it("interleaves with others, step by step", async () => {
    const all = await explore(object, { ...idle, user: [adds("a"), adds("b")] });
    expect(all.outcomes.map(({ values, returned }) => [values.n, returned!.a, returned!.b].join()).sort()).toEqual([
      "1,1,1",
      "2,1,2",
      "2,2,1",
    ]);
    expect(all.complete).toBe(true);
  });

  it("has the context that it is given, and zeroes where it is given none", async () => {
    const run = await simulate(object, {
      ...idle,
      user: [actor("it", function* (user) {
        const ctx = new Uint8Array(new BigInt64Array([-2n]).buffer);
        return [yield* user.run("with_ctx", { ctx }), yield* user.run("with_ctx")];
      })],
    });
    expect(run.returned.it).toEqual([0xffff_fffen, 0n]);
  });

  it("keeps its CPU to itself", async () => {
    const all = await explore(object, { cpus: 1, programs: ["plain"], user: [{ ...adds("a"), cpu: 0 }] });
    expect([all.observation, all.complete]).toEqual(["Never", true]);
    const preempted = await explore(object, {
      cpus: 1,
      preempt: "full",
      programs: ["plain"],
      user: [{ ...adds("a"), cpu: 0 }],
    });
    expect(preempted.observation).toBe("Sometimes");
  });

  it("is waited for by the swap of an inner map", async () => {
    const all = await explore(object, {
      ...idle,
      user: [
        actor("runner", (user) => user.run("through_outer")),
        actor("swapper", function* (user) {
          yield* user.swapInner("outer", 0, "back");
          return yield* user.lookup("front", 0);
        }),
      ],
      holds: (values, { swapper }) => values["front[0]"] === swapper,
    });
    expect([all.observation, all.complete, all.outcomes.length]).toEqual(["Never", true, 2]);
  });

  it("runs under a profile, and in traces with its own lines", async () => {
    const user = [adds("a"), adds("b")];
    const timed = await simulate(object, { ...idle, user, profile: "xeon-kvm" });
    expect([timed.fault, timed.final.n]).toEqual([undefined, 2n]);
    const traced = await simulate(object, { ...idle, user, seed: 3 });
    const lines = traced.trace().filter(({ prog, line }) => prog === "plain" && line?.text.includes("n += 1"));
    expect(lines.length).toBeGreaterThan(1);
  });

  it("has to be named", async () => {
    const name = ["pla", "in"].join("");
    const run = simulate(object, { cpus: 1, programs: ["who"], user: [actor("it", (user) => user.run(name))] });
    await expect(run).rejects.toThrow(/plain, which is not loaded: its body does not name it/);
  });
});

describe("A, then B", () => {
  const reader = { name: "reader", after: "plain", body: (user: UserApi) => user.readGlobal("n") };

  it("an actor begins when all runs of a program are done", async () => {
    const all = await explore(object, { cpus: 2, programs: ["plain"], user: [reader] });
    expect(all.complete).toBe(true);
    for (const { values, returned } of all.outcomes) expect(returned!.reader).toBe(values.n);
    const unordered = await explore(object, { cpus: 2, programs: ["plain"], user: [{ ...reader, after: undefined }] });
    expect(unordered.outcomes.length).toBeGreaterThan(all.outcomes.length);
  });

  const schedulers = ["random", "round_robin", "pct", "clock"] as const;
  for (const how of [...schedulers.map((scheduler) => ({ scheduler })), { profile: "xeon-kvm" }]) {
    it(`under ${Object.values(how)}`, async () => {
      const programs = [{ prog: "plain", after: "first" }, { prog: "who", cpus: [1], after: ["plain"] }];
      const first = { name: "first", body: (user: UserApi) => user.writeGlobal("n", 100) };
      const run = await simulate(object, {
        cpus: 2,
        invocations: 20,
        programs,
        user: [{ ...reader, after: ["plain", "who"] }, first],
        ...how,
      });
      expect(run.fault).toBe(undefined);
      expect(run.returned.reader).toBe(run.final.n);
      expect(run.final.n).toBeGreaterThan(100n);
      expect(run.final.id).toBe((1002n << 32n) | 1002n);
    });
  }

  const wrong: [string, string | string[], RegExp][] = [
    ["no such task", "plan", /is to begin after plan, which no task runs.*did you mean plain\?/],
    ["itself", "reader", /never begins/],
  ];
  for (const [what, after, message] of wrong) {
    it(`${what}: ${message}`, async () => {
      await expect(simulate(object, { cpus: 1, programs: ["plain"], user: [{ ...reader, after }] })).rejects.toThrow(
        message,
      );
    });
  }

  it("not on threads, which begin together", async () => {
    const run = threads(object, {
      cpus: 2,
      programs: [{ prog: "plain", cpus: [0] }, { prog: "who", cpus: [1], after: "plain" }],
    });
    await expect(run).rejects.toThrow(/threads/);
  });
});

describe("an object without programs", () => {
  it("has maps that user space can use", async () => {
    const maps = { ...object, programs: [] };
    const user = [
      actor("a", (user) => user.update("config", 0, 1)),
      actor("b", (user) => user.atomicGlobal("mapped[0]", "add", 1)),
    ];
    const all = await explore(maps, { cpus: 1, programs: [], user });
    expect([all.complete, all.outcomes.length, all.outcomes[0].values["config[0]"]]).toEqual([true, 1, 1n]);
  });
});

describe("pids", () => {
  it("are those that the workload gives", async () => {
    const run = (pid?: number, tgid?: number) =>
      simulate(object, { cpus: 1, invocations: 1, programs: [{ prog: "who", pid, tgid }] });
    expect((await run(42)).final.id).toBe((42n << 32n) | 42n);
    expect((await run(42, 40)).final.id).toBe((40n << 32n) | 42n);
    const user = [{ name: "it", pid: 7, body: (user: UserApi) => user.run("who") }];
    expect((await simulate(object, { ...idle, user })).final.id).toBe((7n << 32n) | 7n);
  });
});

describe("memory that user space has mapped", () => {
  it("an atomic of user space loses nothing beside one of a program; a load and a store do", async () => {
    const atomic = actor("u", (user) => user.atomicGlobal("mapped[0]", "add", 5));
    const loose = actor("u", function* (user) {
      yield* user.writeGlobal("mapped[0]", (yield* user.readGlobal("mapped[0]")) + 5n);
    });
    const workload = { cpus: 1, programs: ["add_mapped"] };
    const kept = await explore(object, { ...workload, user: [atomic] });
    expect([kept.complete, kept.outcomes.map(({ values }) => values["mapped[0]"])]).toEqual([true, [6n, 6n]]);
    const lost = await explore(object, { ...workload, user: [loose] });
    expect([lost.observation, lost.complete]).toEqual(["Sometimes", true]);
  });
});

describe("the same on the running kernel", () => {
  const agreement = new KernelAgreement("user space beside programs");
  const availability = linuxAvailable(), test = availability.available ? it : it.skip;
  const reason = availability.available ? "" : ` (skipped: ${availability.reason})`;

  test(`atomics on mapped memory are atomic${reason}`, async () => {
    const adds = 20_000;
    await agreement.values("atomics", async () => {
      const { final, returned } = await runOnLinux(object, {
        cpus: 1,
        programs: ["add_mapped"],
        invocations: adds,
        exact: true,
        user: [actor("u", function* (user) {
          for (let i = 0; i < adds; i++) yield* user.atomicGlobal("mapped[0]", "add", 1);
        })],
      });
      expect([final["mapped[0]"], returned.u]).toEqual([BigInt(2 * adds), undefined]);
    });
  });

  test(`an order holds, and programs run for user space${reason}`, async () => {
    const reader = {
      name: "reader",
      after: "plain",
      *body(user: UserApi) {
        return [yield* user.readGlobal("n"), yield* user.run("plain")];
      },
    };
    await agreement.values("after", async () => {
      const workload = { cpus: 1, programs: ["plain"], invocations: 500, user: [reader] };
      const real = await runOnLinux(object, { ...workload, exact: true });
      expect(real.returned.reader).toEqual([500n, 501n]);
      expect((await simulate(object, workload)).returned.reader).toEqual([500n, 501n]);
    });
  });

  test(`pids are the kernel's own${reason}`, async () => {
    await expect(runOnLinux(object, { cpus: 1, programs: [{ prog: "who", pid: 42 }] })).rejects.toThrow(
      /numbers its tasks itself/,
    );
  });
});

/** Each kind of verdict on a workload that is known for it, and none where nothing is wrong. */
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { traceOf } from "../report/traces.ts";
import type { Touched } from "../../lib/cpu/operation.ts";
import { bpf } from "../../lib/compile/bpf.ts";
import { LEDGER } from "../../lib/lessons/claims/ledger.ts";
import type { TraceStep } from "../../lib/report/result.ts";
import { BPF_MAP_TYPE } from "../../lib/uapi/map_types.ts";
import { explorationText } from "../../lib/report/exploration_text.ts";
import { Machine } from "../../lib/machine/machine.ts";
import { type Exploration, explore, type ExploreOptions } from "../../lib/search/explore.ts";
import { judgeTrace } from "../../lib/search/verdicts.ts";
import { traceSchedule } from "../../lib/search/witness.ts";
import { planTasks } from "../../lib/workload/plan.ts";
import { listing, on, prepareTwoKeys } from "../kernel_models/scenarios.ts";

const pieces = await bpf.file(fileURLToPath(new URL("./progs/pieces.bpf.c", import.meta.url)));
const lifetime = await listing("lifetime"), nested = await listing("nested");
const kinds = (all: Exploration) => all.verdicts.map(({ kind }) => kind);

const pairs = await bpf`
struct pair { __u64 a, b; };
struct { __uint(type, BPF_MAP_TYPE_PERCPU_ARRAY); __uint(max_entries, 1); __type(key, int); __type(value, struct pair); } scratch SEC(".maps");
struct { __uint(type, BPF_MAP_TYPE_PERCPU_HASH); __uint(max_entries, 1); __type(key, int); __type(value, struct pair); } flow SEC(".maps");
struct { __uint(type, BPF_MAP_TYPE_ARRAY); __uint(max_entries, 1); __type(key, int); __type(value, struct pair); } shared SEC(".maps");
__u64 mixed;
static __always_inline int fill(struct pair *p, __u64 who)
{
	if (!p) return 0;
	WRITE_ONCE(p->a, who); WRITE_ONCE(p->b, who);
	if (READ_ONCE(p->a) != READ_ONCE(p->b)) mixed = 1;
	return 0;
}
static __always_inline int count(struct pair *p) { if (p) WRITE_ONCE(p->a, READ_ONCE(p->a) + 1); return 0; }
SEC("tc") int fill_scratch(void *ctx) { int key = 0; return fill(bpf_map_lookup_elem(&scratch, &key), 1); }
SEC("tc") int fill_scratch_too(void *ctx) { int key = 0; return fill(bpf_map_lookup_elem(&scratch, &key), 2); }
SEC("tc") int fill_flow(void *ctx) { int key = 0; return fill(bpf_map_lookup_elem(&flow, &key), 1); }
SEC("tc") int fill_flow_too(void *ctx) { int key = 0; return fill(bpf_map_lookup_elem(&flow, &key), 2); }
SEC("tc") int fill_shared(void *ctx) { int key = 0; return fill(bpf_map_lookup_elem(&shared, &key), 1); }
SEC("tc") int fill_shared_too(void *ctx) { int key = 0; return fill(bpf_map_lookup_elem(&shared, &key), 2); }
SEC("tc") int count_scratch(void *ctx) { int key = 0; return count(bpf_map_lookup_elem(&scratch, &key)); }
SEC("tc") int count_shared(void *ctx) { int key = 0; return count(bpf_map_lookup_elem(&shared, &key)); }
`;

describe("verdicts", () => {
  it("lost update", async () => {
    const all = await explore(pieces, { programs: ["add"] });
    expect(kinds(all)).toEqual(["lost update"]);
    expect(all.verdicts[0].what).toMatch(/^shared: step 3 overwrites what step 2 stored/);
    expect(explorationText(all)).toMatch(/Lost update: shared.*\[section: Introduction, claims 0\.3, 1\.1\]/);
  });

  it("torn value, by an update that copies in place", async () => {
    const all = await explore(lifetime, {
      prepare: prepareTwoKeys("ar"),
      programs: [on(0, "update_ar"), on(1, "read_ar")],
      holds: (values) => values.torn === 0n,
    });
    expect(kinds(all)).toContain("torn value");
    expect(all.verdicts[0].claims).toContain("4.6");
  });

  it("wrong key, by an element that is used again", async () => {
    const all = await explore(lifetime, {
      prepare: prepareTwoKeys("hp"),
      programs: [on(0, "update_both_hp"), on(1, "read_hp")],
      holds: (values) => values.foreign === 0n,
    });
    expect(kinds(all)).toContain("wrong key");
  });

  it("no wrong key, where the element is used again for the same key: torn", async () => {
    const all = await explore(lifetime, {
      prepare: prepareTwoKeys("hp"),
      programs: [on(0, "update_hp", 2), on(1, "read_hp")],
      holds: (values) => values.torn === 0n,
    });
    expect(kinds(all)).toEqual(["torn value"]);
  });

  it("late write, into an inner map that has been swapped out", async () => {
    const all = await explore(nested, {
      cpus: 1,
      programs: [on(0, "rotate_outer_sleepable", 2)],
      user: [{
        name: "reader",
        *body(user) {
          yield* user.swapInner("outer", 0, "back");
          const before = yield* user.walk<bigint>("front");
          yield* user.sleep();
          const after = yield* user.walk<bigint>("front");
          return String(before.map(({ value }) => value)) === String(after.map(({ value }) => value));
        },
      }],
      holds: (_values, returned) => returned.reader === true,
    });
    expect(kinds(all)).toContain("late write");
  });

  it("late write, into an element that was deleted", () => {
    const machine = new Machine(planTasks(pieces, {
      programs: [on(0, "hash_count"), on(1, "hash_delete")],
      prepare: (user) => user.update("hash", 1, 7),
    }));
    // The lookup, the deletion, the increment.
    const { trace } = traceSchedule(machine, "0*3 1*4 0*2");
    expect(judgeTrace(trace, pieces.maps).map(({ kind }) => kind)).toEqual(["late write"]);
  });

  describe("of a per-CPU value belongs to per-CPU maps, not to locks that it cannot hold", () => {
    const places = (all: Exploration) =>
      all.verdicts.map(({ kind, section, claims }) => `${kind}: ${section}, ${claims.join(" ")}`);
    const prepare: ExploreOptions["prepare"] = (user) => user.update("flow", 0, [{ a: 0, b: 0 }]);
    const holds = (values: Record<string, unknown>) => values.mixed === 0n;
    const interrupted = (prog: string, by: string) =>
      explore(pairs, {
        cpus: 1,
        programs: [on(0, prog)],
        interrupts: [{ prog: by, cpu: 0, count: 1 }],
        prepare,
        holds,
      });
    const preempted = (prog: string, by: string) =>
      explore(pairs, { cpus: 1, preempt: "full", programs: [on(0, prog), on(0, by)], prepare, holds });

    for (const map of ["scratch", "flow"]) {
      it(`${map}: torn by an interrupt, and by another task of the CPU`, async () => {
        for (const race of [interrupted, preempted]) {
          expect(places(await race(`fill_${map}`, `fill_${map}_too`))).toEqual(["torn value: Per-CPU maps, 3.2"]);
        }
      });
    }
    it("an update lost to an interrupt, and to another task of the CPU", async () => {
      const programs = [on(0, "count_scratch")], interrupts = [{ prog: "count_scratch", cpu: 0, count: 1 }];
      const lost = ["lost update: Per-CPU maps, 3.2"];
      expect(places(await explore(pairs, { cpus: 1, programs, interrupts, prepare }))).toEqual(lost);
      const tasks = [...programs, ...programs];
      expect(places(await explore(pairs, { cpus: 1, preempt: "full", programs: tasks, prepare }))).toEqual(lost);
    });
    it("a shared value stays a matter for locks and atomics, on one CPU too", async () => {
      expect(places(await interrupted("fill_shared", "fill_shared_too"))).toEqual(["torn value: Spin locks, 2.2"]);
      const programs = [on(0, "count_shared"), on(1, "count_shared")];
      expect(places(await explore(pairs, { programs }))).toEqual(["lost update: Introduction, 0.3 1.1"]);
    });
    for (const type of ["PERCPU_HASH", "PERCPU_ARRAY", "LRU_PERCPU_HASH"] as const) {
      const value = (actor: Partial<TraceStep>) =>
        traceOf([
          { cpu: 0, kind: "load", target: "m[0].a", object: "m[0]", before: 0 },
          { cpu: 0, task: 1, kind: "store", target: "m[0].a", object: "m[0]", before: 0, after: 1 },
          { cpu: 0, task: 1, kind: "store", target: "m[0].b", object: "m[0]", before: 0, after: 1 },
          { cpu: 0, kind: "load", target: "m[0].b", object: "m[0]", before: 1 },
        ]).map((step) => ({ ...step, map: 0, ...(step.kind === "store" && actor) }));
      const maps = [{ ...pairs.maps[0], type: BPF_MAP_TYPE[type] }];
      const claims = (actor: Partial<TraceStep>) => judgeTrace(value(actor), maps).map(({ claims }) => claims);
      it(`${type}: of programs and their helpers 3.2, of user space what it writes in place`, () => {
        expect(claims({})).toEqual([["3.2"]]);
        expect(claims({ actor: "helper" })).toEqual([["3.2"]]);
        expect(claims({ actor: "user", user: "writer" })).toEqual([["4.3", "4.6"]]);
      });
    }
  });

  for (const touches of ["program", "inner_map"] as const) {
    it(`none of two slots that are exchanged one after the other: ${touches}`, () => {
      const exchange = (kind: "load" | "rmw" | "store", slot: number, after?: number) =>
        ({ cpu: kind === "load" ? 0 : 1, kind, target: `m[${slot}]`, object: "m", touches, before: 1, after }) as const;
      const race = [exchange("load", 0), exchange("rmw", 0, 2), exchange("rmw", 1, 2), exchange("load", 1)];
      expect(judgeTrace(traceOf(race), [])).toEqual([]);
      const asValues = race.map((step) => ({ ...step, touches: "data" as const }));
      expect(judgeTrace(traceOf(asValues), []).map(({ kind }) => kind)).toEqual(["torn value"]);
    });
  }

  it("deadlock and fault", async () => {
    const object = await bpf`
struct value { struct bpf_spin_lock lock; int n; };
struct { __uint(type, BPF_MAP_TYPE_ARRAY); __uint(max_entries, 2); __type(key, int); __type(value, struct value); } m SEC(".maps");
SEC("tc") int twice(void *ctx)
{
	int key = 0; struct value *v = bpf_map_lookup_elem(&m, &key);
	if (!v) return 0;
	bpf_spin_lock(&v->lock); bpf_spin_lock(&v->lock); bpf_spin_unlock(&v->lock);
	return 0;
}
SEC("tc") int faulty(void *ctx) { return *(volatile int *)8; }
char LICENSE[] SEC("license") = "GPL";
`;
    const twice = await explore(object, { cpus: 1, programs: ["twice"], verify: false });
    expect(kinds(twice)).toEqual(["deadlock"]);
    expect(twice.verdicts[0].section).toBe("Spin locks");
    const faulty = await explore(object, { cpus: 1, programs: ["faulty"], verify: false });
    expect(kinds(faulty)).toEqual(["fault"]);
  });

  describe("of the kernel's own data none, whatever a model does to it", () => {
    const race = (target: string, touches?: Touched) =>
      traceOf([
        { cpu: 0, kind: "load", target, touches, before: 0 },
        { cpu: 1, kind: "load", target, touches, before: 0 },
        { cpu: 1, kind: "store", target, touches, before: 0, after: 1 },
        { cpu: 0, kind: "store", target, touches, before: 1, after: 1 },
      ]);
    for (
      const touches of [
        "lock",
        "bucket",
        "key",
        "hash",
        "next",
        "pprev",
        "pred_next",
        "elem",
        "free_list",
        "count",
        "lru",
        "map",
        "rcu",
      ] as const
    ) {
      it(touches, () => expect(judgeTrace(race("counter", touches), [])).toEqual([]));
    }
    for (
      const target of [
        ...["counter", "lru_hits", "my_lru[5]", "freelists", "hist[0].bucket[4]", "elem[3]", "stats[0].elem[3].n"],
        ...["hist.bucket[4]", "locks[0].locked", "percpu[0]@cpu1"],
      ]
    ) {
      it(`but a value that is only called so: ${target}`, () =>
        expect(judgeTrace(race(target), []).map(({ kind }) => kind)).toEqual(["lost update"]));
    }
  });

  it("none where every outcome is serial", async () => {
    expect((await explore(pieces, { programs: ["add_atomic"] })).verdicts).toEqual([]);
  });

  it("names claims that the ledger has", async () => {
    const ids = new Set(LEDGER.map(({ id }) => id));
    const source = await import("node:fs").then(({ readFileSync }) =>
      readFileSync(new URL("../../lib/search/verdicts.ts", import.meta.url), "utf8")
    );
    for (const [, id] of source.matchAll(/"(\d\.\d+b?)"/g)) expect(ids).toContain(id);
  });
});

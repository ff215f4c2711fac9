/** What user space is taken to have filled before: what programs look for and none of them writes, and nothing else. */
import { describe, expect, it } from "vitest";
import { simulate } from "../../lib/backends/simulator.ts";
import { bpf } from "../../lib/compile/bpf.ts";
import { explore } from "../../lib/search/explore.ts";
import { exploreShard, mergeExplored } from "../../lib/search/explore_shards.ts";
import { unwrittenMaps } from "../../lib/workload/unwritten_maps.ts";

/** A tool as many are: switches, a policy by process, a ring for each CPU, and counts of its own. */
const tool = await bpf`
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>
struct settings { __u8 on; __u32 most; char name[16]; };
struct ring { __uint(type, BPF_MAP_TYPE_RINGBUF); __uint(max_entries, 4096); };
struct { __uint(type, BPF_MAP_TYPE_ARRAY); __uint(max_entries, 1); __type(key, __u32); __type(value, struct settings); } settings SEC(".maps");
struct { __uint(type, BPF_MAP_TYPE_HASH); __uint(max_entries, 64); __type(key, __u32); __type(value, __u32); } policy SEC(".maps");
struct { __uint(type, BPF_MAP_TYPE_ARRAY_OF_MAPS); __uint(max_entries, 64); __type(key, __u32); __type(value, __u32); __array(values, struct ring); } rings SEC(".maps");
struct { __uint(type, BPF_MAP_TYPE_ARRAY); __uint(max_entries, 1); __type(key, __u32); __type(value, __u64); } totals SEC(".maps");
struct { __uint(type, BPF_MAP_TYPE_HASH); __uint(max_entries, 64); __type(key, __u32); __type(value, __u64); } seen SEC(".maps");
struct { __uint(type, BPF_MAP_TYPE_ARRAY); __uint(max_entries, 1); __type(key, __u32); __type(value, __u64); } scratch SEC(".maps");
long named, unnamed, sent;
static __noinline int through_a_call(__u64 *value) { *value += 1; return 0; }
SEC("tp_btf/sched_process_exec") int watch(__u64 *ctx) {
	__u32 zero = 0, cpu = bpf_get_smp_processor_id(), id = ctx[1] & 31;
	struct settings *set = bpf_map_lookup_elem(&settings, &zero);
	__u64 *total = bpf_map_lookup_elem(&totals, &zero), *room = bpf_map_lookup_elem(&scratch, &zero), one = 1;
	if (!set || !set->name[0] || !total || !room) return 0;
	through_a_call(room);
	*total += 1;
	bpf_map_update_elem(&seen, &id, &one, BPF_NOEXIST);
	if (bpf_map_lookup_elem(&policy, &id)) __sync_fetch_and_add(&named, 1);
	else __sync_fetch_and_add(&unnamed, 1);
	void *ring = bpf_map_lookup_elem(&rings, &cpu);
	if (ring && !bpf_ringbuf_output(ring, &id, sizeof(id), 0)) __sync_fetch_and_add(&sent, 1);
	return 0;
}`;
const startOf = ({ conditions }: { readonly conditions: readonly string[] }) =>
  conditions.find((line) => line.startsWith("start:"));

describe("maps that user space fills", () => {
  it("are those that programs look things up in, and none is seen to write", () => {
    // A write in a called function is seen when it runs.
    expect(unwrittenMaps(tool, tool.programs).map((map) => tool.maps[map].name)).toEqual(
      expect.arrayContaining(["settings", "policy", "rings"]),
    );
    expect(unwrittenMaps(tool, tool.programs).map((map) => tool.maps[map].name)).not.toContain("totals");
  });

  it("hold what was drawn, under keys that programs look for: some of them", async () => {
    const run = await simulate(tool, { cpus: 2, invocations: 100 }), { named, unnamed, sent } = run.final;
    expect([Number(named) + Number(unnamed), run.fault]).toEqual([200, undefined]);
    expect(Math.min(Number(named), Number(unnamed), Number(sent))).toBeGreaterThan(0);
    expect([run.initial["totals[0]"], run.initial["scratch[0]"]]).toEqual([0n, 0n]);
    expect(startOf(run)).toMatch(
      /^start: as the object has them, but .*settings \(1 entry\), policy \(\d+ entries of 64\), rings \(4 empty inner maps of 64\), drawn/,
    );
    expect(startOf(run)).not.toMatch(/totals|scratch|seen/);
  });

  it("are the same at every run of a seed, and others for another seed", async () => {
    const run = async (seed: number) => (await simulate(tool, { cpus: 2, invocations: 30, seed })).initial;
    const [one, again, ...others] = await Promise.all([1, 1, 2, 3, 4].map(run));
    expect(again).toEqual(one);
    expect(others.some((other) => String(Object.values(other)) !== String(Object.values(one)))).toBe(true);
  });

  it("stay as they are where the workload says what user space does, be it nothing", async () => {
    const run = await simulate(tool, { cpus: 2, invocations: 10, *prepare() {} });
    expect([run.final.named, run.final.unnamed, run.final["totals[0]"]]).toEqual([0n, 0n, 0n]);
    expect(startOf(run)).toBe("start: maps as `prepare` leaves them");
    const reader = { name: "reader", *body() {} };
    expect((await simulate(tool, { cpus: 2, invocations: 10, user: [reader] })).final["totals[0]"]).toBe(0n);
  });

  it("are filled alike in a search and in its shards", async () => {
    const all = await explore(tool, { cpus: 2, invocations: 1, workers: 1 });
    expect([all.observation, startOf(all)]).toEqual(["Sometimes", expect.stringMatching(/settings \(1 entry\)/)]);
    const shards = await Promise.all([1, 2].map((index) => exploreShard(tool, { cpus: 2 }, { index, count: 2 })));
    const merged = await mergeExplored(tool, { cpus: 2 }, shards);
    expect(merged.outcomes.map(({ key }) => key).sort()).toEqual(all.outcomes.map(({ key }) => key).sort());
  });
});

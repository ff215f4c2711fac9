/** Entries that are apart by the CPU's number are told from those that other contexts, or more CPUs, would share. */
import { describe, expect, it } from "vitest";
import { bpf } from "../../lib/compile/bpf.ts";
import { explore, type ExploreOptions } from "../../lib/search/explore.ts";

const keyed = await bpf`
struct { __uint(type, BPF_MAP_TYPE_HASH); __uint(max_entries, 64); __type(key, __u32); __type(value, __u64); }
	counts SEC(".maps");
struct { __uint(type, BPF_MAP_TYPE_ARRAY); __uint(max_entries, 64); __type(key, __u32); __type(value, __u64); }
	slots SEC(".maps"), others SEC(".maps");
volatile long total;

static __always_inline int add(void *map, __u32 key)
{
	__u64 one = 1, *value = bpf_map_lookup_elem(map, &key);
	if (value)
		*value += 1;
	else
		bpf_map_update_elem(map, &key, &one, BPF_ANY);
	return 0;
}

SEC("raw_tp") int in_hash(void *ctx) { return add(&counts, bpf_get_smp_processor_id()); }
SEC("raw_tp") int in_array(void *ctx) { return add(&slots, bpf_get_smp_processor_id()); }
SEC("raw_tp") int printed(void *ctx)
{
	__u32 cpu = bpf_get_smp_processor_id();
	bpf_printk("on %d", cpu);
	return add(&slots, cpu);
}
SEC("raw_tp") int removed(void *ctx)
{
	__u32 cpu = bpf_get_smp_processor_id();
	add(&counts, cpu);
	bpf_map_delete_elem(&counts, &cpu);
	return 0;
}

/* Three CPUs share an entry, two CPUs none. */
SEC("raw_tp") int in_part(void *ctx) { return add(&slots, bpf_get_smp_processor_id() & 1); }
/* The same, over an entry of the CPU's own that holds its number. */
SEC("raw_tp") int by_way_of_a_value(void *ctx)
{
	__u32 cpu = bpf_get_smp_processor_id();
	__u64 number = cpu, *stored;
	bpf_map_update_elem(&slots, &cpu, &number, BPF_ANY);
	stored = bpf_map_lookup_elem(&slots, &cpu);
	return stored ? add(&others, *stored & 1) : 0;
}
/* The context could say another entry. */
SEC("raw_tp") int by_context(void *ctx) { return add(&slots, bpf_get_smp_processor_id() + *(__u32 *)ctx); }
SEC("raw_tp") int by_context_too(void *ctx)
{
	__u32 cpu = bpf_get_smp_processor_id();
	if (*(__u32 *)ctx == 7)
		total += 1;
	return add(&slots, cpu);
}
SEC("raw_tp") int by_process(void *ctx)
{
	__u32 cpu = bpf_get_smp_processor_id();
	if ((bpf_get_current_pid_tgid() >> 32) == 7)
		total += 1;
	return add(&slots, cpu);
}
/* What all CPUs but two do. */
SEC("raw_tp") int rest(void *ctx)
{
	__u32 cpu = bpf_get_smp_processor_id();
	add(&slots, cpu);
	if (cpu >= 2)
		total += 1;
	return 0;
}
`;

const observed = async (prog: string, options: ExploreOptions = {}) =>
  (await explore(keyed, { programs: [prog], cpus: 2, invocations: 2, ...options })).observation;

describe("entries that CPUs find by their numbers", () => {
  for (const prog of ["in_hash", "in_array", "printed", "removed"]) {
    it(`${prog}: are apart whatever the contexts hold: Never`, async () => {
      expect(await observed(prog)).toBe("Never");
      expect(await observed(prog, { cpus: 3, invocations: 1 })).toBe("Never");
    });
  }

  it("with other programs' beside them, or one CPU's alone, say nothing", async () => {
    const programs = [{ prog: "in_array", cpus: [0] }, { prog: "in_part", cpus: [1] }];
    expect(await observed("", { programs })).toBe("Unknown");
    expect(await observed("", { programs: [{ prog: "in_array", cpus: [0] }, { prog: "in_hash", cpus: [1] }] })).toBe(
      "Unknown",
    );
  });
});

describe("entries that more CPUs or other contexts would share", () => {
  for (
    const prog of ["in_part", "by_way_of_a_value", "by_context", "by_context_too", "by_process", "rest"]
  ) {
    it(`${prog}: no proof on two CPUs`, async () => expect(await observed(prog)).toBe("Unknown"));
  }

  it("are shared by those, and wrong", async () => {
    for (const prog of ["in_part", "by_way_of_a_value"]) {
      expect([prog, await observed(prog, { cpus: 3, invocations: 1 })]).toEqual([prog, "Sometimes"]);
    }
    expect(await observed("rest", { cpus: 4, invocations: 1 })).toBe("Sometimes");
    const programs = [{ prog: "by_context_too", ctx: Uint8Array.of(7, 0, 0, 0) }];
    expect(await observed("", { programs })).toBe("Sometimes");
  });
});

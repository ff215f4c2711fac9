/** What an object leaves to its own user-space side is taken and said, so that a program of any project can be run. */
import { describe, expect, it } from "vitest";
import { simulate } from "../../lib/backends/simulator.ts";
import { bpf } from "../../lib/compile/bpf.ts";
import { explore } from "../../lib/search/explore.ts";
import { verify } from "../../lib/verifier/verify.ts";
import { defaultRuns, standardRuns } from "../../lib/workload/default_programs.ts";
import { completed } from "../../lib/workload/user_space_side.ts";

const tool = await bpf`
struct { __uint(type, BPF_MAP_TYPE_HASH); __type(key, __u32); __type(value, __u64); } start SEC(".maps");
struct { __uint(type, BPF_MAP_TYPE_STACK_TRACE); __uint(key_size, 4); } stacks SEC(".maps");
struct { __uint(type, BPF_MAP_TYPE_RINGBUF); __type(value, __u64); __uint(max_entries, 4096); } events SEC(".maps");
struct { __uint(type, BPF_MAP_TYPE_HASH); __uint(max_entries, 2); __type(key, __u32); __type(value, __u64); } small SEC(".maps");
long stack;
SEC("perf_event/type=0,config=3") int sample(struct bpf_perf_event_data *ctx)
{
	__u32 key = 1;
	__u64 one = 1, *value = bpf_map_lookup_elem(&start, &key);
	stack = bpf_get_stackid(ctx, &stacks, 0);
	bpf_map_update_elem(&small, &key, &one, 0);
	if (value) __sync_fetch_and_add(value, 1);
	else bpf_map_update_elem(&start, &key, &one, 0);
	bpf_ringbuf_output(&events, &one, sizeof(one), 0);
	return 0;
}
`;

describe("sizes and types that an object leaves open", () => {
  it("are refused by the verifier, as the kernel does", () => {
    expect(verify(tool)[0]).toMatchObject({ verdict: "reject" });
  });

  it("are taken for a run, which says so", async () => {
    const run = await simulate(tool, { cpus: 2, invocations: 20 });
    expect(run.fault).toBe(undefined);
    expect(run.final["start[1]"]).toBeGreaterThan(30n);
    expect(run.remarks).toEqual([
      expect.stringMatching(/leaves sizes to user space; taken here: start=1024, stacks=1024 \(--max-entries start=N/),
      expect.stringMatching(/knows no section perf_event\/type=0,config=3, .* sample is: taken here for perf_event$/),
    ]);
    const { object } = completed(tool),
      sizes = object.maps.map(({ name, keySize, valueSize, maxEntries }) => [name, keySize, valueSize, maxEntries]);
    expect(sizes.slice(0, 4)).toEqual([
      ["start", 4, 8, 1024],
      ["stacks", 4, 1016, 1024],
      ["small", 4, 8, 2],
      ["events", 0, 0, 4096],
    ]);
    expect(completed(tool).object).toBe(object);
  });

  it("are taken for inner maps", async () => {
    const object = await bpf`
struct ring { __uint(type, BPF_MAP_TYPE_RINGBUF); };
struct { __uint(type, BPF_MAP_TYPE_ARRAY_OF_MAPS); __uint(max_entries, 2); __type(key, int); __type(value, int); __array(values, struct ring); } rings SEC(".maps");
long missed;
SEC("raw_tp") int put(void *ctx) {
	int key = 1; void *ring = bpf_map_lookup_elem(&rings, &key);
	if (!ring) { __sync_fetch_and_add(&missed, 1); return 0; }
	return bpf_ringbuf_output(ring, &key, sizeof(key), 0);
}
`;
    const unfilled = { cpus: 1, invocations: 2, *prepare() {} };
    const run = await simulate(object, unfilled), filled = await simulate(object, { cpus: 1, invocations: 2 });
    expect([run.final.missed, run.remarks]).toEqual([2n, [expect.stringMatching(/rings=2, its inner maps 262144/)]]);
    expect(filled.final.missed).toBe(0n);
  });

  it("leave what is whole as it is", async () => {
    const whole = await bpf`long n; SEC("tc") int count(void *ctx) { n++; return 0; }`;
    expect(completed(whole)).toEqual({ object: whole, remarks: [] });
    expect(completed(whole).object).toBe(whole);
  });

  it("take a program by the first word of its section, or by its context", async () => {
    const object = await bpf`
SEC("xdp_prog_simple") int by_word(void *ctx) { return 2; }
SEC("traffic") int by_context(struct __sk_buff *skb) { return 0; }
SEC("sk_skb/stream_parser/tcp") int by_part(struct __sk_buff *skb) { return 0; }
SEC("nothing_known") int unknown(void *ctx) { return 0; }
`;
    expect(completed(object).object.programs.map(({ section }) => section)).toEqual([
      "xdp",
      "tc",
      "sk_skb/stream_parser",
      "nothing_known",
    ]);
  });
});

const alternatives = await bpf`
long calls;
SEC("kprobe/vfs_read") int by_kprobe(void *ctx) { __sync_fetch_and_add(&calls, 1); return 0; }
SEC("fentry/no_function_of_this_name") int by_fentry(void *ctx) { __sync_fetch_and_add(&calls, 1); return 0; }
SEC("kprobe/vfs_write") int wild(void *ctx) { return *(int *)(calls); }
`;

describe("what only some kernels have", () => {
  it("is not there where it is weak, and a symbol's address is a number", async () => {
    const object = await bpf`
extern const void init_task __ksym;
extern int bpf_no_such_function(int a) __ksym __weak;
extern void bpf_rcu_read_lock(void) __ksym __weak;
extern void bpf_rcu_read_unlock(void) __ksym __weak;
long other, ours, address;
SEC("tp_btf/sys_enter") int guarded(void *ctx)
{
	if (bpf_no_such_function) other = bpf_no_such_function(1);
	if (bpf_rcu_read_lock) { bpf_rcu_read_lock(); ours++; bpf_rcu_read_unlock(); }
	address = (long)&init_task;
	return 0;
}
`;
    const { final, fault } = await simulate(object, { cpus: 1, invocations: 2, verify: false });
    expect([fault, final.other, final.ours]).toEqual([undefined, 0n, 2n]);
    expect(BigInt.asUintN(64, final.address as bigint) >> 32n).toBe(0xffff_ffffn);
  });
});

describe("endless loops of callbacks", () => {
  it("end the run, and are not begun again one after another", async () => {
    const object = await bpf`
long n, times = 1 << 20;
static int nothing(unsigned i, void *ctx) { return 0; }
SEC("raw_tp") int loops(void *ctx) { n += bpf_loop(times, nothing, 0, 0) > 0; return 0; }
`;
    const limits = { insnsPerStep: 100_000 };
    const run = await simulate(object, { cpus: 1, invocations: 1, limits });
    expect(run.fault?.message).toMatch(/instructions without an end .* \(limits: \{ insnsPerStep \} allows more\)$/);
    expect([run.serial, run.lost]).toEqual([undefined, 0]);
    const few = bpf.object(object.bytes, "few", { variables: { times: 1000 } });
    const often = await simulate(few, { cpus: 1, invocations: 100, limits: { steps: 10_000 } });
    expect(often.fault?.message).toBe(
      "stopped after 10,000 calls of callbacks: an endless loop? (limits: { steps } allows more)",
    );
    expect(often.final.n).toBe(9n);
    expect((await simulate(few, { cpus: 1, invocations: 3, limits })).final.n).toBe(3n);
  });
});

describe("programs for other kernels", () => {
  const [kprobe, fentry] = alternatives.programs, both = { ...alternatives, programs: [kprobe, fentry] };

  it("do not run where others remain, and the reason is said", async () => {
    const run = await simulate(both, { cpus: 2, invocations: 3 });
    expect([run.program, run.final.calls]).toEqual(["by_kprobe", 6n]);
    expect(run.remarks.join()).toMatch(
      /^by_fentry did not run: the kernel would not load it: .*failed to find kernel BTF type ID of 'no_function/,
    );
    expect((await simulate(both, { invocations: 3, verify: false })).program).toBe("by_kprobe, by_fentry");
    const alone = { ...alternatives, programs: [fentry] };
    const by = await simulate(alone, { cpus: 2, invocations: 3 });
    expect([by.final.calls, by.remarks.join()]).toEqual([
      6n,
      expect.stringMatching(
        /^The 6.18 kernel would not load by_fentry \(.*'no_function.*it runs here as where that is/,
      ),
    ]);
    await expect(simulate(alone, { verify: true })).rejects.toThrow(/failed to find kernel BTF type ID/);
  });

  it("are told from programs that are wrong, which no object is loaded with", async () => {
    expect(standardRuns(alternatives).runs.map(({ prog }) => prog)).toEqual(["by_kprobe", "wild"]);
    await expect(simulate(alternatives)).rejects.toThrow(/the verifier refuses wild/);
  });
});

describe("several exits of one name", () => {
  it("belong to the entries whose names are most like theirs, one to one", async () => {
    const object = await bpf`
long n;
SEC("uretprobe") int calloc_exit(void *ctx) { n++; return 0; }
SEC("uprobe") int malloc_enter(void *ctx) { n++; return 0; }
SEC("uprobe") int calloc_enter(void *ctx) { n++; return 0; }
SEC("uretprobe") int malloc_exit(void *ctx) { n++; return 0; }
SEC("uretprobe") int third_exit(void *ctx) { n++; return 0; }
SEC("tp_btf/softirq_exit") int softirq_exit(void *ctx) { n++; return 0; }
SEC("tp_btf/softirq_entry") int softirq_entry(void *ctx) { n++; return 0; }
`;
    expect(defaultRuns(object).runs.filter(({ exitOf }) => exitOf).map(({ prog, exitOf }) => [prog, exitOf])).toEqual([
      ["calloc_exit", "calloc_enter"],
      ["malloc_exit", "malloc_enter"],
      ["softirq_exit", "softirq_entry"],
    ]);
    expect((await simulate(object, { cpus: 2, invocations: 5 })).fault).toBe(undefined);
  });
});

describe("numbers that programs compare things with", () => {
  it("are among what is drawn", async () => {
    const object = await bpf`
#include <linux/ptrace.h>
#include <bpf/bpf_tracing.h>
long rare, calls;
SEC("kprobe/vfs_read") int BPF_KPROBE(asks, long a, long b) { calls++; if (b == 987654321) rare++; return 0; }
`;
    expect((await simulate(object, { cpus: 1, invocations: 200 })).final.rare).toBeGreaterThan(5n);
  });

  it("and the contexts of the socket layer have events, families and ports", async () => {
    const object = await bpf`
#include <linux/bpf.h>
long seen[16], families[16], other, reads;
SEC("sockops") int events(struct bpf_sock_ops *ctx)
{
	seen[ctx->op & 15]++;
	families[ctx->family & 15]++;
	if (ctx->op == 0 || ctx->op > 15 || (ctx->family != 2 && ctx->family != 10)) other++;
	if (ctx->skb_data + 8 <= ctx->skb_data_end) reads += *(char *)ctx->skb_data >= 0 || 1;
	return 1;
}
`;
    const { final, fault, conditions } = await simulate(object, { cpus: 1, invocations: 200 });
    expect([fault, final.other, final.reads]).toEqual([undefined, 0n, 200n]);
    expect(Array.from({ length: 15 }, (_, op) => final[`seen[${op + 1}]`] as bigint > 0n)).toEqual(
      Array(15).fill(true),
    );
    expect([final["families[2]"] as bigint > 0n, final["families[10]"] as bigint > 0n]).toEqual([true, true]);
    expect(conditions).toContain("ctx: drawn by seed 1 for each run of events");
    const found = await explore(object, { cpus: 1, invocations: 1 });
    expect(found.conditions.join()).toContain("ctx: drawn by the seed (others not tried) for each run of events");
  });
});

describe("packets", () => {
  it("have ports, protocols and addresses that the program asks for", async () => {
    const object = await bpf`
#include <linux/if_ether.h>
#include <linux/ip.h>
#include <linux/udp.h>
#include <bpf/bpf_endian.h>
long relayed, from_host, sctp, others;
SEC("xdp") int relay(struct xdp_md *ctx)
{
	void *data = (void *)(long)ctx->data, *end = (void *)(long)ctx->data_end;
	struct iphdr *ip = data + sizeof(struct ethhdr);
	struct udphdr *udp = (void *)(ip + 1);
	if ((void *)(udp + 1) > end || ip->ihl != 5) return XDP_PASS;
	if (ip->protocol == 132) __sync_fetch_and_add(&sctp, 1);
	else if (ip->protocol == 17 && udp->dest == bpf_htons(4789)) __sync_fetch_and_add(&relayed, 1);
	else if (ip->saddr == bpf_htonl(0xc0a80117)) __sync_fetch_and_add(&from_host, 1);
	else __sync_fetch_and_add(&others, 1);
	return XDP_PASS;
}
`;
    const { final, conditions } = await simulate(object, { cpus: 2, invocations: 60 });
    for (const name of ["relayed", "from_host", "sctp", "others"]) {
      expect([name, final[name] as bigint > 0n]).toEqual([name, true]);
    }
    expect(conditions.join()).toMatch(
      /packets: IPv4 TCP; .*; IPv4, cut off in its header; \d+ with ports, protocols and addresses that the program compares/,
    );
  });
});

describe("maps in maps whose inner maps the object does not describe", () => {
  it("have none, so that each look-up gives NULL, and that is said", async () => {
    const object = await bpf`
struct { __uint(type, BPF_MAP_TYPE_HASH_OF_MAPS); __uint(max_entries, 4); __type(key, long); __type(value, int); } policies SEC(".maps");
long found, missed;
SEC("raw_tp") int look(void *ctx) {
	long key = 1, name[3] = {}, *value; void *inner = bpf_map_lookup_elem(&policies, &key);
	if (!inner) { __sync_fetch_and_add(&missed, 1); return 0; }
	value = bpf_map_lookup_elem(inner, name);
	if (value) __sync_fetch_and_add(&found, value[20]);
	return 0;
}
`;
    expect(verify(object)[0]).toMatchObject({ verdict: "reject" });
    const run = await simulate(object, { cpus: 2, invocations: 3 });
    expect([run.final.found, run.final.missed]).toEqual([0n, 6n]);
    expect(run.remarks).toEqual([expect.stringMatching(/does not say what inner maps policies has.*none is there/)]);
  });
});

describe("several programs at one hook", () => {
  it("are alternatives: the one that tools prefer runs, and the others are named", async () => {
    const object = await bpf`
long calls, others;
SEC("raw_tp/sched_switch") int by_raw(void *ctx) { __sync_fetch_and_add(&calls, 1); return 0; }
SEC("tp_btf/sched_switch") int by_btf(void *ctx) { __sync_fetch_and_add(&calls, 1); return 0; }
SEC("kprobe/vfs_read") int by_kprobe(void *ctx) { __sync_fetch_and_add(&calls, 1); return 0; }
SEC("fentry/vfs_read") int by_fentry(void *ctx) { __sync_fetch_and_add(&calls, 1); return 0; }
SEC("kprobe/vfs_write") int other(void *ctx) { __sync_fetch_and_add(&calls, 1); return 0; }
`;
    const run = await simulate(object, { cpus: 1, invocations: 1 });
    expect([run.program, run.final.calls]).toEqual(["by_btf, by_fentry, other", 3n]);
    expect(run.remarks.join()).toMatch(
      /by_raw did not run: by_btf is at the same hook; by_kprobe did not run: by_fentry/,
    );
    const all = await simulate(object, { cpus: 1, invocations: 1, programs: ["by_raw", "by_btf"] });
    expect(all.final.calls).toBe(2n);
  });
});

describe("maps that simulated memory does not hold", () => {
  it("have fewer entries, and that is said", async () => {
    const object = await bpf`
struct flow { char all[256]; };
struct { __uint(type, BPF_MAP_TYPE_HASH); __uint(max_entries, 10000000); __type(key, int); __type(value, struct flow); } flows SEC(".maps");
struct { __uint(type, BPF_MAP_TYPE_HASH); __uint(max_entries, 5000); __type(key, int); __type(value, int); } small SEC(".maps");
SEC("raw_tp") int put(void *ctx) { int key = 1; struct flow flow = {}; return bpf_map_update_elem(&flows, &key, &flow, 0); }
`;
    expect(completed(object).object.maps.map(({ maxEntries }) => maxEntries)).toEqual([65536, 5000]);
    const run = await simulate(object, { cpus: 2, invocations: 1 });
    expect(run.remarks).toEqual([
      expect.stringMatching(/does not hold maps .*: flows has room for 65536 entries of 10000000, and is full sooner/),
    ]);
  });
});

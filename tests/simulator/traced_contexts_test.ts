/** Tracing programs find arguments in their contexts, and the kernel's objects behind pointers, drawn by the seed. */
import { describe, expect, it } from "vitest";
import { simulate } from "../../lib/backends/simulator.ts";
import type { SimulateOptions } from "../../lib/backends/simulate_options.ts";
import { bpf } from "../../lib/compile/bpf.ts";
import { readsContext } from "../../lib/machine/traced_contexts.ts";
import { Machine } from "../../lib/machine/machine.ts";
import { asymmetry } from "../../lib/search/symmetry.ts";
import { planTasks } from "../../lib/workload/plan.ts";
import { explore } from "../../lib/search/explore.ts";

const object = await bpf`#include <linux/bpf.h>
#include <linux/ptrace.h>
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_tracing.h>
#include <bpf/bpf_core_read.h>

typedef __u64 u64;
typedef long long loff_t;
typedef unsigned long size_t;
#define CO_RE __attribute__((preserve_access_index))
struct task_struct { int pid, tgid; struct task_struct *real_parent; char comm[16]; } CO_RE;
struct sock { struct { unsigned short skc_family; } __sk_common; } CO_RE;
struct file;
struct trace_event_raw_sched_switch { u64 ent; char prev_comm[16]; int prev_pid; } CO_RE;

char LICENSE[] SEC("license") = "GPL";
struct { __uint(type, BPF_MAP_TYPE_HASH); __uint(max_entries, 64); __type(key, u64); __type(value, u64); } start SEC(".maps");
long hits, calls, pid, tgid, parent, again, bad, args, found;
char comm[16], parent_comm[16];

SEC("tp_btf/sched_switch") int BPF_PROG(on_switch, bool preempt, struct task_struct *prev, struct task_struct *next)
{
	pid = prev->pid;
	tgid = prev->tgid;
	parent = prev->real_parent->pid;
	bpf_probe_read_kernel_str(comm, sizeof(comm), prev->comm);
	return 0;
}

SEC("kprobe/tcp_v4_connect") int BPF_KPROBE(chain, struct sock *sk)
{
	struct task_struct *task = (void *)bpf_get_current_task();

	calls++;
	if (BPF_CORE_READ(sk, __sk_common.skc_family) == 2)
		hits++;
	parent = BPF_CORE_READ(task, real_parent, real_parent, pid);
	again = parent == BPF_CORE_READ(task, real_parent, real_parent, pid);
	BPF_CORE_READ_STR_INTO(&parent_comm, task, real_parent, comm);
	bad = bpf_probe_read_kernel(&found, sizeof(found), (void *)sk + (1UL << 24));
	return 0;
}

SEC("fentry/vfs_read") int BPF_PROG(entry, struct file *file)
{
	u64 key = (u64)file, now = 1;

	bpf_map_update_elem(&start, &key, &now, 0);
	return 0;
}

SEC("fexit/vfs_read") int BPF_PROG(leave, struct file *file, char *buf, size_t count, loff_t *pos, long ret)
{
	u64 key = (u64)file;

	calls++;
	if (bpf_map_lookup_elem(&start, &key))
		hits++;
	return 0;
}

SEC("fexit/vfs_read") int arguments(void *ctx)
{
	u64 value = 0;

	args = bpf_get_func_arg_cnt(ctx);
	bad = bpf_get_func_arg(ctx, 4, &value);
	bpf_get_func_arg(ctx, 2, &value);
	pid = value - ((u64 *)ctx)[2];
	bpf_get_func_ret(ctx, &value);
	tgid = value - ((u64 *)ctx)[4];
	return 0;
}

SEC("tracepoint/sched/sched_switch") int event(struct trace_event_raw_sched_switch *ctx)
{
	bpf_probe_read_kernel_str(comm, sizeof(comm), ctx->prev_comm);
	pid = ctx->prev_pid;
	return 0;
}

SEC("tp_btf/sched_switch") int blind(void *ctx)
{
	__sync_fetch_and_add(&calls, 1);
	return 0;
}
`;

const run = (prog: string, more: SimulateOptions = {}) =>
  simulate(object, { cpus: 1, invocations: 1, programs: [prog], ...more });
const textOf = (value: unknown) => String(value).replace(/(00)+$/, "");

describe("contexts of tracing programs", () => {
  it("a trusted pointer leads to a task, with the pid of one of the machine's, and on to its parent", async () => {
    const { final, fault } = await run("on_switch");
    expect(fault).toBe(undefined);
    expect([final.pid, final.tgid]).toEqual([1000n, 1000n]);
    expect([1n, 1000n, 1001n, 1002n]).toContain(final.parent);
    expect(textOf(final.comm)).toBe([..."task-1000"].map((char) => char.charCodeAt(0).toString(16)).join(""));
  });

  it("a chain of reads gives the same value each time, and both sides of a branch by seeds", async () => {
    const runs = await Promise.all([1, 2, 3, 4, 5, 6].map((seed) => run("chain", { seed, invocations: 20 })));
    for (const { final, fault } of runs) {
      expect(fault).toBe(undefined);
      expect(final.again).toBe(1n);
      expect(final.calls).toBe(20n);
      expect(textOf(final.parent_comm)).toMatch(/^([2-7]\w)+$/);
      expect([final.bad, final.found]).toEqual([-14n, 0n]);
    }
    const hits = runs.map(({ final }) => final.hits as bigint);
    expect(hits.some((n) => n > 0n) && hits.some((n) => n < 20n)).toBe(true);
  });

  it("the same seed gives the same, another one something else", async () => {
    const [one, again] = await Promise.all([run("chain", { seed: 3 }), run("chain", { seed: 3 })]);
    expect(again.final).toEqual(one.final);
    const others = await Promise.all([4, 5, 6, 7].map((seed) => run("chain", { seed })));
    expect(others.some(({ final }) => JSON.stringify(final, text) !== JSON.stringify(one.final, text))).toBe(true);
  });

  it("programs at the entry and at the exit of a function see the same objects", async () => {
    const { final, fault } = await run("leave", {
      programs: ["entry", { prog: "leave", after: "entry" }],
      invocations: 5,
    });
    expect(fault).toBe(undefined);
    expect([final.calls, final.hits]).toEqual([5n, 5n]);
  });

  it("bpf_get_func_arg and its kin find them by number", async () => {
    // The verifier's table of helpers knows them for no section; that is not what this looks at.
    const { final, fault } = await run("arguments", { verify: false });
    expect(fault).toBe(undefined);
    expect([final.args, final.bad, final.pid, final.tgid]).toEqual([4n, -22n, 0n, 0n]);
  });

  it("a tracepoint's fields are those of its struct", async () => {
    const { final, fault } = await run("event");
    expect(fault).toBe(undefined);
    expect(textOf(final.comm)).toMatch(/^([2-7]\w)+$/);
  });

  it("bytes of the workload's stand in for what is drawn", async () => {
    const { final } = await run("event", { programs: [{ prog: "event", ctx: new Uint8Array(64) }] });
    expect([textOf(final.comm), final.pid]).toEqual(["", 0n]);
  });

  it("a program that does not look at its context gets none: its tasks stay interchangeable", () => {
    const reads = Object.fromEntries(object.programs.map((program) => [program.name, readsContext(program)]));
    expect(reads).toEqual({
      on_switch: true,
      chain: true,
      entry: true,
      leave: true,
      arguments: true,
      event: true,
      blind: false,
    });
    const machine = (prog: string) => new Machine(planTasks(object, { cpus: 2, invocations: 1, programs: [prog] }));
    expect(asymmetry(machine("blind"))).toBe(undefined);
    expect(asymmetry(machine("entry"))).toBe("CPUs run with different contexts");
  });

  it("a search says that it tried one context and one state of the kernel", async () => {
    const found = await explore(object, { cpus: 2, invocations: 1, programs: ["on_switch"] });
    expect(found.faults).toEqual([]);
    const said = JSON.stringify(found.conditions);
    expect(said).toContain("ctx: drawn by the seed (others not tried) for each run of on_switch");
    expect(said).toContain("kernel objects: their fields drawn by the seed");
  });
});

const text = (_key: string, value: unknown) => typeof value === "bigint" ? String(value) : value;

/** What runs where no program is named: all that share something, entry before exit, for one process of each CPU. */
import { describe, expect, it } from "vitest";
import { simulate } from "../../lib/backends/simulator.ts";
import { bpf } from "../../lib/compile/bpf.ts";
import { explore } from "../../lib/search/explore.ts";
import { defaultRuns } from "../../lib/workload/default_programs.ts";
import { planTasks } from "../../lib/workload/plan.ts";

const latency = await bpf`
struct { __uint(type, BPF_MAP_TYPE_HASH); __uint(max_entries, 64); __type(key, int); __type(value, long); } start SEC(".maps");
long hits, misses;
const volatile int step = 1;

SEC("kretprobe/vfs_read") int leave(void *ctx)
{
	int pid = bpf_get_current_pid_tgid();
	if (!bpf_map_lookup_elem(&start, &pid)) { __sync_fetch_and_add(&misses, step); return 0; }
	__sync_fetch_and_add(&hits, step);
	bpf_map_delete_elem(&start, &pid);
	return 0;
}

SEC("kprobe/vfs_read") int enter(void *ctx)
{
	int pid = bpf_get_current_pid_tgid();
	long now = 1;
	bpf_map_update_elem(&start, &pid, &now, 0);
	return 0;
}

SEC("raw_tp") int lonely(void *ctx) { static long ran; ran += step; return 0; }
`;

describe("an object with several programs", () => {
  it("runs those that share a map, and says which do not", async () => {
    const run = await simulate(latency, { cpus: 2, invocations: 50 });
    expect(run.program).toBe("leave, enter");
    expect(run.remarks.join()).toMatch(/^lonely did not run: it shares no map and no variable with the others/);
  });

  it("runs exits after their entries, one for one and for one process", async () => {
    const run = await simulate(latency, { cpus: 3, invocations: 50, seed: 7 });
    expect([run.fault, run.final.hits, run.final.misses]).toEqual([undefined, 150n, 0n]);
    expect(run.serial!.hits).toBe(150n);
    const pids = planTasks(latency, { cpus: 2 }).tasks.map(({ cpu, pidTgid }) => [cpu, pidTgid! & 0xffff_ffffn]);
    expect(pids).toEqual([[0, 1000n], [1, 1001n], [0, 1000n], [1, 1001n]]);
  });

  it("does so in every schedule", async () => {
    const found = await explore(latency, { cpus: 2, invocations: 1, holds: (values) => values.misses === 0n });
    expect([found.observation, found.complete]).toEqual(["Never", true]);
    expect(found.stuck).toEqual([]);
  });

  it("takes its reader's word for what is an exit", async () => {
    const programs = ["enter", { prog: "leave", exitOf: "enter" }];
    expect((await simulate(latency, { cpus: 1, invocations: 20, programs })).final.misses).toBe(0n);
    // Named without it, they are two programs of two processes.
    expect((await simulate(latency, { cpus: 1, invocations: 20, programs: ["enter", "leave"] })).final.hits).toBe(0n);
    const uneven = [{ prog: "enter", invocations: 3 }, { prog: "leave", exitOf: "enter" }];
    await expect(simulate(latency, { programs: uneven })).rejects.toThrow(/leave runs 1000 times.*enter.*3 times/);
    await expect(simulate(latency, { programs: [{ prog: "leave", exitOf: "enter" }] }))
      .rejects.toThrow(/exit of enter, which does not run on CPU 0/);
  });

  const sections = [
    ["fentry/f", "fexit/f"],
    ["fentry.s/f", "fexit.s/f"],
    ["kprobe.multi/f*", "kretprobe.multi/f*"],
    ["ksyscall/openat", "kretsyscall/openat"],
    ["uprobe//bin/sh:f", "uretprobe//bin/sh:f"],
    ["tp/syscalls/sys_enter_openat", "tp/syscalls/sys_exit_openat"],
    ["tracepoint/raw_syscalls/sys_enter", "tracepoint/raw_syscalls/sys_exit"],
    ["raw_tp/sys_enter", "raw_tp/sys_exit"],
    ["tp_btf/sys_enter", "tp_btf/sys_exit"],
  ];
  for (const [entry, exit] of sections) {
    it(`knows ${exit} for the exit of ${entry}`, () => {
      const [a, b] = latency.programs;
      const object = {
        ...latency,
        programs: [{ ...a, name: "b", section: exit }, { ...b, name: "a", section: entry }],
      };
      expect(defaultRuns(object).runs).toEqual([{ prog: "b", exitOf: "a" }, { prog: "a" }]);
      const others = [{ ...a, section: exit }, { ...b, section: `${entry}x` }];
      expect(defaultRuns({ ...latency, programs: others }).runs.some(({ exitOf }) => exitOf)).toBe(false);
    });
  }
});

/** Local storages: what two CPUs see that create or delete one at once, and any sequence of calls beside the kernel's. */
import fc from "fast-check";
import { afterAll, describe, expect, it } from "vitest";
import { linuxAvailable } from "../../lib/backends/linux/available.ts";
import { runOnLinux } from "../../lib/backends/linux/run.ts";
import { simulate } from "../../lib/backends/simulator.ts";
import { bpf } from "../../lib/compile/bpf.ts";
import type { Model } from "../../lib/cpu/operation.ts";
import type { KernelError } from "../../lib/maps/errno.ts";
import type { UserApi } from "../../lib/maps/user_space.ts";
import { explore } from "../../lib/search/explore.ts";
import { KernelAgreement } from "../kernel_agreement.ts";

/** A counter for each cgroup, as programs write it: what they create, they take to be there. */
const counts = await bpf`
#include "vmlinux.h"
#include <bpf/bpf_helpers.h>
struct { __uint(type, BPF_MAP_TYPE_CGRP_STORAGE); __uint(map_flags, BPF_F_NO_PREALLOC); __type(key, int); __type(value, long); } seen SEC(".maps");
struct { __uint(type, BPF_MAP_TYPE_CGRP_STORAGE); __uint(map_flags, BPF_F_NO_PREALLOC); __type(key, int); __type(value, long); } other SEC(".maps");
long misses, total, deleted, kept;
static struct cgroup *own(void) { return bpf_get_current_task_btf()->cgroups->dfl_cgrp; }
SEC("tp_btf/sys_enter") int count(void *ctx) {
	long *value = bpf_cgrp_storage_get(&seen, own(), 0, BPF_LOCAL_STORAGE_GET_F_CREATE);
	if (value) __sync_fetch_and_add(value, 1);
	else __sync_fetch_and_add(&misses, 1);
	return 0;
}
SEC("tp_btf/sys_enter") int before(void *ctx) {
	bpf_cgrp_storage_get(&other, own(), 0, BPF_LOCAL_STORAGE_GET_F_CREATE);
	return 0;
}
SEC("tp_btf/sys_enter") int read(void *ctx) {
	long *value = bpf_cgrp_storage_get(&seen, own(), 0, 0);
	if (value) total = *value;
	return 0;
}
SEC("tp_btf/sys_enter") int del(void *ctx) {
	if (!bpf_cgrp_storage_delete(&seen, own())) __sync_fetch_and_add(&deleted, 1);
	return 0;
}
SEC("tp_btf/sys_enter") int renew(void *ctx) {
	bpf_cgrp_storage_delete(&seen, own());
	bpf_cgrp_storage_get(&seen, own(), 0, BPF_LOCAL_STORAGE_GET_F_CREATE);
	return 0;
}
SEC("tp_btf/sys_enter") int keep(void *ctx) {
	long *value = bpf_cgrp_storage_get(&seen, own(), 0, 0);
	if (!value) return 0;
	*value = 5;
	value = bpf_cgrp_storage_get(&seen, own(), 0, 0);
	kept = value ? *value : -1;
	return 0;
}
SEC("tp_btf/sys_enter") int create(void *ctx) {
	bpf_cgrp_storage_get(&seen, own(), 0, BPF_LOCAL_STORAGE_GET_F_CREATE);
	return 0;
}`;

const named = (all: Awaited<ReturnType<typeof explore>>, ...names: string[]) => {
  expect(all.complete).toBe(true);
  return [...new Set(all.outcomes.map(({ values }) => names.map((name) => `${name}=${values[name] ?? "-"}`).join(" ")))]
    .sort();
};

describe("every schedule", () => {
  it("of two CPUs that create a cgroup's first storage at once, one is given NULL (-EAGAIN)", async () => {
    const all = await explore(counts, { cpus: 2, programs: ["count"], invocations: 1 });
    expect(named(all, "seen[1]", "misses")).toEqual(["seen[1]=1 misses=1", "seen[1]=2 misses=0"]);
    expect(all.outcomes.map(({ serial }) => serial).sort()).toEqual([false, true]);
  });

  it("also where the cgroup has a storage of another map (-EEXIST)", async () => {
    const all = await explore(counts, {
      cpus: 2,
      programs: [{ prog: "before", cpus: [0], invocations: 1 }, { prog: "count", after: "before", invocations: 1 }],
    });
    expect(named(all, "seen[1]", "other[1]", "misses")).toEqual([
      "seen[1]=1 other[1]=0 misses=1",
      "seen[1]=2 other[1]=0 misses=0",
    ]);
  });

  it("two CPUs that delete a storage are both told that they did", async () => {
    const all = await explore(counts, {
      cpus: 2,
      programs: [{ prog: "create", cpus: [0], invocations: 1 }, { prog: "del", after: "create", invocations: 1 }],
    });
    expect(named(all, "seen[1]", "deleted")).toEqual(["seen[1]=- deleted=1", "seen[1]=- deleted=2"]);
  });

  it("whoever holds a value that is deleted meanwhile writes for nobody: then the storage is new, or there is none", async () => {
    const all = await explore(counts, {
      cpus: 2,
      programs: [
        { prog: "create", cpus: [0], invocations: 1 },
        { prog: "keep", cpus: [0], after: "create", invocations: 1 },
        { prog: "renew", cpus: [1], after: "create", invocations: 1 },
      ],
    });
    expect(named(all, "kept", "seen[1]")).toEqual([
      "kept=-1 seen[1]=0",
      "kept=0 seen[1]=0",
      "kept=5 seen[1]=0",
      "kept=5 seen[1]=5",
    ]);
  });
});

/** The same for sockets and inodes, which tracing and LSM programs are handed. */
const owned = await bpf`
#include "vmlinux.h"
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_tracing.h>
struct { __uint(type, BPF_MAP_TYPE_SK_STORAGE); __uint(map_flags, BPF_F_NO_PREALLOC); __type(key, int); __type(value, long); } by_sock SEC(".maps");
struct { __uint(type, BPF_MAP_TYPE_INODE_STORAGE); __uint(map_flags, BPF_F_NO_PREALLOC); __type(key, int); __type(value, long); } by_inode SEC(".maps");
long misses, deleted, absent;
char LICENSE[] SEC("license") = "GPL";
#define COUNT(map, helper, object) \
	long *value = helper##_get(&map, object, 0, BPF_LOCAL_STORAGE_GET_F_CREATE); \
	if (value) __sync_fetch_and_add(value, 1); \
	else __sync_fetch_and_add(&misses, 1); \
	return 0;
#define DELETE(map, helper, object) \
	long gone = helper##_delete(&map, object); \
	if (!gone) __sync_fetch_and_add(&deleted, 1); \
	else if (gone == -2) __sync_fetch_and_add(&absent, 1); \
	return 0;
SEC("fentry/tcp_connect") int BPF_PROG(sock_count, struct sock *sk) { COUNT(by_sock, bpf_sk_storage, sk) }
SEC("fentry/tcp_connect") int BPF_PROG(sock_delete, struct sock *sk) { DELETE(by_sock, bpf_sk_storage, sk) }
SEC("lsm/inode_permission") int BPF_PROG(inode_count, struct inode *inode) { COUNT(by_inode, bpf_inode_storage, inode) }
SEC("lsm/inode_permission") int BPF_PROG(inode_delete, struct inode *inode) { DELETE(by_inode, bpf_inode_storage, inode) }
`;

describe("storages of sockets and inodes", () => {
  for (const [owner, map] of [["sock", "by_sock"], ["inode", "by_inode"]] as const) {
    // The recorded kernel was built without BPF LSM, where programs have bpf_inode_storage_get.
    const verify = owner === "inode" ? false : undefined;
    const value = ({ outcomes }: Awaited<ReturnType<typeof explore>>) =>
      [
        ...new Set(outcomes.map(({ values }) => {
          const kept = Object.entries(values).filter(([name]) => name.startsWith(`${map}[`)).map(([, one]) => one);
          return `${kept.join() || "-"} misses=${values.misses} deleted=${values.deleted} absent=${values.absent}`;
        })),
      ].sort();

    it(`of two CPUs that create the first storage of one ${owner} at once, one is given NULL`, async () => {
      const all = await explore(owned, { cpus: 2, programs: [`${owner}_count`], invocations: 1, verify });
      expect([all.complete, value(all)]).toEqual([true, [
        "1 misses=1 deleted=0 absent=0",
        "2 misses=0 deleted=0 absent=0",
      ]]);
    });

    it(`that of one ${owner} is deleted after it was made, or not there (-ENOENT)`, async () => {
      const programs = [{ prog: `${owner}_count`, cpus: [0] }, { prog: `${owner}_delete`, cpus: [1] }];
      expect(value(await explore(owned, { cpus: 2, programs, invocations: 1, verify }))).toEqual([
        "- misses=0 deleted=1 absent=0",
        "1 misses=0 deleted=0 absent=1",
      ]);
    });

    it(`each ${owner} has one of its own`, async () => {
      const run = await simulate(owned, { cpus: 2, programs: [`${owner}_count`], invocations: 40, verify });
      const kept = Object.entries(run.final).filter(([name]) => name.startsWith(`${map}[`)).map(([, one]) => one);
      expect(kept.length).toBe(2);
      expect(kept.reduce((sum: bigint, one) => sum + (one as bigint), run.final.misses as bigint)).toBe(80n);
    });
  }
});

/** One task's value in two maps, and what an interrupt in the middle of a call gets. */
const tasks = await bpf`
#include "vmlinux.h"
#include <bpf/bpf_helpers.h>
struct locked { struct bpf_spin_lock lock; int count; };
struct { __uint(type, BPF_MAP_TYPE_TASK_STORAGE); __uint(map_flags, BPF_F_NO_PREALLOC); __type(key, int); __type(value, long); } first SEC(".maps");
struct { __uint(type, BPF_MAP_TYPE_TASK_STORAGE); __uint(map_flags, BPF_F_NO_PREALLOC); __type(key, int); __type(value, long); } second SEC(".maps");
long result, found, started, ended;
#define CALLS(map) \
	SEC("tp_btf/sys_enter") int get_##map(__u64 *ctx) { \
		long init = 7, *value = bpf_task_storage_get(&map, bpf_get_current_task_btf(), &init, 0); \
		result = !!value; found = value ? (*value)++ : -1; return 0; } \
	SEC("tp_btf/sys_enter") int make_##map(__u64 *ctx) { \
		long init = 7, *value = bpf_task_storage_get(&map, bpf_get_current_task_btf(), &init, BPF_LOCAL_STORAGE_GET_F_CREATE); \
		result = !!value; found = value ? (*value)++ : -1; return 0; } \
	SEC("tp_btf/sys_enter") int zero_##map(__u64 *ctx) { \
		long *value = bpf_task_storage_get(&map, bpf_get_current_task_btf(), 0, BPF_LOCAL_STORAGE_GET_F_CREATE); \
		result = !!value; found = value ? (*value)++ : -1; return 0; } \
	SEC("tp_btf/sys_enter") int delete_##map(__u64 *ctx) { \
		result = bpf_task_storage_delete(&map, bpf_get_current_task_btf()); found = 0; return 0; }
CALLS(first)
CALLS(second)
SEC("tp_btf/sys_enter") int flags(__u64 *ctx) {
	result = !!bpf_task_storage_get(&first, bpf_get_current_task_btf(), 0, 2); found = 0; return 0; }
SEC("fentry/bpf_fentry_test1") int enter(__u64 *ctx) {
	long *start = bpf_task_storage_get(&first, bpf_get_current_task_btf(), 0, BPF_LOCAL_STORAGE_GET_F_CREATE);
	if (start) *start = ++started;
	return 0; }
SEC("fexit/bpf_fentry_test1") int leave(__u64 *ctx) {
	if (bpf_task_storage_get(&first, bpf_get_current_task_btf(), 0, 0)) __sync_fetch_and_add(&ended, 1);
	return 0; }
`;
const CALLS = ["get", "make", "zero", "delete"].flatMap((call) => [`${call}_first`, `${call}_second`]).concat("flags");
const programs = CALLS.map((prog) => ({ prog, cpus: [0], invocations: 0 }));

const body = (calls: readonly string[]) =>
  function* (user: UserApi): Model<unknown> {
    const results: string[] = [];
    for (const call of calls) {
      yield* user.run(call);
      results.push(`${call}: ${yield* user.readGlobal("result")} ${yield* user.readGlobal("found")}`);
    }
    return results;
  };

describe("storages of tasks", () => {
  it("entry and exit in one task see one storage", async () => {
    const run = await simulate(tasks, {
      cpus: 2,
      programs: ["enter", { prog: "leave", exitOf: "enter" }],
      invocations: 5,
    });
    expect(run.final).toMatchObject({ ended: 10n });
    expect(Object.keys(run.final).filter((name) => name.startsWith("first["))).toEqual(["first[1000]", "first[1001]"]);
  });

  it("an interrupt in the middle of a call is given NULL where it would create a storage of the task it came upon", async () => {
    const all = await explore(tasks, {
      cpus: 1,
      programs: [{ prog: "make_first", cpus: [0], invocations: 1 }],
      interrupts: [{ prog: "make_second", cpu: 0, kind: "hardirq" }],
    });
    // Found before, after, and in between NULL; whoever stores last says so.
    expect(named(all, "first[1000]", "second[1000]", "result")).toEqual([
      "first[1000]=8 second[1000]=- result=1",
      "first[1000]=8 second[1000]=8 result=1",
    ]);
  });

  it("user space reads, writes and deletes a task's value by its pid", async () => {
    const run = await simulate(tasks, {
      cpus: 1,
      programs: [{ prog: "make_first", invocations: 3, pid: 5 }],
      user: [{
        name: "it",
        after: "make_first",
        *body(user) {
          const before = yield* user.lookup("first", 5);
          yield* user.update("first", 5, 40);
          const refused: unknown[] = [];
          for (const call of [() => user.update("first", 5, 1, 1n), () => user.nextKey("first")]) {
            try {
              yield* call();
            } catch (error) {
              refused.push((error as KernelError).code);
            }
          }
          return [
            before,
            yield* user.lookup("first", 5),
            refused,
            yield* user.delete("first", 5),
            yield* user.delete("first", 5),
          ];
        },
      }],
    });
    expect(run.returned.it).toEqual([10n, 40n, ["EEXIST", "ENOTSUPP"], true, false]);
    const unknown = simulate(tasks, {
      cpus: 1,
      programs: [{ prog: "make_first", invocations: 0, pid: 5 }],
      user: [{ name: "it", body: (user) => user.lookup("first", 6) }],
    });
    await expect(unknown).rejects.toThrow("first: no task_struct is called 6; there is -1, -2, 5, 1001");
  });

  it("hundreds of them are made and deleted in the memory of a few", async () => {
    const all = Array.from({ length: 300 }, () => ["make_first", "delete_first"]).flat();
    const run = await simulate(tasks, { cpus: 1, programs, user: [{ name: "it", body: body(all) }] });
    expect(new Set(run.returned.it as string[])).toEqual(new Set(["make_first: 1 7", "delete_first: 0 0"]));
  });
});

describe("local storages, simulator and running kernel", () => {
  const availability = linuxAvailable(), agreement = new KernelAgreement("calls of local storages");
  afterAll(() => agreement.print());
  const test = availability.available ? it : it.skip,
    why = availability.available ? "" : ` (skipped: ${availability.reason})`;

  test(`any sequence of calls${why}`, async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.constantFrom(...CALLS), { minLength: 60, maxLength: 120, size: "max" }),
        async (calls) => {
          const workload = { cpus: 1, programs, user: [{ name: "it", body: body(calls) }] };
          const simulated = await simulate(tasks, workload);
          await agreement.values("a sequence", async () => {
            const real = await runOnLinux(tasks, { ...workload, exact: true });
            expect(simulated.returned.it).toEqual(real.returned.it);
          });
        },
      ),
      { numRuns: 3, endOnFailure: true },
    );
  });

  test(`two CPUs that create one at once end as a schedule does${why}`, async () => {
    await agreement.values("creation at once", async () => {
      for (let i = 0; i < 10; i++) {
        const { final } = await runOnLinux(counts, {
          cpus: 2,
          programs: [{ prog: "count", invocations: 1 }, { prog: "read", cpus: [0], after: "count", invocations: 1 }],
          exact: true,
        });
        expect(["1 1", "2 0"]).toContain(`${final.total} ${final.misses}`);
      }
    });
  });
});

/** Helpers about strings, the task and its stack: what programs get, and that the running kernel gives them the same. */
import { afterAll, describe, expect, it } from "vitest";
import { linuxAvailable } from "../../lib/backends/linux/available.ts";
import { runOnLinux } from "../../lib/backends/linux/run.ts";
import { simulate } from "../../lib/backends/simulator.ts";
import { bpf } from "../../lib/compile/bpf.ts";
import { KernelAgreement } from "../kernel_agreement.ts";
import { explore } from "../../lib/search/explore.ts";

const object = await bpf`#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

struct task_struct { int pid, tgid; char comm[16]; } __attribute__((preserve_access_index));

char text[16], comm[16], small[4];
long results[12];
long values[12];
const volatile char word[] = "ab";

SEC("raw_tp") int strings(void *ctx)
{
	char buf[8] = "-0x1fz", plain[8] = " 077", big[24] = "18446744073709551615";
	long signed_value = 1;
	unsigned long value = 1;

	results[0] = bpf_strtol(buf, 6, 0, &signed_value);
	values[0] = signed_value;
	results[1] = bpf_strtoul(buf, 6, 0, &value);
	values[1] = value;
	results[2] = bpf_strtol(plain, 4, 0, &signed_value);
	values[2] = signed_value;
	results[3] = bpf_strtol(plain, 4, 10, &signed_value);
	values[3] = signed_value;
	results[4] = bpf_strtol(big, 20, 0, &signed_value);
	values[4] = signed_value;
	results[5] = bpf_strtoul(big, 20, 0, &value);
	values[5] = value;
	results[6] = bpf_strtoul(plain, 1, 0, &value);
	values[6] = value;
	results[7] = bpf_strtoul(plain, 4, 7, &value);
	values[7] = value;
	results[8] = bpf_strncmp(plain, 4, " 07");
	results[9] = bpf_strncmp(plain, 3, " 078");
	results[10] = bpf_strncmp(plain, 4, " 078");
	results[11] = bpf_strncmp(plain, 4, " 077x");
	return 0;
}

SEC("raw_tp") int formats(void *ctx)
{
	__u64 args[3] = { 7, (__u64)-1 };

	args[2] = (__u64)word;
	results[0] = bpf_snprintf(text, sizeof(text), "%d|%x|%s", args, sizeof(args));
	results[1] = bpf_snprintf(small, sizeof(small), "%05d", args, 8);
	results[2] = bpf_snprintf(comm, sizeof(comm), "no arguments", 0, 0);
	results[3] = bpf_snprintf(comm, 0, "%d", args, 8);
	return 0;
}

SEC("raw_tp") int reads(void *ctx)
{
	long filled = -1;

	__builtin_memset(text, 'x', sizeof(text));
	__builtin_memset(comm, 'x', sizeof(comm));
	__builtin_memset(small, 'x', sizeof(small));
	results[0] = bpf_probe_read_kernel_str(text, sizeof(text), (void *)word);
	results[1] = bpf_probe_read_kernel_str(small, 2, (void *)word);
	results[2] = bpf_probe_read_kernel_str(comm, sizeof(comm), (void *)8);
	results[3] = bpf_probe_read_kernel(&filled, sizeof(filled), (void *)8);
	values[3] = filled;
	results[4] = bpf_probe_read_kernel_str(comm, 0, (void *)word);
	results[5] = bpf_probe_read_kernel(&filled, sizeof(filled), (void *)0xdead000000000000UL);
	results[6] = bpf_probe_read_kernel(&filled, sizeof(filled), (void *)0xffff800000000000UL);
	results[7] = bpf_probe_read_user(&filled, sizeof(filled), (void *)8);
	results[8] = bpf_probe_read_user_str(comm, sizeof(comm), (void *)8);
	return 0;
}

SEC("raw_tp") int identity(void *ctx)
{
	struct task_struct *task = (void *)bpf_get_current_task();
	int pid = 0, tgid = 0;

	__builtin_memset(comm, 'x', sizeof(comm));
	results[0] = bpf_get_current_comm(comm, sizeof(comm));
	results[1] = bpf_probe_read_kernel(&pid, sizeof(pid), __builtin_preserve_access_index(&task->pid));
	bpf_probe_read_kernel(&tgid, sizeof(tgid), __builtin_preserve_access_index(&task->tgid));
	results[2] = pid == (int)bpf_get_current_pid_tgid();
	results[3] = tgid == bpf_get_current_pid_tgid() >> 32;
	bpf_probe_read_kernel_str(text, sizeof(text), __builtin_preserve_access_index(&task->comm));
	results[4] = bpf_strncmp(text, sizeof(text), "task-1000");
	results[5] = bpf_get_current_cgroup_id();
	return 0;
}

struct { __uint(type, BPF_MAP_TYPE_STACK_TRACE); __uint(max_entries, 1); __uint(key_size, 4); __uint(value_size, 32); }
stacks SEC(".maps");

SEC("raw_tp") int one_stack(void *ctx)
{
	results[0] = bpf_get_stackid(ctx, &stacks, 0);
	results[1] = bpf_get_stackid(ctx, &stacks, 0);
	results[2] = bpf_get_stackid(ctx, &stacks, BPF_F_USER_STACK);
	results[3] = bpf_get_stackid(ctx, &stacks, BPF_F_USER_STACK | BPF_F_REUSE_STACKID);
	results[4] = bpf_get_stackid(ctx, &stacks, 1 << 20);
	results[5] = bpf_get_stackid(ctx, &stacks, 200);
	results[6] = bpf_get_stack(ctx, values, sizeof(values), 0) > 0;
	return 0;
}

struct { __uint(type, BPF_MAP_TYPE_STACK_TRACE); __uint(max_entries, 2); __uint(key_size, 4); __uint(value_size, 64); }
two SEC(".maps");

SEC("raw_tp") int two_stacks(void *ctx)
{
	results[0] = bpf_get_stackid(ctx, &two, 0);
	results[1] = bpf_get_stackid(ctx, &two, BPF_F_USER_STACK);
	results[2] = bpf_get_stackid(ctx, &two, BPF_F_USER_STACK | BPF_F_REUSE_STACKID);
	results[3] = bpf_get_stackid(ctx, &two, 0);
	return 0;
}

SEC("raw_tp") int user_stack(void *ctx)
{
	bpf_get_stackid(ctx, &stacks, BPF_F_USER_STACK);
	return 0;
}

struct { __uint(type, BPF_MAP_TYPE_CGROUP_ARRAY); __uint(max_entries, 2); __uint(key_size, 4); __uint(value_size, 4); }
cgroups SEC(".maps");

SEC("raw_tp") int under(void *ctx)
{
	results[0] = bpf_current_task_under_cgroup(&cgroups, 0);
	results[1] = bpf_current_task_under_cgroup(&cgroups, 1);
	results[2] = bpf_current_task_under_cgroup(&cgroups, 2);
	return 0;
}

SEC("raw_tp") int loops(void *ctx)
{
	int i;

	bpf_for(i, 3, 7)
		results[0] += i;
	bpf_for(i, 5, 5)
		results[1] += 1;
	bpf_for(i, 7, 3)
		results[2] += 1;
	bpf_repeat(4)
		results[3] += 1;
	return 0;
}
`;

const once = (prog: string, more = {}) => simulate(object, { cpus: 1, invocations: 1, programs: [prog], ...more });
const signed = (values: Record<string, unknown>, name: string, count: number): bigint[] =>
  Array.from({ length: count }, (_, i) => BigInt.asIntN(64, values[`${name}[${i}]`] as bigint));
/** Arrays of char as reports show them, whichever way that is. */
const buffers = (values: Record<string, unknown>) =>
  Object.fromEntries(Object.entries(values).filter(([name]) => /^(text|comm|small)/.test(name)));

const EINVAL = -22n, ERANGE = -34n, EFAULT = -14n, ENOMEM = -12n, EEXIST = -17n, E2BIG = -7n, EAGAIN = -11n;

describe("helpers about strings", () => {
  it("bpf_strtol, bpf_strtoul, bpf_strncmp", async () => {
    const { final, fault } = await once("strings");
    expect(fault).toBe(undefined);
    expect(signed(final, "results", 12)).toEqual([5n, EINVAL, 4n, 4n, ERANGE, 20n, EINVAL, EINVAL, 1n, 0n, -1n, 0n]);
    expect(signed(final, "values", 8)).toEqual([-31n, 0n, 63n, 77n, 0n, -1n, 0n, 0n]);
  });

  it("bpf_snprintf gives the whole length, and cuts what does not fit", async () => {
    const { final, fault } = await once("formats");
    expect(fault).toBe(undefined);
    expect(signed(final, "results", 4)).toEqual([14n, 6n, 13n, 2n]);
  });

  it("bpf_probe_read_kernel_str counts the zero byte; a bad address zeroes the buffer", async () => {
    const { final, fault } = await once("reads");
    expect(fault).toBe(undefined);
    expect(signed(final, "results", 9)).toEqual([3n, 2n, ERANGE, ERANGE, 0n, ERANGE, EFAULT, EFAULT, EFAULT]);
    expect(final["values[3]"]).toBe(0n);
  });
});

describe("helpers about the task", () => {
  it("pid, tgid and comm stand in the struct behind bpf_get_current_task, too", async () => {
    const { final, fault } = await once("identity");
    expect(fault).toBe(undefined);
    expect(signed(final, "results", 6)).toEqual([0n, 0n, 1n, 1n, 0n, 1n]);
  });

  it("a CGROUP_ARRAY: the root cgroup, an empty slot, one that is not there", async () => {
    const { final } = await once("under", {
      *prepare(user: import("../../lib/maps/user_space.ts").UserApi) {
        yield* user.update("cgroups", 0, 1);
      },
    });
    expect(signed(final, "results", 3)).toEqual([1n, EAGAIN, E2BIG]);
  });

  it("bpf_for and bpf_repeat", async () => {
    const { final, fault } = await once("loops");
    expect(fault).toBe(undefined);
    expect(signed(final, "results", 4)).toEqual([18n, 0n, 0n, 4n]);
  });
});

describe("stack traces", () => {
  it("one bucket holds one trace, and a map of one element has none to put in its place", async () => {
    const { final, fault } = await once("one_stack");
    expect(fault).toBe(undefined);
    expect(signed(final, "results", 7)).toEqual([0n, 0n, EEXIST, ENOMEM, EINVAL, EFAULT, 1n]);
  });

  it("another trace takes its place with BPF_F_REUSE_STACKID", async () => {
    // Two buckets and two elements: whether both traces hash to one bucket, the seed says.
    const collides = async (seed: number) => signed((await once("two_stacks", { seed })).final, "results", 4);
    const seen = await Promise.all([1, 2, 3, 4, 5, 6, 7, 8].map(collides));
    const [together] = seen.filter(([, second]) => second === EEXIST),
      [apart] = seen.filter(([, second]) => second !== EEXIST);
    expect(together).toEqual([together[0], EEXIST, together[0], EEXIST]);
    expect(apart.slice(1)).toEqual([1n - apart[0], 1n - apart[0], apart[0]]);
  });

  it("which of two traces stays is a matter of order; a search says that the traces were drawn", async () => {
    const programs = [{ prog: "one_stack", cpus: [0] }, { prog: "user_stack", cpus: [1] }];
    const found = await explore(object, { cpus: 2, invocations: 1, programs });
    expect(found.faults).toEqual([]);
    expect(new Set(found.outcomes.map(({ values }) => values["results[0]"])).size).toBe(3);
    expect(JSON.stringify(found.conditions)).toContain("stack traces");
  });
});

const availability = linuxAvailable();
const onKernel = availability.available ? it : it.skip;
describe("the running kernel" + (availability.available ? "" : ` (skipped: ${availability.reason})`), () => {
  const agreement = new KernelAgreement("strings and reads");
  afterAll(() => agreement.print());
  for (const prog of ["strings", "formats", "reads"]) {
    onKernel(`gives the same in ${prog}`, async () => {
      const ours = (await once(prog)).final;
      const kernel = (await runOnLinux(object, { cpus: 1, invocations: 1, programs: [prog] })).final;
      await agreement.values(prog, () => {
        expect(signed(ours, "results", 12)).toEqual(signed(kernel, "results", 12));
        expect(signed(ours, "values", 12)).toEqual(signed(kernel, "values", 12));
        expect(buffers(ours)).toEqual(buffers(kernel));
      });
    });
  }

  onKernel("pads comm with zeroes, and its struct agrees with its helpers", async () => {
    const { final } = await runOnLinux(object, { cpus: 1, invocations: 1, programs: ["identity"] });
    await agreement.values("identity", () => expect(signed(final, "results", 4)).toEqual([0n, 0n, 1n, 1n]));
  });
});

/** What a reader gets for programs that go wrong: a sentence that names the place, and the next run works. */
import { describe, expect, it } from "vitest";
import { simulate } from "../../lib/backends/simulator.ts";
import { bpf } from "../../lib/compile/bpf.ts";

describe("programs that the verifier refuses", () => {
  it("are not run, and the message says why, where and how to see it go wrong", async () => {
    const object = await bpf`
int table[4];

SEC("raw_tp")
int past_the_end(void *ctx)
{
	unsigned int i = bpf_get_prandom_u32();

	table[i] = 1;
	return 0;
}
`;
    await expect(simulate(object, {})).rejects.toThrow(
      /verifier refuses past_the_end[\s\S]*9: table\[i\] = 1;[\s\S]*verify: false/,
    );
  });

  it("verify: false: a store past the end is a fault with line, offset and name, on every seed", async () => {
    const object = await bpf`
int table[4];

SEC("raw_tp")
int past_the_end(void *ctx)
{
	*(volatile int *)((char *)table + 16) = 1;
	return 0;
}
`;
    const run = await simulate(object, { cpus: 2, invocations: 10, verify: false });
    expect(run.fault!.message).toBe("write of 4 bytes at offset 16 of section .bss, which has 16 bytes");
    expect(run.fault!.line!.line).toBe(7);
    expect(run.fault!.prog).toBe("past_the_end");
  });

  it("verify: false: a null pointer", async () => {
    const object = await bpf`
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__type(key, int);
	__type(value, long);
	__uint(max_entries, 4);
} hits SEC(".maps");

SEC("raw_tp")
int unchecked(void *ctx)
{
	int key = 1;

	*(long *)bpf_map_lookup_elem(&hits, &key) += 1;
	return 0;
}
`;
    const run = await simulate(object, { cpus: 1, invocations: 1, verify: false });
    expect(run.fault!.message).toContain("through a null pointer");
    expect(run.fault!.line!.line).toBe(14);
  });

  it("verify: false: an endless loop on private data ends with a fault", async () => {
    const object = await bpf`
SEC("raw_tp")
int forever(void *ctx)
{
	unsigned long x = (unsigned long)ctx;

	while (x != 1)
		barrier_var(x);
	return 0;
}
`;
    const run = await simulate(object, { cpus: 1, invocations: 1, verify: false, limits: { insnsPerStep: 1_000_000 } });
    expect(run.fault!.message).toContain("an endless loop?");
    expect(run.fault!.prog).toBe("forever");
  });

  it("verify: false: an endless loop on shared data ends at the limit of steps", async () => {
    const object = await bpf`
volatile int counter;

SEC("raw_tp")
int forever(void *ctx)
{
	while (counter != -1)
		counter += 2;
	return 0;
}
`;
    const run = await simulate(object, { cpus: 2, invocations: 1, verify: false, limits: { steps: 10_000 } });
    expect(run.fault!.message).toContain("stopped after 10,000 visible operations");
  });

  it("verify: false: a lock that is never released is a deadlock, and says who waits for what", async () => {
    const object = await bpf`
struct elem { struct bpf_spin_lock lock; int count; };
struct { __uint(type, BPF_MAP_TYPE_ARRAY); __type(key, int); __type(value, struct elem); __uint(max_entries, 1); } locked SEC(".maps");

SEC("tc")
int keeps(void *ctx)
{
	int key = 0;
	struct elem *e = bpf_map_lookup_elem(&locked, &key);

	if (!e)
		return 0;
	bpf_spin_lock(&e->lock);
	e->count += 1;
	return 0;
}
`;
    const run = await simulate(object, { cpus: 2, invocations: 1, verify: false });
    expect(run.fault!.message).toMatch(/^deadlock: cpu[01] waits for locked\[0\]\.lock/);
  });
});

describe("workloads that cannot be run", () => {
  const counter = () =>
    bpf`int counter; SEC("raw_tp") int count(void *ctx) { counter += 1; return 0; } SEC("raw_tp") int other(void *ctx) { return 0; }`;
  const cases = [
    { options: { programs: ["cuont"] }, says: "has no program cuont; it has count, other" },
    { options: { programs: ["count"], cpus: 1000 }, says: "cpus is 1000" },
    { options: { programs: [{ prog: "count", cpus: [7] }] }, says: "a CPU of program count is 7" },
    {
      options: { programs: ["count"], interrupts: [{ prog: "other", cpu: 9 }] },
      says: "the CPU of interrupt other is 9",
    },
    { options: { programs: ["count"], scheduler: "fifo" as never }, says: 'scheduler is the text "fifo"' },
  ];
  for (const { options, says } of cases) {
    it(says, async () => {
      await expect(simulate(await counter(), options)).rejects.toThrow(says);
    });
  }
});

/** A search that workers share gives what one thread gives: states, outcomes, verdicts, every schedule to the letter. */
import { describe, expect, it } from "vitest";
import { bpf } from "../../lib/compile/bpf.ts";
import { isDeno } from "../../lib/host/environment.ts";
import { toJson } from "../../lib/report/json.ts";
import { explorePlan } from "../../lib/search/explore.ts";
import type { ExploreOptions } from "../../lib/search/exploration.ts";
import { StateTable, tableBuffers } from "../../lib/search/state_table.ts";
import type { BpfObject } from "../../lib/object/bpf_object.ts";
import { plan } from "../../lib/workload/plan.ts";

/** States from which on these searches are shared. */
const LARGE = 100;

async function searched(object: BpfObject, options: ExploreOptions): Promise<{ text: string; states: number }> {
  const found = await explorePlan(plan(object, options, "explore"), options, { large: LARGE });
  const { seconds: _, ...rest } = JSON.parse(toJson(found));
  return { text: JSON.stringify(rest, undefined, 1), states: found.states };
}

async function compareWorkers(object: BpfObject, options: ExploreOptions): Promise<void> {
  const alone = await searched(object, { ...options, workers: 1 });
  expect(alone.states).toBeGreaterThan(1_500);
  for (const workers of [2, 3]) {
    expect((await searched(object, { ...options, workers })).text).toBe(alone.text);
  }
}

// Node runs no TypeScript in a worker: there these searches stay on one thread, and find the same.
describe(isDeno ? "a search shared by workers" : "a search shared by workers, where there are none", () => {
  it("of programs whose steps are kept", async () => {
    await compareWorkers(
      await bpf`volatile unsigned long counter;
SEC("raw_tp") int count(void *ctx)
{
#pragma nounroll
	for (unsigned int i = 0; i < 4; i++)
		counter += 1;
	return 0;
}
`,
      { cpus: 3, symmetry: false, reduction: false },
    );
  });

  it("of tasks that are taken for one another", async () => {
    await compareWorkers(
      await bpf`volatile unsigned long counter;
SEC("raw_tp") int count(void *ctx)
{
#pragma nounroll
	for (unsigned int i = 0; i < 7; i++)
		counter += 1;
	return 0;
}
`,
      { cpus: 3 },
    );
  });

  it("with orders on disjoint data left out", async () => {
    await compareWorkers(
      await bpf`volatile unsigned long counter, own[3], other;
SEC("raw_tp") int count(void *ctx)
{
	unsigned int cpu = bpf_get_smp_processor_id();

	for (unsigned int i = 0; i < 2; i++) {
		if (cpu < 3)
			own[cpu] += 1;
		counter += 1;
	}
	other += counter;
	return 0;
}
`,
      { cpus: 2 },
    );
  });

  it("of store buffers", async () => {
    await compareWorkers(
      await bpf`volatile unsigned long x, y, z;
SEC("raw_tp") int first(void *ctx) { x = 1; z += y; y = 2; return 0; }
SEC("raw_tp") int second(void *ctx) { y = 1; z += x; return 0; }
`,
      { programs: [{ prog: "first", cpus: [0, 2] }, { prog: "second", cpus: [1] }], cpus: 3 },
    );
  });

  it("of kernel models, with what user space prepared", async () => {
    await compareWorkers(
      await bpf`struct { __uint(type, BPF_MAP_TYPE_HASH); __uint(max_entries, 4); __type(key, int); __type(value, long); } counts SEC(".maps");
SEC("raw_tp") int count(void *ctx)
{
	int key = 3;
	long *value = bpf_map_lookup_elem(&counts, &key), one = 1;

	if (value)
		*value += 1;
	else
		bpf_map_update_elem(&counts, &key, &one, BPF_ANY);
	return 0;
}
SEC("raw_tp") int drop(void *ctx) { int key = 3; bpf_map_delete_elem(&counts, &key); return 0; }
`,
      {
        programs: [{ prog: "count", cpus: [0, 1], invocations: 2 }, { prog: "drop", cpus: [2] }],
        cpus: 3,
        prepare: (user) => user.update("counts", 3, 10n),
      },
    );
  });

  it("where the kernel leaves something open", async () => {
    await compareWorkers(
      await bpf`volatile unsigned long a, b;
SEC("raw_tp") int draw(void *ctx)
{
	for (unsigned int i = 0; i < 3; i++) {
		if (bpf_get_prandom_u32() & 1)
			a += 1;
		else
			b += a;
	}
	return 0;
}
`,
      { cpus: 2 },
    );
  });

  it("that come back to states they have seen", async () => {
    await compareWorkers(
      await bpf`volatile unsigned long taken, tries;
SEC("raw_tp") int spin(void *ctx)
{
	while (__sync_lock_test_and_set(&taken, 1))
		;
	tries += 1;
	tries += 1;
	taken = 0;
	return 0;
}
`,
      { cpus: 3, invocations: 4, verify: false, symmetry: false, reduction: false, memory: "sc" },
    );
  });

  it("that end in faults and deadlocks", async () => {
    await compareWorkers(
      await bpf`struct locked { struct bpf_spin_lock lock; int n; };
struct { __uint(type, BPF_MAP_TYPE_ARRAY); __uint(max_entries, 2); __type(key, int); __type(value, struct locked); } both SEC(".maps");
volatile unsigned long turns, slips;
static int take(int first, int second)
{
	struct locked *a = bpf_map_lookup_elem(&both, &first), *b = bpf_map_lookup_elem(&both, &second);

	if (!a || !b)
		return 0;
	for (int i = 0; i < 4; i++)
		turns += 1;
	if (turns == 5)
		*(volatile long *)(turns - 5) = 1;
	bpf_spin_lock(&a->lock);
	slips += 1;
	bpf_spin_lock(&b->lock);
	a->n += 1;
	bpf_spin_unlock(&b->lock);
	bpf_spin_unlock(&a->lock);
	return 0;
}
SEC("raw_tp") int upwards(void *ctx) { return take(0, 1); }
SEC("raw_tp") int downwards(void *ctx) { return take(1, 0); }
`,
      {
        programs: [{ prog: "upwards", cpus: [0] }, { prog: "downwards", cpus: [1] }],
        cpus: 2,
        verify: false,
        reduction: false,
      },
    );
  });
});

describe("a search that workers share ends when it is to", () => {
  const large = () =>
    bpf`volatile unsigned long counter;
SEC("raw_tp") int count(void *ctx)
{
#pragma nounroll
	for (unsigned int i = 0; i < 12; i++)
		counter += 1;
	return 0;
}
`;
  const endless = { cpus: 4, symmetry: false, reduction: false, workers: 2 } as const;

  it("by its time limit, with what it has found", async () => {
    const options = { ...endless, bounds: { seconds: 3, states: 1e9 } }, object = await large();
    const found = await explorePlan(plan(object, options, "explore"), options, { large: LARGE });
    expect([found.complete, found.unknown, found.observation]).toEqual([false, "3 seconds", "Sometimes"]);
    expect(found.states).toBeGreaterThan(LARGE);
  });

  it("by its limit of states", async () => {
    const options = { ...endless, bounds: { states: 30_000 } }, object = await large();
    const found = await explorePlan(plan(object, options, "explore"), options, { large: LARGE });
    expect([found.complete, found.unknown, found.states]).toEqual([false, "30,000 states", 30_000]);
  });

  it("by its limit of memory", async () => {
    const options = { ...endless, bounds: { states: 1e9, memoryBytes: 2 ** 24 } }, object = await large();
    const found = await explorePlan(plan(object, options, "explore"), options, { large: LARGE });
    expect([found.complete, found.unknown]).toEqual([false, "16777216 bytes of memory"]);
  });

  it("when the reader stops the cell", async () => {
    const seen: number[] = [], object = await large();
    const options: ExploreOptions = {
      ...endless,
      bounds: { states: 1e9 },
      onProgress({ states, share }) {
        expect(share).toBeGreaterThanOrEqual(0);
        seen.push(states);
        if (seen.length < 20) return;
        const scope = globalThis as unknown as Record<symbol, Set<() => void>>;
        for (const stop of scope[Symbol.for("interleave.stop")]) stop();
      },
    };
    const found = explorePlan(plan(object, options, "explore"), options, { large: LARGE });
    await expect(found).rejects.toThrow("stopped");
    expect(seen.length).toBeLessThan(25);
    expect(seen).toEqual([...seen].sort((a, b) => a - b));
  });

  it("when a program comes to what is not supported", async () => {
    const object = await bpf`volatile unsigned long counter;
static long (*const d_path)(void *path, char *buf, unsigned int size) = (void *)147;
SEC("raw_tp") int count(void *ctx)
{
	char name[8] = {};

	for (unsigned int i = 0; i < 4; i++)
		counter += 1;
	if (counter == 2)
		d_path(ctx, name, sizeof(name));
	return 0;
}
`;
    const messages = await Promise.all([1, 2].map(async (workers) => {
      const options = { cpus: 3, workers, symmetry: false, verify: false } as const;
      const found = explorePlan(plan(object, options, "explore"), options, { large: LARGE });
      return await found.then(() => "none", (error) => `${error.name}: ${error.message}`);
    }));
    expect(messages[0]).toMatch(/d_path/);
    expect(messages[1]).toBe(messages[0]);
  });

  it("when what is shown of it fails", async () => {
    let shown = 0;
    const options: ExploreOptions = {
      ...endless,
      onProgress() {
        if (++shown > 10) throw new Error("no picture");
      },
    };
    const found = explorePlan(plan(await large(), options, "explore"), options, { large: LARGE });
    await expect(found).rejects.toThrow("no picture");
  });
});

describe("the table of states", () => {
  it("keeps every state once, when it has grown, too", () => {
    const table = StateTable.own(false), states = 100_000;
    const half = (i: number) => Math.imul(i, 0x9e37_79b1);
    for (let i = 0; i < states; i++) expect(table.add(half(i), half(i ^ 0x5a5a))).toBe(true);
    for (let i = 0; i < states; i++) expect(table.add(half(i), half(i ^ 0x5a5a))).toBe(false);
    expect(table.size).toBe(states);
    expect(table.has(half(7), half(8))).toBe(false);
  });

  it("labels a state with the smallest it comes from, whoever says so first", () => {
    const ways = [[40, 1, true], [12, 9, true], [12, 8, true], [2, 2, false]] as const;
    for (const order of [[0, 1, 2, 3], [3, 2, 1, 0], [2, 0, 3, 1]]) {
      const table = new StateTable(tableBuffers(true, 14), true);
      for (const [a, b] of ways) table.add(a, b, 7, 7);
      for (const i of order) {
        const [a, b, forward] = ways[i];
        table.add(1000, 1001, a, b, forward);
      }
      expect(table.labelOf(1000, 1001)).toEqual({ a: 12, b: 8 });
      expect(table.size).toBe(5);
    }
  });
});

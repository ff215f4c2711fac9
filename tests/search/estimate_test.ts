/** Chances of finding a known bug: closed forms, and samples that agree with them. */
import { describe, expect, it } from "vitest";
import { bpf } from "../../lib/compile/bpf.ts";
import { Machine } from "../../lib/machine/machine.ts";
import { estimate, wilson } from "../../lib/search/estimate.ts";
import { explore } from "../../lib/search/explore.ts";
import { SearchState } from "../../lib/search/state.ts";
import { StateGraph } from "../../lib/search/state_graph.ts";
import { planTasks } from "../../lib/workload/plan.ts";

const racy = await bpf`int counter; SEC("raw_tp") int count(void *ctx) { counter += 1; return 0; }`;

describe("the random scheduler", () => {
  // Two steps each: the runs are one after another when the first two steps are of one task.
  it("meets the race of two CPUs in half of its runs", async () => {
    const { schedulers: [random] } = await estimate(racy, { cpus: 2, runs: 400 });
    expect(random.truth).toBe(1 / 2);
    expect(random.interval[0]).toBeLessThan(1 / 2);
    expect(random.interval[1]).toBeGreaterThan(1 / 2);
  });

  it("meets that of three CPUs in 5 of 6 runs: both CPUs that go first have to go on, 1 in 3 and 1 in 2", async () => {
    const { schedulers: [random] } = await estimate(racy, { cpus: 3, runs: 300 });
    expect(random.truth).toBe(1 - (1 / 3) * (1 / 2));
    expect(random.share).toBeGreaterThan(random.truth! - 0.1);
  });

  it("ends a wait for a coin in the long run: a cycle in the graph", async () => {
    const object = await bpf`
unsigned long go, seen;
SEC("raw_tp") int waits(void *ctx) { while (!*(volatile unsigned long *)&go); seen = 1; return 0; }
SEC("raw_tp") int goes(void *ctx) { go = 1; return 0; }
`;
    const machine = new Machine(planTasks(object, {
      cpus: 2,
      invocations: 1,
      programs: ["waits", "goes"].map((prog, cpu) => ({ prog, cpus: [cpu] })),
    }));
    const graph = StateGraph.build(machine, new SearchState(machine, false), () => true, 1000)!;
    expect(graph.chance()).toBeCloseTo(1, 9);
    expect(graph.livelock()).toBe(undefined);
  });
});

it("PCT finds it at least as often as it promises", async () => {
  const { schedulers } = await estimate(racy, { cpus: 2, runs: 1000 });
  const pct = schedulers.find(({ scheduler }) => scheduler.startsWith("pct"))!;
  expect(pct.promised).toBe(1 / (2 * 4));
  expect(pct.share).toBeGreaterThan(pct.promised!);
});

it("prints a table", async () => {
  const text = `${await estimate(racy, { cpus: 2, runs: 50 })}`;
  expect(text).toMatch(/^count: Sometimes\n/);
  expect(text).toMatch(/random +\d+ of 50 .* 50\.00 %/);
});

it("Wilson's interval", () => {
  // E. B. Wilson's formula for 10 of 100: 5.52 % to 17.44 %.
  const [low, high] = wilson(10, 100);
  expect(low).toBeCloseTo(0.0552, 4);
  expect(high).toBeCloseTo(0.1744, 4);
});

it("a lock that is taken twice by spinning: a livelock, with a schedule into it", async () => {
  const object = await bpf`
unsigned long lock;
SEC("raw_tp") int twice(void *ctx)
{
#pragma nounroll
	while (__sync_lock_test_and_set(&lock, 1));
#pragma nounroll
	while (__sync_lock_test_and_set(&lock, 1));
	return 0;
}
`;
  const found = await explore(object, { cpus: 2, verify: false });
  expect(found.livelocks.length).toBe(1);
  expect(found.observation).toBe("Always");
  expect(found.witness!.trace.length).toBeGreaterThan(2);
});

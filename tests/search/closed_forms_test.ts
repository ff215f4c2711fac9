/** State counts as SPIN stores them, schedules as binomials: numbers that are known without our search. */
import { describe, expect, it } from "vitest";
import { bpf } from "../../lib/compile/bpf.ts";
import { explore } from "../../lib/search/explore.ts";

/** `for (i < k) counter += 1`, volatile, not unrolled. */
const loop = (k: number) =>
  bpf`volatile unsigned long counter;
SEC("raw_tp") int count(void *ctx)
{
#pragma nounroll
	for (unsigned int i = 0; i < ${k}; i++)
		counter += 1;
	return 0;
}
`;

const range = (from: number, to: number) => Array.from({ length: to - from + 1 }, (_, i) => BigInt(from + i));

function multinomial(parts: number[]): bigint {
  const factorial = (n: number): bigint => n < 2 ? 1n : BigInt(n) * factorial(n - 1);
  return parts.reduce((value, part) => value / factorial(part), factorial(parts.reduce((a, b) => a + b)));
}

describe("k racy increments in a loop on n CPUs", () => {
  const counts = [
    { cpus: 2, k: 2, states: 57, symmetric: 33 },
    { cpus: 3, k: 2, states: 904, symmetric: 211 },
    { cpus: 3, k: 3, states: 7_646, symmetric: 1_529 },
    { cpus: 3, k: 6, states: 540_512, symmetric: 94_646 },
  ];
  for (const { cpus, k, states, symmetric } of counts) {
    it(`n=${cpus} k=${k}: ${states} states, ${symmetric} with symmetry`, async () => {
      const object = await loop(k);
      const all = await explore(object, { cpus, symmetry: false, reduction: false });
      expect(all.complete).toBe(true);
      expect(all.states).toBe(states);
      const reduced = await explore(object, { cpus });
      expect(reduced.symmetry.used).toBe(true);
      expect(reduced.states).toBe(symmetric);
      const values = (of: typeof all) =>
        of.outcomes.map((outcome) => outcome.values.counter as bigint).sort((a, b) => Number(a - b));
      expect(values(all)).toEqual(range(2, cpus * k));
      expect(values(reduced)).toEqual(range(2, cpus * k));
    });
  }

  for (const { cpus, k } of [{ cpus: 2, k: 2 }, { cpus: 2, k: 3 }, { cpus: 2, k: 4 }, { cpus: 3, k: 2 }]) {
    it(`n=${cpus} k=${k}: the schedules are the ways to merge ${cpus} sequences of ${2 * k} steps`, async () => {
      const all = await explore(await loop(k), { cpus, symmetry: false, reduction: false });
      expect(all.schedules).toBe(multinomial(Array(cpus).fill(2 * k)));
    });
  }
});

describe("one increment of load, add, store on each of n CPUs", () => {
  for (const cpus of [1, 2, 3, 4, 5]) {
    it(`${cpus} CPUs end anywhere from 1 to ${cpus}`, async () => {
      const all = await explore(await loop(1), { cpus });
      const values = all.outcomes.map((outcome) => outcome.values.counter as bigint).sort((a, b) => Number(a - b));
      expect(values).toEqual(range(1, cpus));
      expect(all.observation).toBe(cpus === 1 ? "Never" : "Sometimes");
      expect(all.outcomes.filter((outcome) => outcome.serial).map((outcome) => outcome.values.counter)).toEqual([
        BigInt(cpus),
      ]);
    });
  }
});

describe("an atomic counter", () => {
  for (const cpus of [1, 2, 3, 4]) {
    it(`never loses on ${cpus} CPUs`, async () => {
      const object = await bpf`
unsigned long counter;
SEC("raw_tp") int count(void *ctx) { __sync_fetch_and_add(&counter, 1); return 0; }
`;
      const all = await explore(object, { cpus, invocations: 3 });
      expect(all.complete).toBe(true);
      expect(all.observation).toBe("Never");
      expect(all.outcomes.map((outcome) => outcome.values.counter)).toEqual([BigInt(3 * cpus)]);
    });
  }
});

describe("bounds", () => {
  it("says which one was hit and does not claim a proof", async () => {
    const object = await bpf`
unsigned long counter;
SEC("raw_tp") int count(void *ctx) { __sync_fetch_and_add(&counter, 1); return 0; }
`;
    const some = await explore(object, { cpus: 4, invocations: 30, symmetry: false, bounds: { states: 1000 } });
    expect(some.complete).toBe(false);
    expect(some.unknown).toContain("1,000 states");
    expect(some.observation).toBe("Unknown");
  });
});

describe("witness", () => {
  it("of a lost update is the shortest, with the fewest preemptions, and replays", async () => {
    const all = await explore(await loop(1), { cpus: 2 });
    expect(all.witness!.steps).toBe(4);
    expect(all.witness!.preemptions).toBe(1);
    expect(all.witness!.shortest).toBe(true);
    expect(all.witness!.schedule).toBe("0 1*2 0");
    expect(all.witness!.trace.map((step) => `${step.cpu} ${step.kind} ${step.target} ${step.before}->${step.after}`))
      .toEqual([
        "0 load counter 0->0",
        "1 load counter 0->0",
        "1 store counter 0->1",
        "0 store counter 1->1",
      ]);
  });
});

it("one CPU has one schedule, however long", async () => {
  const all = await explore(await loop(1), { cpus: 1, invocations: 9_000 });
  expect(all.schedules).toBe(1n);
  expect(all.observation).toBe("Never");
});

it("a witness out of a loop that waits is the shortest: store, then leave", async () => {
  const object = await bpf`
unsigned long go, seen;
SEC("raw_tp") int waits(void *ctx) { while (!*(volatile unsigned long *)&go); seen = 1; return 0; }
SEC("raw_tp") int goes(void *ctx) { go = 1; return 0; }
`;
  const programs = ["waits", "goes"].map((prog, cpu) => ({ prog, cpus: [cpu] }));
  const all = await explore(object, { programs, verify: false, holds: ({ seen }) => seen === 0n });
  expect(all.witness).toMatchObject({ schedule: "1 0*2", steps: 3, preemptions: 0, shortest: true });
});

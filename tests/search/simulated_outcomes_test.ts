/**
 * A proof must hold against what is seen: whatever a run ends in is among the outcomes of the search, and what the search
 * gives as an outcome is what its witness ends in.
 *
 * In the suite for seconds; with more, by hand:
 * `FUZZ_RUNS=5000 FUZZ_SEEDS=2000 deno test -A tests/search/simulated_outcomes_test.ts`.
 */
import { readdirSync } from "node:fs";
import process from "node:process";
import { fileURLToPath } from "node:url";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { bpf } from "../../lib/compile/bpf.ts";
import { isHelperCall } from "../../lib/isa/insn.ts";
import type { Machine } from "../../lib/machine/machine.ts";
import { planTasks } from "../../lib/workload/plan.ts";
import type { BpfObject, Program } from "../../lib/object/bpf_object.ts";
import { runRandom } from "../../lib/schedulers/run_random.ts";
import { hashSeedOf } from "../../lib/schedulers/schedule.ts";
import { explore, searchedMachine } from "../../lib/search/explore.ts";
import { outcomeKey } from "../../lib/search/outcome.ts";
import { traceSchedule } from "../../lib/search/witness.ts";
import { verify } from "../../lib/verifier/verify.ts";
import type { Workload } from "../../lib/workload/workload.ts";
import { generatedCalls, objectOfCalls } from "./generated_calls.ts";

const SEEDS = Number(process.env.FUZZ_SEEDS ?? 200), RUNS = Number(process.env.FUZZ_RUNS ?? 60);
const STEPS = 10_000;

function endOf(machine: Machine): string {
  if (machine.fault) return `stuck: ${machine.fault.message}`;
  return machine.enabled().length > 0
    ? "unfinished"
    : machine.tasks.every((task) => machine.isDone(task))
    ? `done: ${outcomeKey(machine)}`
    : `stuck: ${machine.describeDeadlock()}`;
}

/** Ends of runs under as many seeds, each with a seed that leads there. */
function simulatedEnds(machine: Machine, seeds: number): Map<string, number> {
  const ends = new Map<string, number>(), first = machine.snapshot();
  for (let seed = 1; seed <= seeds; seed++) {
    machine.restore(first);
    machine.steps = 0;
    runRandom(machine, seed, { steps: STEPS });
    if (machine.steps < STEPS) ends.set(endOf(machine), seed);
  }
  return ends;
}

/** Holds a search against runs; false where the search was too large to be finished. */
async function compare(object: BpfObject, given: Workload, states: number): Promise<boolean> {
  // With user space's part given, maps that programs only read are not filled by the seed.
  const workload: Workload = { prepare: function* () {}, ...given };
  // What the kernel leaves open is drawn anew in each run, and taken as the witness says in a replay.
  const make = (hashSeed = 0) => searchedMachine(planTasks(object, workload), {}, { hashSeed });
  const result = await explore(object, { ...workload, bounds: { states, seconds: 20 }, verify: false });
  const known = new Set(result.outcomes.map(({ key }) => `done: ${key}`));
  for (const { message } of result.stuck) known.add(`stuck: ${message}`);
  for (const { key, witness } of result.outcomes) {
    const machine = make(hashSeedOf(witness));
    traceSchedule(machine, witness);
    expect(endOf(machine)).toBe(`done: ${key}`);
  }
  for (const { kind, message, witness } of result.stuck) {
    const machine = make(hashSeedOf(witness));
    traceSchedule(machine, witness);
    if (kind !== "livelock") expect(endOf(machine)).toBe(`stuck: ${message}`);
  }
  if (!result.complete) return false;
  const missed = [...simulatedEnds(make(), SEEDS)].filter(([end]) => !known.has(end));
  expect(missed).toEqual([]);
  return true;
}

/** Helpers that call back or leave: bpf_tail_call, bpf_for_each_map_elem, bpf_loop. */
const LEAVES = new Set([12, 164, 181]);
const leaves = ({ subprogs, insns }: Program): boolean =>
  subprogs.length > 1 || insns.some((insn) => isHelperCall(insn) && LEAVES.has(insn.imm));

describe("whatever a run ends in, the search has found", () => {
  const root = fileURLToPath(new URL("../..", import.meta.url));
  const folders = ["notebooks/progs", ...["backends", "kernel_models", "search"].map((room) => `tests/${room}/progs`)];
  const files = folders.flatMap((folder) =>
    readdirSync(root + folder).filter((name) => name.endsWith(".bpf.c")).map((name) => `${folder}/${name}`)
  );
  it("shipped programs with callbacks, subprograms and tail calls", async () => {
    let compared = 0;
    for (const file of files) {
      const object = await bpf.file(root + file);
      for (const { name } of object.programs.filter(leaves)) {
        if (await compare(object, { cpus: 2, invocations: 1, programs: [name] }, 20_000)) compared++;
      }
    }
    expect(compared).toBeGreaterThan(10);
  });

  it("programs that ask for random numbers and the time", async () => {
    const object = await bpf`
u64 last;
int n, kept[4];
SEC("raw_tp") int sample(void *ctx) {
  u32 x = bpf_get_prandom_u32();
  if (x % 3 == 1) n += 1;
  else if (x > 0x80000000) kept[x & 3] += 1;
  return 0;
}
SEC("raw_tp") int limit(void *ctx) {
  u64 now = bpf_ktime_get_ns();
  if (now - last > 1000000) { last = now; n += 1; }
  return 0;
}`;
    expect(await compare(object, { cpus: 2, invocations: 2, programs: ["sample"] }, 200_000)).toBe(true);
    expect(await compare(object, { cpus: 2, invocations: 2, programs: ["limit"] }, 200_000)).toBe(true);
    expect(await compare(object, { cpus: 2, invocations: 1, programs: ["sample", "limit"] }, 200_000)).toBe(true);
  });

  const seed = Number(process.env.FUZZ_SEED ?? Date.now() % 0x7fff_ffff);
  it(`generated programs (FUZZ_SEED=${seed})`, async () => {
    const shape = fc.constantFrom("two", "three", "twice", "mixed");
    let compared = 0;
    await fc.assert(
      fc.asyncProperty(generatedCalls, shape, async (calls, shape) => {
        const object = objectOfCalls(calls);
        fc.pre(verify(object).every(({ verdict }) => verdict === "accept"));
        const workload: Workload = shape === "mixed"
          ? { cpus: 3, programs: [{ prog: "main", cpus: [0, 1] }, { prog: "target", cpus: [2] }], invocations: 1 }
          : { cpus: shape === "three" ? 3 : 2, programs: ["main"], invocations: shape === "twice" ? 2 : 1 };
        if (await compare(object, workload, 5000)) compared++;
      }),
      { seed, numRuns: RUNS },
    );
    expect(compared).toBeGreaterThan(RUNS / 2);
  });

  it("a callback with a context on the stack: r = n; n = r + 1; bpf_loop(2, [a += r], &r, 0)", async () => {
    const object = objectOfCalls({
      functions: [
        {
          role: "sub",
          returns: 0,
          clearsStack: true,
          items: [
            { kind: "load", word: 0, reg: 6 },
            { kind: "handedStore", reg: 6 },
            { kind: "add", reg: 6, imm: 1 },
            { kind: "store", word: 0, reg: 6 },
            { kind: "call", turns: 2, callee: 0, own: false },
          ],
        },
        {
          role: "loop",
          returns: 0,
          clearsStack: false,
          items: [
            { kind: "handedLoad", reg: 7 },
            { kind: "load", word: 1, reg: 6 },
            { kind: "sum" },
            { kind: "store", word: 1, reg: 6 },
          ],
        },
      ],
      target: [],
    });
    const workload = { cpus: 3, invocations: 1, programs: ["main"] };
    expect(await compare(object, workload, 200_000)).toBe(true);
    const { outcomes, stuck, complete } = await explore(object, workload);
    expect([stuck, complete]).toEqual([[], true]);
    // n and a, the first 16 bytes of the globals: 15 pairs.
    const pairs = outcomes.map(({ values }) => String(values["globals[0]"]).slice(0, 32));
    expect(new Set(pairs).size).toBe(15);
  });

  it("a function that reads what it has not written on its stack", async () => {
    const sub = { role: "sub", returns: 0, clearsStack: false } as const;
    const object = objectOfCalls({
      functions: [
        {
          ...sub,
          items: [
            { kind: "call", turns: 1, callee: 0, own: false },
            { kind: "store", word: 1, reg: 6 },
            { kind: "call", turns: 1, callee: 1, own: false },
          ],
        },
        { ...sub, items: [{ kind: "load", word: 0, reg: 7 }, { kind: "stackStore", reg: 7 }] },
        { ...sub, items: [{ kind: "stackLoad", reg: 7 }, { kind: "store", word: 2, reg: 7 }] },
      ],
      target: [{ kind: "store", word: 0, reg: 7 }],
    });
    expect(verify(object).map(({ verdict }) => verdict)).toEqual(["accept", "accept"]);
    const programs = [{ prog: "main", cpus: [0] }, { prog: "target", cpus: [1] }];
    expect(await compare(object, { cpus: 2, invocations: 1, programs }, 1000)).toBe(true);
  });
});

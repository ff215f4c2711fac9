/**
 * The random scheduler inside the translated code and the one in TypeScript take the same steps: for a seed, the same
 * tasks in the same order, the same counts, the same fault, and the same bytes in memory.
 */
import { Buffer } from "node:buffer";
import { readFileSync } from "node:fs";
import process from "node:process";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { Machine } from "../../lib/machine/machine.ts";
import { BPF_ATOMIC, type Insn } from "../../lib/isa/insn.ts";
import type { BpfObject } from "../../lib/object/bpf_object.ts";
import { loadObject } from "../../lib/object/load.ts";
import { type RandomRunObserver, runRandom } from "../../lib/schedulers/run_random.ts";
import { planTasks } from "../../lib/workload/plan.ts";
import { insn, wide } from "../cpu/generated_programs.ts";

/** Both ways take the first 20,000 steps in TypeScript; then they part. */
const STEPS = 32_000;

interface Workload {
  readonly programs: readonly string[];
  readonly cpus: number;
}

/** Runs a workload; gives all that a reader could see of it, and the number of each task that took a step. */
function outcome(object: BpfObject, workload: Workload, seed: number, observer: RandomRunObserver, recorded: boolean) {
  const machine = new Machine(
    planTasks(object, { ...workload, invocations: 1_000_000, limits: { insnsPerStep: 100_000 } }),
  );
  const tasks: number[] = [];
  const tookSteps = (taken: Int32Array) => {
    for (const task of taken) tasks.push(task);
  };
  runRandom(machine, seed, { steps: STEPS }, recorded ? { ...observer, tookSteps } : observer);
  const { layout, heapEnd, bytes } = machine.memory;
  return {
    steps: machine.steps,
    insns: machine.insns,
    fault: machine.fault?.message,
    printed: machine.printed.length,
    schedule: Buffer.from(Int32Array.from(tasks).buffer),
    memory: Buffer.from(bytes.slice(layout.cpus, heapEnd)),
  };
}

function compare(object: BpfObject, workload: Workload, seed: number): void {
  const inTypeScript = outcome(object, workload, seed, { beforeStep: () => {} }, true);
  const inWasm = outcome(object, workload, seed, {}, true);
  expect({ ...inWasm, memory: "", schedule: "" }).toEqual({ ...inTypeScript, memory: "", schedule: "" });
  expect(inWasm.schedule.equals(inTypeScript.schedule)).toBe(true);
  expect(inWasm.memory.equals(inTypeScript.memory)).toBe(true);

  const unrecorded = outcome(object, workload, seed, {}, false);
  const window = { from: 22_000, to: 26_000 }, seen: number[] = [];
  const watched = outcome(object, workload, seed, { window, beforeStep: (_, step) => void seen.push(step) }, false);
  for (const other of [unrecorded, watched]) {
    expect({ ...other, memory: "", schedule: "" }).toEqual({ ...inTypeScript, memory: "", schedule: "" });
    expect(other.memory.equals(inTypeScript.memory)).toBe(true);
  }
  const inWindow = seen.filter((step) => step >= window.from && step < window.to).length;
  if (inTypeScript.steps >= window.to) expect(inWindow).toBe(window.to - window.from);
}

/** What may stand in the loop of a generated program; r6 points to shared memory, r7 counts, r8 and r9 are data. */
const ITEMS: Record<string, (n: number) => Insn[]> = {
  load: (n) => [insn(0x79, 8, 6, 8 * (n % 8))],
  "load of a byte": (n) => [insn(0x71, 9, 6, n % 64)],
  store: (n) => [insn(0x7b, 6, 8, 8 * (n % 8))],
  "store of a word": (n) => [insn(0x63, 6, 9, 4 * (n % 16))],
  add: (n) => [insn(0xdb, 6, 8, 8 * (n % 8), BPF_ATOMIC.ADD)],
  "fetch and add": (n) => [insn(0xdb, 6, 9, 8 * (n % 8), BPF_ATOMIC.ADD | BPF_ATOMIC.FETCH)],
  cmpxchg: (n) => [insn(0xbf, 0, 9), insn(0xdb, 6, 8, 8 * (n % 8), BPF_ATOMIC.CMPXCHG)],
  alu: (n) => [insn(0x0f, 8, 9), insn(0x27, 9, 0, 0, 2 * n + 3), insn(0xa7, 8, 0, 0, n)],
  stack: (n) => [insn(0x7b, 10, 8, -8 - 8 * (n % 4)), insn(0x79, 9, 10, -8 - 8 * ((n >> 2) % 4))],
  "pointer only known at run time": (n) => [
    insn(0xbf, 1, 8),
    insn(0x57, 1, 0, 0, 56),
    insn(0x0f, 1, 6),
    insn(0x79, 9, 1, n % 8),
  ],
  "jump over a load": (n) => [insn(0x55, 8, 0, 1, n % 3), insn(0x79, 8, 6, 8)],
  "bpf_get_smp_processor_id": () => [insn(0x85, 0, 0, 0, 8), insn(0x0f, 8, 0)],
  "bpf_ktime_get_ns": () => [insn(0x85, 0, 0, 0, 5), insn(0xbf, 9, 0)],
  "bpf_get_prandom_u32": () => [insn(0x85, 0, 0, 0, 7), insn(0xaf, 8, 0)],
  "bad pointer when two bytes agree": () => [
    insn(0x71, 1, 6, 3),
    insn(0x71, 2, 6, 11),
    insn(0x1f, 1, 2),
    insn(0x55, 1, 0, 2, 77),
    insn(0xb7, 1, 0, 0, 5),
    insn(0x79, 9, 1, 0),
  ],
  call: () => [insn(0x85, 0, 1, 0, NaN), insn(0xbf, 8, 0)],
};

interface Generated {
  readonly items: readonly { readonly name: string; readonly n: number }[];
  readonly callee: readonly { readonly name: string; readonly n: number }[];
  readonly rounds: number;
}

/** A program that goes so many times through its items, and a function that it can call. */
function objectOf({ items, callee, rounds }: Generated): BpfObject {
  const bodyOf = (items: Generated["items"]) => items.flatMap(({ name, n }) => ITEMS[name](n));
  // A run without a visible operation would go on to the next run, and the next, in one step.
  const body = [...ITEMS.load(0), ...bodyOf(items)],
    pointer = wide(6, 0n).map((half, i) => i === 0 ? { ...half, src: 2 } : half);
  const insns = [...pointer, insn(0xb7, 7, 0, 0, rounds), insn(0xb7, 8), insn(0xb7, 9, 0, 0, 1), ...body];
  insns.push(insn(0x07, 7, 0, 0, -1), insn(0x55, 7, 0, -(body.length + 2)), insn(0xbf, 0, 8), insn(0x95));
  const subprogs = [{ name: "main", start: 0, end: insns.length, global: true }];
  const calls = insns.flatMap((candidate, at) => Number.isNaN(candidate.imm) ? [at] : []);
  const relocations = [{ insn: 0, kind: "mapValue", map: 0, offset: 0 } as const];
  if (calls.length > 0) {
    const start = insns.length;
    for (const at of calls) insns[at] = { ...insns[at], imm: start - at - 1 };
    const own = wide(6, 0n).map((half, i) => i === 0 ? { ...half, src: 2 } : half);
    insns.push(...own, insn(0xb7, 8, 0, 0, 5), insn(0xb7, 9, 0, 0, 6), ...bodyOf(callee), insn(0xbf, 0, 9), insn(0x95));
    subprogs.push({ name: "callee", start, end: insns.length, global: false });
    return build(insns, subprogs, [...relocations, { ...relocations[0], insn: start }]);
  }
  return build(insns, subprogs, relocations);

  function build(
    insns: Insn[],
    subprogs: BpfObject["programs"][0]["subprogs"],
    relocations: BpfObject["programs"][0]["relocations"],
  ): BpfObject {
    const data = { section: ".bss", bytes: new Uint8Array(64), variables: [], readonly: false };
    return {
      name: "generated",
      bytes: new Uint8Array(),
      programs: [{ name: "main", section: "raw_tp", insns, subprogs, relocations, lines: [] }],
      maps: [{ name: ".bss", type: 2, keySize: 4, valueSize: 64, maxEntries: 1, flags: 0, data }],
      license: "GPL",
    };
  }
}

const item = fc.record({ name: fc.constantFrom(...Object.keys(ITEMS)), n: fc.nat(63) });
const leaf = fc.record({
  name: fc.constantFrom(...Object.keys(ITEMS).filter((name) => name !== "call")),
  n: fc.nat(63),
});
const generated: fc.Arbitrary<Generated> = fc.record({
  items: fc.array(item, { minLength: 1, maxLength: 6 }),
  callee: fc.array(leaf, { maxLength: 3 }),
  rounds: fc.integer({ min: 1, max: 300 }),
});

describe("random runs inside the translated code", () => {
  it("are those of TypeScript, for generated programs", () => {
    const seed = Number(process.env.FUZZ_SEED ?? Date.now() % 0x7fff_ffff);
    fc.assert(
      fc.property(generated, fc.integer({ min: 1, max: 5 }), fc.integer(), (program, cpus, seed) => {
        compare(objectOf(program), { programs: ["main"], cpus }, seed);
      }),
      { seed, numRuns: Number(process.env.FUZZ_RUNS ?? 40), interruptAfterTimeLimit: 60_000 },
    );
  });

  // Once: the verifier takes seconds for its loops.
  const object = loadObject(readFileSync(new URL("../bench/data/speed.o", import.meta.url)), "speed");
  for (const prog of ["racy", "atomic", "alu", "mixed"]) {
    for (const cpus of [1, 2, 7]) {
      it(`are those of TypeScript, for ${prog} on ${cpus} CPUs`, () => compare(object, { programs: [prog], cpus }, 3));
    }
  }
});

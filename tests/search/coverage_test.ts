/** What a search says it has covered is so: over all its states, whichever of its ways it took. */
import { fileURLToPath } from "node:url";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { bpf } from "../../lib/compile/bpf.ts";
import { Machine } from "../../lib/machine/machine.ts";
import type { BpfObject } from "../../lib/object/bpf_object.ts";
import { explorationText } from "../../lib/report/exploration_text.ts";
import { toJson } from "../../lib/report/json.ts";
import { runRandom } from "../../lib/schedulers/run_random.ts";
import { exploreAll } from "../../lib/search/all_schedules.ts";
import { marksOf } from "../../lib/search/coverage.ts";
import { explore, type ExploreOptions } from "../../lib/search/explore.ts";
import { readCoverage } from "../../lib/translate/translate_coverage.ts";
import { planTasks } from "../../lib/workload/plan.ts";
import type { Workload } from "../../lib/workload/workload.ts";
import { generatedCalls, objectOfCalls } from "./generated_calls.ts";

const listing = (name: string) => bpf.file(fileURLToPath(new URL(`progs/${name}.bpf.c`, import.meta.url)));
const sharing = await listing("sharing"), parser = await listing("parser");
const searchOf = (prog: string, options: ExploreOptions = {}) =>
  explore(sharing, { programs: [prog], cpus: 2, ...options });

describe("a workload that shares nothing", () => {
  it("is no proof where a parser leaves at its bounds check, and the branch is named", async () => {
    const found = await explore(parser, { cpus: 2, invocations: 2, packets: [new Uint8Array(14)] });
    expect([found.complete, found.observation, found.outcomes.length]).toEqual([true, "Unknown", 1]);
    expect(found.tellsNothing).toMatch(
      /nothing about races, because no run wrote data.*in parse, line 19, `if \(data \+ 34 > end\)`, never led to line 2[01]/,
    );
    const text = explorationText(found);
    expect(text).toContain("Observation parse Unknown 0 1");
    expect(text).not.toContain("proof");
  });

  it("says that the context was all zero, unless bytes were given", async () => {
    const zero = await searchOf("by_context");
    expect(zero.tellsNothing).toMatch(/`if \(\*\(int \*\)ctx == 7\)`.*; its context was all zero\.$/);
    const programs = [{ prog: "by_context", ctx: Uint8Array.of(7, 0, 0, 0) }];
    const given = await explore(sharing, { programs, cpus: 2 });
    expect([given.tellsNothing, given.observation]).toEqual([undefined, "Sometimes"]);
    const texts = ({ coverage }: typeof zero) => coverage!.linesNeverRun.map(({ text }) => text.trim());
    expect([texts(zero), texts(given)]).toEqual([["total += 1;"], []]);
    expect([zero.coverage!.branches, given.coverage!.branches]).toEqual([{ ran: 1, all: 2 }, { ran: 1, all: 2 }]);
  });

  it("is none where only one of two contexts writes, and no other one looks", async () => {
    const programs = [{ prog: "add", cpus: [0] }, { prog: "idle", cpus: [1] }];
    const found = await explore(sharing, { programs, cpus: 2 });
    expect(found.observation).toBe("Unknown");
    expect(found.tellsNothing).toContain("no context wrote what another one touched (total)");
  });

  it("keeps its answer, without the word proof, where every CPU writes a copy of its own", async () => {
    const found = await searchOf("per_cpu");
    expect(found.observation).toBe("Never");
    expect(found.tellsNothing).toContain("each CPU its own copy");
    expect(explorationText(found)).not.toContain("proof");
  });

  it("keeps its answer where every CPU finds the entry of its own number", async () => {
    const found = await searchOf("key_of_cpu"), text = explorationText(found);
    expect([found.complete, found.observation]).toEqual([true, "Never"]);
    expect(found.tellsNothing).toContain("by_key[]: each CPU the entry of its own number");
    expect(text).toContain(`Every schedule was covered, but ${found.tellsNothing}`);
    expect(text).not.toContain("proof");
  });

  it("is none where programs write variables of their own", async () => {
    const programs = [{ prog: "left", cpus: [0] }, { prog: "right", cpus: [1] }];
    expect((await explore(sharing, { programs, cpus: 2 })).observation).toBe("Unknown");
  });

  it("shares what the first drawn contexts lead to: CPUs meet at one object", async () => {
    const found = await searchOf("key_of_argument");
    expect([found.tellsNothing, found.observation]).toEqual([undefined, "Sometimes"]);
    const named = found.coverage!.shared!.map(({ name }) => name);
    expect(named).toEqual(["by_key[]"]);
  });

  it("says that the context was drawn where it was", async () => {
    const found = await searchOf("only_huge");
    expect(found.tellsNothing).toMatch(/never led to line .*; its context was drawn, and other ones were not tried/);
  });

  it("still answers for a property of the reader's own", async () => {
    expect((await searchOf("idle", { holds: () => true })).observation).toBe("Never");
  });
});

describe("what is shared", () => {
  const shared = (found: Awaited<ReturnType<typeof explore>>) =>
    found.coverage!.shared!.map((
      { name, writers, readers, between },
    ) => [name, writers.length, readers.length, between]);

  it("is named with its writers and readers", async () => {
    expect(shared(await searchOf("add"))).toEqual([["total", 2, 2, "CPUs"]]);
    const programs = [{ prog: "add", cpus: [0] }, { prog: "look", cpus: [1] }];
    expect(shared(await explore(sharing, { programs, cpus: 2 }))).toEqual([["total", 1, 2, "CPUs"]]);
  });

  it("is told apart by bytes: neighbours in a word are not shared", async () => {
    const programs = [{ prog: "left", cpus: [0] }, { prog: "right", cpus: [1] }];
    const found = await explore(sharing, { programs, cpus: 2 });
    expect([shared(found), found.coverage!.own!.map(({ name }) => name)]).toEqual([[], ["pair.a", "pair.b"]]);
  });

  it("is a map's entries where one CPU inserts under the bucket's lock and the other finds them there", async () => {
    const found = await searchOf("insert");
    expect(shared(found).map(([name]) => name)).toContain("flows (entries)");
    expect(found.tellsNothing).toBeUndefined();
  });

  it("is what one CPU only looks at while it holds the bucket's lock", async () => {
    const programs = [{ prog: "put_one", cpus: [0] }, { prog: "drop_other", cpus: [1] }];
    const found = await explore(sharing, { programs, cpus: 2 });
    expect(shared(found)).toEqual([["single (entries)", 1, 2, "CPUs"]]);
  });

  it("is a per-CPU value where an interrupt of the same CPU touches it", async () => {
    const interrupts = [{ prog: "per_cpu", cpu: 0 }];
    const found = await explore(sharing, { programs: [{ prog: "per_cpu", cpus: [0] }], cpus: 1, interrupts });
    expect(shared(found)).toEqual([["counts[]", 2, 2, "contexts of one CPU"]]);
  });

  it("does not depend on how the search went about it", async () => {
    for (const prog of ["add", "insert", "twice", "by_context", "first"]) {
      const all = await Promise.all(
        [{}, { symmetry: false }, { symmetry: false, reduction: false }].map((options) => searchOf(prog, options)),
      );
      for (const one of all.slice(1)) expect([prog, one.coverage]).toEqual([prog, all[0].coverage]);
    }
  });
});

/** Instructions and ways of jumps that runs under many seeds took, and those that a search marked. */
async function ranAndMarked(object: BpfObject, workload: Workload, cached: boolean) {
  const make = () => new Machine(planTasks(object, workload), { nowNs: () => 1000 });
  const limits = {
    maxStates: 20_000,
    maxDepth: 10_000,
    until: performance.now() + 5000,
    seconds: 5,
    memoryBytes: 2 ** 30,
  };
  const { machine: searched, bound } = await exploreAll(
    make,
    limits,
    { symmetric: false, reduce: true, cached },
    () => {},
  );
  const machine = make(), first = machine.snapshot(), operations = new Set<number>();
  for (let seed = 1; seed <= 50; seed++) {
    machine.restore(first);
    machine.steps = 0;
    runRandom(machine, seed, { steps: 10_000 }, (task) => {
      if (task >= 0) operations.add(machine.pending(task).insn);
    });
  }
  const read = (one: Machine) => readCoverage(one.image.insns, marksOf(one));
  return { operations, ran: read(machine), marked: read(searched), complete: bound === undefined };
}

describe("what is said never to have run", () => {
  it("never runs, in generated programs with calls, callbacks and tail calls", async () => {
    let searched = 0;
    await fc.assert(
      fc.asyncProperty(generatedCalls, fc.boolean(), async (program, cached) => {
        const { operations, ran, marked, complete } = await ranAndMarked(objectOfCalls(program), {
          cpus: 2,
          invocations: 1,
          programs: [objectOfCalls(program).programs[0].name],
        }, cached);
        if (!complete) return;
        searched++;
        for (const at of operations) expect([at, marked.reached[at]]).toEqual([at, 1]);
        ran.reached.forEach((yes, at) => expect([at, marked.reached[at] >= yes]).toEqual([at, true]));
        for (const { insn, jumped, fellThrough } of ran.jumps) {
          const same = marked.jumps.find((jump) => jump.insn === insn)!;
          expect([insn, same.jumped || !jumped, same.fellThrough || !fellThrough]).toEqual([insn, true, true]);
        }
      }),
      { numRuns: 40 },
    );
    expect(searched).toBeGreaterThan(10);
  });

  it("is read from the way that jumps went, not from where their ways meet", async () => {
    const { coverage } = await searchOf("twice");
    expect(coverage!.branches.ran).toBeLessThan(coverage!.branches.all);
    expect(coverage!.linesNeverRun.map(({ text }) => text.trim())).toEqual(["total = 100;", "pair.a = old;"]);
  });
});

it("conditions and coverage are in the report and in JSON", async () => {
  const found = await searchOf("insert", { models: {}, bounds: { states: 1000 } }), text = explorationText(found);
  expect(found.conditions[0]).toBe(`memory: ${found.memory.text}`);
  for (const line of found.conditions) expect(text).toContain(`\n  ${line}`);
  expect(found.conditions.join("\n")).toMatch(
    /contexts: insert on CPUs 0, 1; no interrupts[^]*bounds: none was hit \(1,000 states/,
  );
  const json = JSON.parse(toJson(found));
  expect([json.conditions, json.coverage.shared.length > 0]).toEqual([found.conditions, true]);
  found.openConditions = ["hash seed: all"];
  expect(found.conditions[1]).toBe("hash seed: all");
});

/** Memory models: what herd7 lists under them, each rule of the BPF model by a test that needs it, and x86 between. */
import fc from "fast-check";
import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { litmus } from "../../lib/search/litmus/litmus.ts";
import { runUnderModel } from "../../lib/search/litmus/model_run.ts";
import { parseLitmus } from "../../lib/search/litmus/parse.ts";
import { formatState, type LitmusResult, runLitmus } from "../../lib/search/litmus/run.ts";
import { bpfModel, ppoRules } from "../../lib/search/memory_model/bpf_model.ts";
import { executionLimits } from "../../lib/search/memory_model/executions.ts";
import type { AxiomaticModel } from "../../lib/search/memory_model/model.ts";
import { axiomaticModels } from "../../lib/search/memory_model/models.ts";

interface Recorded {
  readonly states: readonly string[];
  readonly observation: string;
  readonly holds: number;
  readonly fails: number;
}

const file = new URL("./data/ordering/herd7.json", import.meta.url);
const recorded: { tests: { source: string; sc: Recorded; bpf: Recorded }[] } = JSON.parse(readFileSync(file, "utf8"));

const asRecorded = ({ file, states, observation, executions }: LitmusResult) => ({
  states: states.map((state) => formatState(file, state)),
  observation,
  ...executions,
});
const under = (source: string, model: AxiomaticModel) => asRecorded(runUnderModel(parseLitmus(source), model));
const nameOf = (source: string) => parseLitmus(source).name;
const sourceOf = (name: string) => recorded.tests.find(({ source }) => nameOf(source) === name)!.source;

describe("states, observation and executions as herd7 lists them", () => {
  for (const memory of ["sc", "bpf"] as const) {
    it(`${recorded.tests.length} tests under ${memory}`, () => {
      for (const test of recorded.tests) {
        expect({ test: nameOf(test.source), ...under(test.source, axiomaticModels[memory]) })
          .toEqual({ test: nameOf(test.source), ...test[memory] });
      }
    });
  }
});

it("a compare-and-exchange writes after it has read, which herd7 leaves open (its sc.cat lists 2:r1=2; 2:r2=0)", async () => {
  const source = `BPF cas
{ 0:r8=x; 0:r9=y; 1:r9=y; 2:r8=x; 2:r9=y; }
P0 | P1 | P2 ;
*(u64 *)(r8 + 0) = 1 | r0 = 1 | r1 = load_acquire((u64 *)(r9 + 0)) ;
r0 = 1 | r3 = 2 | r2 = *(u64 *)(r8 + 0) ;
store_release((u64 *)(r9 + 0), r0) | r0 = cmpxchg_64(r9 + 0, r0, r3) | ;
exists (2:r1=2 /\\ 2:r2=0)
`;
  for (const memory of ["sc", "x86", "bpf"] as const) {
    expect((await litmus(source, { memory })).observation).toBe("Never");
  }
});

describe("each rule of the BPF model is needed: without it a test is no longer what herd7 says", () => {
  const needed: Readonly<Record<string, string>> = {
    "po_amo_fetch": "SB+fetch+fetch",
    "load_acquire": "MP+rel+acq",
    "store_release": "MP+rel+acq",
    "addr_dep": "MP+rel+addr",
    "data_dep": "LB+data+data",
    "ctrl_dep": "LB+ctrl+data",
    "(addr|data);rfi": "MP+rel+data-rfi-addr",
    "addr;po": "LB+addrpo+data",
    "coi|fri": "coi",
    "Coherence": "CoRR",
    "Atomic": "atomic-cas",
    "Happens-before": "LB+data+data",
    "Propagation": "SB+fetch+fetch",
  };
  const full = bpfModel();
  const mutants: readonly (readonly [string, AxiomaticModel])[] = [
    ...ppoRules.map((rule) => [rule.name, bpfModel(ppoRules.filter((one) => one !== rule))] as const),
    ...full.axioms.map((axiom) =>
      [axiom.name, { ...full, axioms: full.axioms.filter((one) => one !== axiom) }] as const
    ),
  ];
  it("every rule and every axiom has its test", () => {
    expect(mutants.map(([name]) => name).sort()).toEqual(Object.keys(needed).sort());
  });
  for (const [name, mutant] of mutants) {
    it(`${name}: ${needed[name]}`, () => {
      const source = sourceOf(needed[name]);
      expect(under(source, mutant).states.length).toBeGreaterThan(under(source, full).states.length);
    });
  }
});

describe("x86: total store order", () => {
  const observations: Readonly<Record<string, string>> = {
    "SB+po+po": "Sometimes",
    "SB+lock+po": "Sometimes",
    "SB+fetch+fetch": "Never",
    // A locked instruction that gives nothing back drains the store buffer too, and so does a comparison that fails.
    "SB+lock+fetch": "Never",
    "failing-cas": "Never",
    // The JIT makes plain moves of load-acquire and store-release.
    "SB+rel-acq+rel-acq": "Sometimes",
    "MP+po+po": "Never",
    "LB+po+data": "Never",
    "2+2W+po": "Never",
    "IRIW+addr+addr": "Never",
    "R+po+fetch": "Never",
  };
  for (const [name, observation] of Object.entries(observations)) {
    it(`${name}: ${observation}`, () => {
      expect(under(sourceOf(name), axiomaticModels.x86).observation).toBe(observation);
    });
  }

  it("what is sequentially consistent happens on x86, and what happens on x86 the BPF model allows", () => {
    for (const { source } of recorded.tests) {
      const [sc, x86, bpf] = (["sc", "x86", "bpf"] as const).map((name) => under(source, axiomaticModels[name]).states);
      expect(x86).toEqual(expect.arrayContaining(sc));
      expect(bpf).toEqual(expect.arrayContaining(x86));
    }
  });
});

describe("two ways to sequential consistency: axioms, and every schedule of the machine", () => {
  const cell = fc.constantFrom(
    "r1 = *(u64 *)(r8 + 0)",
    "r2 = *(u64 *)(r9 + 0)",
    "*(u64 *)(r8 + 0) = 1",
    "*(u64 *)(r9 + 0) = r2",
    "*(u64 *)(r9 + 0) = r1",
    "r2 += 1",
    "lock *(u64 *)(r8 + 0) += r2",
    "r1 = atomic_fetch_add((u64 *)(r9 + 0), r1)",
    "r0 = cmpxchg_64(r8 + 0, r0, r2)",
    "r2 = load_acquire((u64 *)(r8 + 0))",
    "store_release((u64 *)(r9 + 0), r1)",
  );
  const of = (columns: number, cells: number) =>
    fc.array(fc.array(cell, { minLength: cells, maxLength: cells }), { minLength: columns, maxLength: columns });
  const columns = fc.oneof(of(2, 3), of(3, 2));
  it("agree on states and executions of generated tests", async () => {
    await fc.assert(
      fc.asyncProperty(columns, async (columns) => {
        const source = `BPF generated
{ ${columns.map((_, p) => `${p}:r8=x; ${p}:r9=y; ${p}:r2=${p + 2};`).join(" ")} }
${columns.map((_, p) => `P${p}`).join(" | ")} ;
${columns[0].map((_, row) => `${columns.map((one) => one[row]).join(" | ")} ;`).join("\n")}
locations [${columns.map((_, p) => `${p}:r0; ${p}:r1; ${p}:r2;`).join(" ")} x; y;]
exists (x=1)
`;
        const machine = await runLitmus(parseLitmus(source), {}, { executions: true });
        expect(under(source, axiomaticModels.sc)).toEqual(asRecorded(machine));
      }),
      { numRuns: 100, seed: 16 },
    );
  });
});

describe("loops, limits and what cannot be judged", () => {
  const waiting = `BPF waiting
{ 0:r1=x; 0:r2=y; 1:r1=x; 1:r2=y; }
P0 | P1 ;
*(u64 *)(r1 + 0) = 1 | AGAIN: r3 = *(u64 *)(r2 + 0) ;
*(u64 *)(r2 + 0) = 1 | if r3 == 0 goto AGAIN ;
 | r4 = *(u64 *)(r1 + 0) ;
exists (1:r4=0)
`;
  it("a loop that waits comes to its end: its turns add nothing, and executions are without number", async () => {
    expect((await litmus(waiting, { memory: "sc" })).observation).toBe("Never");
    const weak = await litmus(waiting);
    expect(weak.observation).toBe("Sometimes");
    expect(weak.executions).toBe(undefined);
    const acquire = waiting.replace("r3 = *(u64 *)(r2 + 0)", "r3 = load_acquire((u64 *)(r2 + 0))")
      .replace("*(u64 *)(r2 + 0) = 1", "store_release((u64 *)(r2 + 0), r2)");
    expect((await litmus(acquire)).observation).toBe("Never");
  });

  it("a limit makes it unknown, never Never", () => {
    const source = sourceOf("IRIW+fetch+fetch"), few = { ...executionLimits(), maxCandidates: 3 };
    const { observation, unknown, executions } = runUnderModel(parseLitmus(source), axiomaticModels.bpf, few);
    expect({ observation, unknown, executions }).toEqual({
      observation: "Unknown",
      unknown: "3 executions",
      executions: undefined,
    });
  });

  it("an access that leaves its variable ends the execution, as in herd7; before, its state was listed", async () => {
    const { states, file } = await litmus(sourceOf("outside"), { memory: "sc" });
    expect(states.map((state) => formatState(file, state))).toEqual(["0:r1=0; 0:r2=0;", "0:r1=0; 0:r2=8;"]);
  });

  it("accesses to parts of a variable are refused under the BPF model, and run step by step under sc", async () => {
    const halves = `BPF halves
{ uint32_t t[2]={1,2}; 0:r1=t; }
P0 ;
r2 = *(u64 *)(r1 + 0) ;
exists (0:r2=1)
`;
    await expect(litmus(halves)).rejects.toThrow(/several elements at once/);
    expect((await litmus(halves, { memory: "sc" })).states.length).toBe(1);
  });
});

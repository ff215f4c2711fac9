/**
 * Random scenarios against the running kernel. In the suite 1,000 of them; with more, by hand:
 * `SCENARIOS=20000 SCENARIO_RUNS=500 SCENARIO_SEED=7 deno test -A tests/tasks/scenarios_test.ts`, or `deno task scenarios`.
 */
import { fileURLToPath } from "node:url";
import { readFileSync } from "node:fs";
import process from "node:process";
import { describe, expect, it } from "vitest";
import { bpf } from "../../lib/compile/bpf.ts";
import { drawScenario, KEYS, mapsOf, type Role } from "../../lib/tasks/scenarios/draw.ts";
import { holdScenarios, summaryOf } from "../../lib/tasks/scenarios/hold.ts";
import { whyNoRuns } from "../../lib/tasks/scenarios/kernel_runs.ts";
import { objectOf, predict, workloadOf } from "../../lib/tasks/scenarios/predict.ts";
import { cellOfScenario } from "../../lib/tasks/scenarios/replay.ts";
import { planTasks } from "../../lib/workload/plan.ts";
import { verify } from "../../lib/verifier/verify.ts";
import { KernelAgreement } from "../kernel_agreement.ts";

const COUNT = Number(process.env.SCENARIOS ?? 1000), RUNS = Number(process.env.SCENARIO_RUNS ?? 100);
const SEED = Number(process.env.SCENARIO_SEED ?? Date.now() % 1_000_000_000);
/** The suite goes on after so long, with as many scenarios as there were. */
const MOST_SECONDS = process.env.SCENARIOS === undefined ? 90 : Infinity;

const listing = fileURLToPath(new URL("../../lib/tasks/scenarios/maps.bpf.c", import.meta.url));

describe("scenarios", () => {
  it("are drawn from their seeds, with all kinds of tasks, items and calls", () => {
    const drawn = Array.from({ length: 500 }, (_, seed) => drawScenario(seed));
    expect(drawn.map((_, seed) => drawScenario(seed))).toEqual(drawn);
    const roles = drawn.flatMap(({ roles }): readonly Role[] => roles);
    expect(new Set(roles.map(({ kind }) => kind)).size).toBe(3);
    expect(new Set(roles.flatMap(({ items = [] }) => items.map(({ kind }) => kind))).size).toBe(13);
    expect(new Set(roles.flatMap((role) => role.kind === "actor" ? role.calls.map(({ call }) => call) : [])).size).toBe(
      14,
    );
    expect(new Set(drawn.flatMap((one) => mapsOf(one))).size).toBe(10);
    expect(KEYS.length).toBe(3);
  });

  it("are accepted by our verifier, and end", async () => {
    const all = await bpf.file(listing);
    for (let seed = 0; seed < 40; seed++) {
      const scenario = drawScenario(seed), object = objectOf(scenario, all);
      const verdicts = object.programs.length > 0 ? verify(object) : [];
      for (const verdict of verdicts) expect([seed, verdict.message]).toEqual([seed, ""]);
      expect(planTasks(object, workloadOf(scenario, 2)).tasks.length).toBeGreaterThan(0);
      const { outcomes, stuck, unfinished } = await predict(scenario, all, 2);
      expect(stuck).toEqual([]);
      if (!unfinished) expect(outcomes.size).toBeGreaterThan(0);
    }
  });

  it("are printed so that they can be replayed", () => {
    const cell = cellOfScenario(drawScenario(5), readFileSync(listing, "utf8"), 2);
    expect(cell).toContain("const listing = await bpf");
    expect(cell).toContain('SEC("');
    expect(cell).not.toContain("nothing");
  });
});

describe("scenarios on the running kernel", () => {
  const agreement = new KernelAgreement("random scenarios"), lack = whyNoRuns();
  const test = lack ? it.skip : it, reason = lack ? ` (skipped: ${lack})` : ` (SCENARIO_SEED=${SEED})`;
  test(`end as a schedule of the simulator ends${reason}`, async () => {
    await agreement.values("outcomes", async () => {
      const until = performance.now() + 1000 * MOST_SECONDS;
      const held = await holdScenarios({ first: SEED, count: COUNT }, RUNS, { until });
      console.log(summaryOf(held));
      expect(held.faults.join("\n\n")).toBe("");
      expect(held.scenarios).toBeGreaterThan(20);
      // Runs that always end the same would hold nothing against anything.
      expect(held.seen).toBeGreaterThan(1.2 * (held.scenarios - held.unfinished));
    });
  });
});

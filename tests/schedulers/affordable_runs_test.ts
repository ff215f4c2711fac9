/** Programs whose runs are long are run less often, unless the workload says how often. */
import { describe, expect, it } from "vitest";
import { simulate } from "../../lib/backends/simulator.ts";
import { bpf } from "../../lib/compile/bpf.ts";

/** More than 1,000 instructions, and as many steps in each run. */
const long = await bpf`
#define TEN(what) what what what what what what what what what what
volatile long n;
SEC("raw_tp") int count(void *ctx) { TEN(TEN(TEN(n += 1;))) return 0; }
`;
const short = await bpf`volatile long n; SEC("raw_tp") int count(void *ctx) { n += 1; return 0; }`;

describe("runs that a workload does not count", () => {
  it("are fewer where each is long, which is said", async () => {
    const run = await simulate(long, { cpus: 2 });
    expect(run.steps).toBeLessThan(1_000_000);
    expect([run.invocations < 1000, run.invocations >= 20]).toEqual([true, true]);
    expect(run.remarks.join()).toMatch(/^Runs are long here: \d+ of each on each CPU, not 1,000 \(invocations/);
  });

  it("are as many as given, and 1,000 of short ones", async () => {
    const given = await simulate(long, { cpus: 1, invocations: 300 }), usual = await simulate(short, { cpus: 1 });
    expect([given.invocations, given.remarks, usual.invocations]).toEqual([300, [], 1000]);
    const named = await simulate(long, { cpus: 1, programs: [{ prog: "count", invocations: 200 }] });
    expect([named.final.n, named.remarks]).toEqual([200_000n, []]);
  });
});

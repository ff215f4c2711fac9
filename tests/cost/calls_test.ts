import { describe, expect, it } from "vitest";
import { bpf } from "../../lib/compile/bpf.ts";
import { calibrationObject, lostOf } from "../../lib/cost/calibration.ts";
import { solveNumber } from "../../lib/cost/fit.ts";
import type { Profile } from "../../lib/cost/profile.ts";
import { profileNamed } from "../../lib/cost/profiles.ts";
import { programTraits } from "../../lib/cost/program_traits.ts";
import { TimedMachine } from "../../lib/cost/timed_run.ts";
import type { BpfObject } from "../../lib/object/bpf_object.ts";
import { planTasks } from "../../lib/workload/plan.ts";

const xeon: Profile = { ...profileNamed("xeon-kvm"), jitter: 0, disturbanceNs: 0 };
const calibration = await calibrationObject();
const unfitted = await bpf.file(decodeURIComponent(new URL("./progs/unfitted.bpf.c", import.meta.url).pathname));

const run = (object: BpfObject, program: string, cpus: number, profile: Profile, invocations = 200) => {
  const timed = new TimedMachine(planTasks(object, { cpus, invocations, programs: [program] }), {}, profile, 1);
  return { ns: timed.run().nsPerOp, values: timed.machine.kernel.values() };
};
const withWork = (changed: Partial<Profile["work"]>, profile = xeon): Profile => ({
  ...profile,
  work: { ...profile.work, ...changed },
});
/** What 10 ns more of a price cost a program, in such prices: how often it pays it. */
const times = (object: BpfObject, program: string, name: "run" | "helper" | "call" | "callback"): number => {
  const at = (ns: number) => run(object, program, 1, withWork({ [name]: ns })).ns;
  return (at(30) - at(20)) / 10;
};

describe("the price of calls", () => {
  const paid: readonly (readonly [BpfObject, string, "run" | "helper" | "call" | "callback", number])[] = [
    [calibration, "nop", "run", 1],
    [calibration, "nop", "call", 0],
    [calibration, "calls", "call", 16],
    [calibration, "each", "callback", 32],
    [calibration, "each", "helper", 1],
    [unfitted, "for_each8", "callback", 8],
    // One run, and sixteen turns of the inner loop, which the verifier inlines as it does the outer one.
    [unfitted, "loop16", "run", 17],
    [unfitted, "loop16", "callback", 0],
    // lookup_nulls_elem_raw and memcmp
    [calibration, "racy_hash", "call", 2],
    [calibration, "racy_hash", "helper", 1],
    // The look-up is inlined as that of an array is; a tail call is a jump.
    [calibration, "racy_array", "helper", 0],
    [unfitted, "tail_call", "call", 0],
    [unfitted, "tail_call", "helper", 0],
  ];
  for (const [object, program, name, count] of paid) {
    it(`${program} pays work.${name} ${count} times`, () => {
      expect(times(object, program, name)).toBeCloseTo(count, 1);
    });
  }

  it("what a call takes beyond its instructions does not fill the window: waiting for a line is hidden by it", () => {
    // 352 instructions of window are 16.5 ns of work, a call of 100 ns is none: the transfer of 73 ns fits into two.
    const dear = withWork({ call: 100, helper: 100, run: 100 });
    const alone = run(calibration, "racy_hash", 1, dear).ns, together = run(calibration, "racy_hash", 2, dear, 600).ns;
    expect(together / alone).toBeLessThan(1.02);
    const cheap = withWork({ call: 0, helper: 0, run: 0 });
    expect(run(calibration, "racy_hash", 2, cheap, 600).ns / run(calibration, "racy_hash", 1, cheap).ns)
      .toBeGreaterThan(2);
  });

  it("calls of a program's own functions: by the run through all of them, not by the listing", () => {
    const [calls] = calibration.programs.filter(({ name }) => name === "calls");
    const share = programTraits(calls).callShare;
    // 16 calls, each with its argument and three instructions of the function, and a return
    expect(share).toBeGreaterThan(16 / (16 * 6 + 4));
    expect(share).toBeLessThan(16 / (16 * 3));
    expect(programTraits(undefined).callShare).toBe(0);
  });
});

describe("loads that find their value in a store", () => {
  it("a load that takes its value from a store waits for that store's value, not for those of other counters", () => {
    const slow = { ...xeon, forwardNs: 4 };
    const chain = run(calibration, "racy64", 1, slow, 20).ns / 64;
    expect(chain).toBeCloseTo(4, 0);
    const apart = run(unfitted, "eight_counters", 1, slow).ns;
    expect(apart).toBeLessThan(1.5 * 4);
  });
});

describe("solving for a number", () => {
  const price = { name: "work.call", least: 0, most: 100 };

  it("finds the price that makes a prediction come out", () => {
    const found = solveNumber(xeon, price, (one) => 10 + 16 * one.work.call, 10 + 16 * 9.25);
    expect(found.work.call).toBeCloseTo(9.25, 1);
  });
  it("also where it begins at nothing, and where only large values tell", () => {
    const found = solveNumber(withWork({ call: 0 }), price, (one) => Math.max(50, 10 * one.work.call), 200);
    expect(found.work.call).toBeCloseTo(20, 0);
  });
  it("stays at the bound that comes closest", () => {
    expect(solveNumber(xeon, price, (one) => 30 + one.work.call, 20).work.call).toBe(0);
  });
});

describe("what was lost", () => {
  it("is what all numbers together fall short of, and never less than nothing", () => {
    expect(lostOf({ counter: 60n, "hash[0]": 15n, name: "text" as never }, 100)).toBeCloseTo(0.25, 12);
    expect(lostOf({ counter: 120n }, 100)).toBe(0);
  });
});

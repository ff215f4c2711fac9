import { describe, expect, it } from "vitest";
import { bpf } from "../../lib/compile/bpf.ts";
import type { Profile } from "../../lib/cost/profile.ts";
import { profileNamed } from "../../lib/cost/profiles.ts";
import { costCurve } from "../../lib/sweeps/cost_curve.ts";

const object = await bpf.file(decodeURIComponent(new URL("./progs/operations.bpf.c", import.meta.url).pathname));
const xeon = profileNamed("xeon-kvm"), technique = { object, program: "atomic_add" };

/** What a reader may write by mistake, and what the message has to say. */
const MISTAKES: readonly (readonly [string, unknown, unknown, RegExp])[] = [
  ["a misspelt option", [technique], { cpu: [1] }, /no option cpu; did you mean cpus/],
  ["one number of CPUs", [technique], { cpus: 4 }, /cpus is 4: it must be a list.*cpus: \[1, 2, 4\]/],
  ["half a CPU", [technique], { cpus: [1.5] }, /cpus\[0\] is 1.5.*from 1 to 512/],
  ["one technique", technique, {}, /techniques is an object.*must be a list/],
  ["no listing", [{ technique: "atomic" }], {}, /techniques\[0\] has no object/],
  ["CPUs in the workload", [{ ...technique, workload: { cpus: 3 } }], {}, /workload has no option cpus/],
  ["an unknown profile", [technique], { profile: "xeon" }, /no profile is called xeon/],
  [
    "a misspelt number",
    [technique],
    { profile: { ...xeon, atomicsNs: 3 } },
    /profile has no field atomicsNs; did you mean atomicNs/,
  ],
  [
    "a missing number",
    [technique],
    { profile: { ...xeon, atomicNs: undefined } },
    /profile has no atomicNs: it must be a number from 0.001 to 1,000,000/,
  ],
  [
    "a negative number",
    [technique],
    { profile: { ...xeon, atomicNs: -1 } },
    /profile.atomicNs is -1: it must be a number from 0.001 to 1,000,000/,
  ],
];

describe("costCurve", () => {
  for (const [what, techniques, options, message] of MISTAKES) {
    it(`says what is wrong with ${what}`, async () => {
      await expect(costCurve(techniques as [], { operations: 20, workers: 1, ...options as object })).rejects.toThrow(
        message,
      );
    });
  }
  it("takes a profile written in a cell", async () => {
    const slower: Profile = { ...xeon, atomicNs: 10 * xeon.atomicNs };
    const at = async (profile: Profile) =>
      await costCurve([technique], { profile, cpus: [1], operations: 200, workers: 1 });
    const [[before], [after]] = [await at(xeon), await at(slower)];
    expect(after.ns).toBeGreaterThan(5 * before.ns);
  });
});

/** Masks of CPUs, here and on the running kernel. */
import { cpus } from "node:os";
import { afterAll, describe, expect, it } from "vitest";
import { linuxAvailable } from "../../lib/backends/linux/available.ts";
import { runOnLinux } from "../../lib/backends/linux/run.ts";
import { simulate } from "../../lib/backends/simulator.ts";
import { explore } from "../../lib/search/explore.ts";
import { KernelAgreement } from "../kernel_agreement.ts";
import { listing, on } from "./scenarios.ts";

const object = await listing("cpumasks");

/** What the program that tries each function finds on a machine of so many CPUs. */
async function masks(cpus: number): Promise<(bigint | string)[]> {
  const { final, fault } = await simulate(object, { cpus, programs: [on(0, "masks")] });
  expect(fault).toBeUndefined();
  return Array.from({ length: 13 }, (_, i) => final[`results[${i}]`]);
}

describe("masks of CPUs", () => {
  it("have a bit for each CPU of the machine", async () => {
    const common = [1n, 10n, 1n], rest = [1n, 1n, 10n, 1n, 1n, 1n];
    expect(await masks(2)).toEqual([...common, 12n, 2n, 10n, 10n, ...rest]);
    expect(await masks(80)).toEqual([...common, 2n, 2n, 10n, 10n, ...rest]);
  });

  it("lose no bit that two CPUs set, in the mask that is there when they do", async () => {
    const all = await explore(object, { cpus: 3, programs: [on(0, "makes"), on(1, "mark_one"), on(2, "mark_zero")] });
    expect(all.complete).toBe(true);
    expect(all.stuck).toEqual([]);
    expect(all.outcomes.map(({ values }) => values["shared->bits"]).sort()).toEqual([0n, 1n, 2n, 3n]);
  });

  it("are given back: many runs take no more room than a few", async () => {
    const many = await simulate(object, { cpus: 2, invocations: 1500, programs: ["masks"] });
    expect(many.fault).toBeUndefined();
  });
});

const availability = linuxAvailable();
const agreement = new KernelAgreement("masks of CPUs");
afterAll(() => agreement.print());

describe("the running kernel", () => {
  const enough = cpus().length >= 2, test = availability.available && enough ? it : it.skip;
  const reason = !availability.available ? ` (skipped: ${availability.reason})` : enough ? "" : " (skipped: one CPU)";

  test(`gives masks what the simulator gives it${reason}`, async () => {
    await agreement.values("masks", async () => {
      const { final } = await runOnLinux(object, { cpus: 1, programs: [on(0, "masks")], exact: true });
      expect(Array.from({ length: 13 }, (_, i) => final[`results[${i}]`])).toEqual(await masks(cpus().length));
    });
  });
});

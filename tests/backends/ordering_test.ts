/** Litmus tests on the running kernel's CPUs, a slot for each try: it may show no more than total store order allows. */
import process from "node:process";
import { fileURLToPath } from "node:url";
import { afterAll, describe, expect, it } from "vitest";
import { BACKENDS } from "../../lib/backends/backends.ts";
import { bpf } from "../../lib/compile/bpf.ts";
import type { Values } from "../../lib/report/result.ts";
import { explore, type ExploreOptions } from "../../lib/search/explore.ts";
import { KernelAgreement } from "../kernel_agreement.ts";

const object = await bpf.file(fileURLToPath(new URL("../search/progs/ordering.bpf.c", import.meta.url)));
const SLOTS = 128, RUNS = 6;
const linux = BACKENDS.find(({ name }) => name === "linux")!;
const availability = linux.available();

const agreement = new KernelAgreement("orders that the kernel's CPUs show");
afterAll(() => agreement.print());

/** What the two sides of a slot have read, where both have run: each is stored with 1 added, 0 says that it has not. */
function outcomes(final: Values): Set<string> {
  const found = new Set<string>();
  for (let i = 0; i < SLOTS; i++) {
    const [first, second] = ["first", "second"].map((name) => Number(final[`slots[${i}].${name}`] ?? 0));
    if (first > 0 && second > 0) found.add(`${first - 1} ${second - 1}`);
  }
  return found;
}

const workload = (a: string, b: string): ExploreOptions => ({
  cpus: 2,
  invocations: 1,
  programs: [{ prog: a, cpus: [0] }, { prog: b, cpus: [1] }],
});

describe("what CPUs show, the model allows", () => {
  for (
    const [name, a, b, allowed] of [
      ["store buffering", "many_sb_a", "many_sb_b", ["0 0", "0 1", "1 0", "1 1"]],
      ["load buffering", "many_lb_a", "many_lb_b", ["0 0", "0 1", "1 0"]],
      ["message passing", "many_mp_a", "many_mp_b", ["0 0", "0 1", "1 1"]],
    ] as const
  ) {
    it(`${name}: ${allowed.join(", ")} under x86`, async () => {
      const all = await explore(object, workload(a, b));
      expect(new Set(all.outcomes.flatMap(({ values }) => [...outcomes(values)]))).toEqual(new Set(allowed));
    });

    const onX86 = ["x64", "ia32"].includes(process.arch);
    const why = !availability.available ? availability.reason : onX86 ? undefined : "not on x86";
    const test = why === undefined ? it : it.skip;
    test(`${name} on the kernel${why === undefined ? "" : ` (skipped: ${why})`}`, () =>
      agreement.values(name, async () => {
        const seen = new Set<string>();
        for (let run = 0; run < RUNS; run++) {
          const result = await linux.run(object, { ...workload(a, b), invocations: SLOTS, repeats: 3 });
          const finals = "outcomes" in result ? result.outcomes.map(({ final }) => final) : [result.final];
          for (const final of finals) for (const one of outcomes(final)) seen.add(one);
        }
        expect([...seen].filter((one) => !(allowed as readonly string[]).includes(one))).toEqual([]);
        expect(seen.size).toBeGreaterThan(0);
        console.log(`${name}: the kernel showed ${[...seen].sort().join(", ")}`);
      }));
  }
});

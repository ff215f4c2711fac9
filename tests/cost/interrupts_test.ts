/** Interrupts under a profile strike by the clock, anywhere in a program, one at a time. */
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { bpf } from "../../lib/compile/bpf.ts";
import { simulate } from "../../lib/backends/simulator.ts";

const INTERRUPTS = 60;
const listing = bpf.file(fileURLToPath(new URL("../../notebooks/progs/interrupted.bpf.c", import.meta.url)));

async function struck(prog: string, runs: number, seed = 1) {
  return await simulate(await listing, {
    cpus: 1,
    programs: [{ prog, cpus: [0], invocations: runs }],
    interrupts: [{ prog: "interrupt", cpu: 0, count: INTERRUPTS }],
    profile: "xeon-kvm",
    seed,
  });
}

/** Updates that are gone. */
const lostOf = ({ serial, final }: Awaited<ReturnType<typeof struck>>): number =>
  Number((serial!["counters[0]@cpu0"] as bigint) - (final["counters[0]@cpu0"] as bigint));

describe("interrupts under a profile", () => {
  it("hit a window as often as it is long", async () => {
    const bare = lostOf(await struck("window_0", 90_000)), wide = lostOf(await struck("window_100", 30_000));
    expect(bare).toBeLessThan(INTERRUPTS / 4);
    expect(wide).toBeGreaterThan(INTERRUPTS / 3);
    expect(wide).toBeLessThan(INTERRUPTS);
  });

  it("never come into an atomic add", async () => {
    expect(lostOf(await struck("add_atomic", 20_000))).toBe(0);
  });

  it("come one at a time, at times of the seed", async () => {
    const steps = (await struck("window_100", 30_000)).trace({ steps: 200_000 });
    const strikes = steps.filter(({ prog }, i) => prog === "interrupt" && steps[i - 1]?.prog !== "interrupt");
    // Two gaps in sixty may be shorter than a run.
    expect(strikes.length).toBeGreaterThan(INTERRUPTS - 5);
    const gaps = strikes.slice(1).map(({ timeNs }, i) => timeNs! - strikes[i].timeNs!);
    expect(Math.max(...gaps)).toBeGreaterThan(4 * Math.min(...gaps));
    const other = (await struck("window_100", 30_000, 2)).trace({ steps: 200_000 });
    expect(other.findIndex(({ prog }) => prog === "interrupt")).not.toBe(
      steps.findIndex(({ prog }) => prog === "interrupt"),
    );
  });
});

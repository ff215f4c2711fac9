/** Dynptrs: what programs get through them, here and on the running kernel. */
import { afterAll, describe, expect, it } from "vitest";
import { linuxAvailable } from "../../lib/backends/linux/available.ts";
import { runOnLinux } from "../../lib/backends/linux/run.ts";
import { simulate } from "../../lib/backends/simulator.ts";
import { KernelAgreement } from "../kernel_agreement.ts";
import { listing, never, on } from "./scenarios.ts";

const object = await listing("dynptrs");
const DYNPTR_PROGS = ["of_memory", "of_packet", "of_xdp", "of_socket", "of_ring"];

async function results(prog: string): Promise<(bigint | string)[]> {
  const { final, fault } = await simulate(object, { cpus: 1, programs: [on(0, prog)] });
  expect(fault).toBeUndefined();
  return Array.from({ length: 12 }, (_, i) => final[`results[${i}]`]);
}

describe("dynptrs", () => {
  it("of memory read and write it, and copies describe parts of it", async () => {
    const [c, f, d, h] = ["c", "f", "f", "h"].map((letter) => BigInt(letter.charCodeAt(0)));
    expect(await results("of_memory")).toEqual([0n, 0n, c * 256n + f, -7n, -22n, d, 0n, 0n, 832n, h, -34n, -219n]);
  });

  it("of a packet that may not be written are read-only", async () => {
    expect((await results("of_socket")).slice(0, 3)).toEqual([0n, 1n, -22n]);
  });

  it("of records come to the consumer whole, on two CPUs as well", async () => {
    await never(object, {
      programs: [on(0, "sends"), on(1, "sends")],
      holds: (values) => values["ring[0]"] === values["ring[1]"] && values["ring.producer_pos"] === 32n,
    });
  });
});

const availability = linuxAvailable();
const agreement = new KernelAgreement("dynptrs");
afterAll(() => agreement.print());

describe("the running kernel", () => {
  const test = availability.available ? it : it.skip;
  const reason = availability.available ? "" : ` (skipped: ${availability.reason})`;

  for (const prog of DYNPTR_PROGS) {
    test(`gives ${prog} what the simulator gives it${reason}`, async () => {
      await agreement.values(prog, async () => {
        const { final } = await runOnLinux(object, { cpus: 1, programs: [on(0, prog)], exact: true });
        expect(Array.from({ length: 12 }, (_, i) => final[`results[${i}]`])).toEqual(await results(prog));
      });
    });
  }
});

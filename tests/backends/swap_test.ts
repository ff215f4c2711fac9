/** Rows 5.4 of the ledger: a swap waits for a run that holds the old map, unless the program may sleep. */
import { fileURLToPath } from "node:url";
import { afterAll, describe, expect, it } from "vitest";
import { linuxAvailable } from "../../lib/backends/linux/available.ts";
import { runOnLinux } from "../../lib/backends/linux/run.ts";
import { simulate } from "../../lib/backends/simulator.ts";
import { bpf } from "../../lib/compile/bpf.ts";
import type { UserActor } from "../../lib/maps/user_actor.ts";
import type { UserApi } from "../../lib/maps/user_space.ts";
import { KernelAgreement } from "../kernel_agreement.ts";

const object = await bpf.file(fileURLToPath(new URL("./progs/swap.bpf.c", import.meta.url)));

/** Swaps in the middle of the run and counts what is written into the old map after the swap has returned. */
const swapper: UserActor = {
  name: "swapper",
  *body(user) {
    while ((yield* user.readGlobal<bigint>("beats")) < 2n) yield* user.sleep();
    yield* user.swapInner("outer", 0, yield* user.createInner("outer"));
    const atSwap = yield* user.lookup<bigint>("inner", 0);
    while ((yield* user.readGlobal<bigint>("done")) === 0n) yield* user.sleep();
    return (yield* user.lookup<bigint>("inner", 0))! - atSwap!;
  },
};

/** Beats so long that the run lasts for a tenth of a second, far longer than a grace period. */
const slowly = function* (user: UserApi) {
  yield* user.writeGlobal("turns", 10_000n);
};

describe("swapping a map in the middle of a run that holds it", () => {
  const agreement = new KernelAgreement("swaps of a map that is held");
  afterAll(() => agreement.print());
  const availability = linuxAvailable();
  const onKernel = availability.available ? it : it.skip;
  const reason = availability.available ? "" : ` (skipped: ${availability.reason})`;

  for (const [prog, late] of [["hold_raw", false], ["hold_sleepable", true]] as const) {
    const observation = late ? "some writes are late" : "no write is late";

    it(`simulator, ${prog}: ${observation}`, async () => {
      const seen = [];
      for (let seed = 1; seed <= 5; seed++) {
        const run = await simulate(object, { cpus: 1, invocations: 1, programs: [prog], user: [swapper], seed });
        seen.push(run.returned.swapper);
      }
      expect(seen.some((writes) => writes !== 0n)).toBe(late);
    });

    onKernel(`running kernel, ${prog}: ${observation}${reason}`, async () => {
      const workload = { cpus: 1, invocations: 1, programs: [prog], user: [swapper], prepare: slowly };
      await agreement.values(`${prog}: ${observation}`, async () => {
        const { outcomes } = await runOnLinux(object, { ...workload, repeats: 2 });
        expect(outcomes.some(({ returned }) => returned.swapper !== 0n)).toBe(late);
      });
    });
  }
});

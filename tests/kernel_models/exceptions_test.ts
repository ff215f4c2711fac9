/** Exceptions: a program ends where it throws, and returns what it threw; here and on the running kernel. */
import { afterAll, describe, expect, it } from "vitest";
import { linuxAvailable } from "../../lib/backends/linux/available.ts";
import { runOnLinux } from "../../lib/backends/linux/run.ts";
import { simulate } from "../../lib/backends/simulator.ts";
import type { UserApi } from "../../lib/maps/user_space.ts";
import { explore } from "../../lib/search/explore.ts";
import { KernelAgreement } from "../kernel_agreement.ts";
import { listing, on } from "./scenarios.ts";

const object = await listing("exceptions");
const once = (prog: string) => simulate(object, { cpus: 1, programs: [on(0, prog)] });

/** What a program returns to user space, which runs it by BPF_PROG_RUN. */
async function returnedBy(prog: string): Promise<unknown> {
  const users = [{
    name: "caller",
    *body(user: UserApi) {
      const first = yield* user.run(prog);
      return [first, yield* user.run(prog)];
    },
  }];
  const run = await simulate(object, { cpus: 1, programs: [{ prog, invocations: 0 }], user: users });
  expect(run.fault).toBeUndefined();
  return run.returned.caller;
}

describe("bpf_throw", () => {
  it("ends a program from within a function that it calls", async () => {
    const { final } = await once("throws");
    expect([final["results[0]"], final["results[1]"], final["results[2]"]]).toEqual([1n, 0n, 0n]);
  });

  it("gives what was thrown to the program's caller, each time", async () => {
    expect(await returnedBy("throws")).toEqual([43n, 43n]);
    expect(await returnedBy("returns")).toEqual([1n, 1n]);
  });

  it("lets the next runs begin anew, in a search and on a CPU that tasks share as well", async () => {
    const { final, fault } = await simulate(object, { cpus: 1, invocations: 50, programs: ["throws"] });
    expect(fault).toBeUndefined();
    expect([final["results[0]"], final["results[2]"]]).toEqual([50n, 0n]);
    for (const cpu of [0, 1]) {
      const all = await explore(object, { programs: [on(0, "throws", 2), on(cpu, "returns")] });
      expect(all.complete).toBe(true);
      expect(all.stuck).toEqual([]);
      expect(all.outcomes.map(({ values }) => values["results[0]"])).toContain(2n);
    }
  });
});

const availability = linuxAvailable();
const agreement = new KernelAgreement("exceptions");
afterAll(() => agreement.print());

describe("the running kernel", () => {
  const test = availability.available ? it : it.skip;
  const reason = availability.available ? "" : ` (skipped: ${availability.reason})`;

  for (const prog of ["throws", "returns"]) {
    test(`returns from ${prog} what the simulator returns${reason}`, async () => {
      await agreement.values(prog, async () => {
        const real = await runOnLinux(object, { cpus: 1, programs: [on(0, prog)], exact: true });
        const ours = await once(prog), [returned] = await returnedBy(prog) as bigint[];
        expect([real.final, real.returned.cpu0]).toEqual([ours.final, returned]);
      });
    });
  }
});

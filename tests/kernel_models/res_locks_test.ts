/** bpf_res_spin_lock: what it answers where a spin lock would wait for good, here and on the running kernel. */
import { afterAll, describe, expect, it } from "vitest";
import { linuxAvailable } from "../../lib/backends/linux/available.ts";
import { runOnLinux } from "../../lib/backends/linux/run.ts";
import { simulate } from "../../lib/backends/simulator.ts";
import type { UserApi } from "../../lib/maps/user_space.ts";
import type { Values } from "../../lib/report/result.ts";
import { explore } from "../../lib/search/explore.ts";
import { BPF_F_LOCK } from "../../lib/uapi/flags.ts";
import { ERRNO } from "../../lib/uapi/errno.ts";
import { KernelAgreement } from "../kernel_agreement.ts";
import { listing, never, on } from "./scenarios.ts";

const object = await listing("res_locks");
const DEADLOCK = -BigInt(ERRNO.EDEADLK), TIMEOUT = -BigInt(ERRNO.ETIMEDOUT);

const answers = (values: Values, progs: number) => Array.from({ length: progs }, (_, i) => values[`answers[${i}]`]);

/** What the second locks of programs, one on each CPU, answer over all schedules. */
async function allAnswers(...progs: readonly string[]): Promise<string[]> {
  const all = await explore(object, { cpus: progs.length, programs: progs.map((prog, cpu) => on(cpu, prog)) });
  expect(all.complete).toBe(true);
  expect(all.stuck).toEqual([]);
  return all.outcomes.map(({ values }) => answers(values, progs.length).join(" ")).sort();
}

/** Every list of so many answers out of two. */
const lists = (length: number, ...of: readonly bigint[]): string[] =>
  length === 0 ? [""] : lists(length - 1, ...of).flatMap((rest) => of.map((one) => `${one} ${rest}`.trim()));

describe("a resilient spin lock", () => {
  it("is refused to a CPU that has it already (AA)", async () => {
    expect(await allAnswers("aa")).toEqual([`${DEADLOCK}`]);
  });

  it("is refused to one CPU of a crosswise pair (ABBA), or to both: each gets out", async () => {
    expect(await allAnswers("ab", "ba")).toEqual(lists(2, 0n, DEADLOCK).sort());
  });

  it("runs into its time limit where three wait in a ring", async () => {
    expect(await allAnswers("ab", "bc", "ca")).toEqual(lists(3, 0n, TIMEOUT).sort());
  });

  it("is never refused to CPUs that nest locks in one order, and waits", async () => {
    expect(await allAnswers("ab", "bc")).toEqual(["0 0"]);
    expect(await allAnswers("ab", "ab", "bc")).toEqual(["0 0 0"]);
  });

  it("keeps the other CPUs out", async () => {
    for (const prog of ["count", "count_irqsave"]) {
      await never(object, { cpus: 3, programs: [prog], holds: (values) => values["elems[0].count"] === 3n });
    }
  });

  it("leaves interrupts on: one that wants the lock is refused it, unless it was masked", async () => {
    const interrupted = async (prog: string) => {
      const interrupts = [{ prog: "in_interrupt", cpu: 0 }];
      const all = await explore(object, { cpus: 1, programs: [on(0, prog)], interrupts });
      expect(all.stuck).toEqual([]);
      return all.outcomes.map(({ values }) => `${values["answers[2]"]} ${values["elems[0].count"]}`).sort();
    };
    expect(await interrupted("count")).toEqual([`${DEADLOCK} 1`, "0 2"]);
    expect(await interrupted("count_irqsave")).toEqual(["0 2"]);
  });

  it("is refused to two programs and the interrupts that struck them, crosswise", async () => {
    const all = await explore(object, {
      cpus: 2,
      programs: [on(0, "count"), on(1, "count_other")],
      interrupts: [{ prog: "other_in_interrupt", cpu: 0 }, { prog: "in_interrupt", cpu: 1 }],
    });
    expect(all.stuck).toEqual([]);
    const found = all.outcomes.map(({ values }) => `${values["answers[1]"]} ${values["answers[2]"]}`);
    expect(new Set(found)).toEqual(new Set(["0 0", `0 ${DEADLOCK}`, `${DEADLOCK} 0`, `${DEADLOCK} ${DEADLOCK}`]));
  });

  it("is none that BPF_F_LOCK takes", async () => {
    const body = function* (user: UserApi) {
      yield* user.update("elems", 0, { count: 1 }, BPF_F_LOCK);
    };
    const programs = [{ prog: "aa", invocations: 0 }];
    await expect(simulate(object, { cpus: 1, programs, user: [{ name: "writer", body }] })).rejects.toThrow("EINVAL");
  });

  it("is taken or refused in every one of many runs", async () => {
    const run = await simulate(object, {
      cpus: 2,
      invocations: 500,
      programs: [on(0, "ab", 500), on(1, "ba", 500)],
      seed: 3,
    });
    expect(run.fault).toBeUndefined();
    expect(done(run.final)).toBe(1000n);
    expect(run.final["refused[0]"]).not.toBe(0n);
  });
});

/** Runs of `ab` and `ba` that took their second lock, or were refused it. */
const done = (values: Values): bigint =>
  ["elems[0].count", "elems[1].count", "refused[0]", "refused[1]"].reduce(
    (sum, name) => sum + (values[name] as bigint),
    0n,
  );

const availability = linuxAvailable();
const agreement = new KernelAgreement("bpf_res_spin_lock");
afterAll(() => agreement.print());

describe("the running kernel", () => {
  const test = availability.available ? it : it.skip;
  const reason = availability.available ? "" : ` (skipped: ${availability.reason})`;

  test(`refuses a CPU the lock that it has${reason}`, async () => {
    await agreement.values("aa", async () => {
      const real = await runOnLinux(object, { cpus: 1, programs: ["aa"], invocations: 5, exact: true });
      const run = await simulate(object, { cpus: 1, programs: ["aa"], invocations: real.invocations });
      expect(real.final).toEqual(run.final);
      expect(run.final["answers[0]"]).toBe(DEADLOCK);
    });
  });

  test(`lets both CPUs of a crosswise pair out${reason}`, async () => {
    await agreement.values("ab, ba", async () => {
      const programs = [on(0, "ab", 20), on(1, "ba", 20)];
      const { final } = await runOnLinux(object, { cpus: 2, programs, exact: true });
      expect(done(final)).toBe(40n);
      for (const answer of answers(final, 2)) expect([0n, DEADLOCK, TIMEOUT]).toContain(answer);
    });
  });
});

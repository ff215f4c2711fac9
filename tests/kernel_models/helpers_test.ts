/** Helper functions, each through a program that calls it. */
import { describe, expect, it } from "vitest";
import { simulate } from "../../lib/backends/simulator.ts";
import type { SimulateOptions } from "../../lib/backends/simulate_options.ts";
import { formatLine } from "../../lib/bpf_helpers/printk.ts";
import type { UserApi } from "../../lib/maps/user_space.ts";
import { listing } from "./scenarios.ts";

const object = await listing("helpers"), tailCalls = await listing("tail_calls");
const run = (prog: string, more: SimulateOptions = {}, of = object) =>
  simulate(of, { cpus: 1, invocations: 1, programs: [prog], ...more });

function* fill(user: UserApi) {
  for (const key of [0, 1, 2]) {
    for (const map of ["array", "hash", "lru"]) yield* user.update(map, key, key + 1);
    for (const map of ["percpu_array", "percpu_hash"]) yield* user.update(map, key, [key + 1]);
  }
}

describe("bpf_for_each_map_elem", () => {
  // Keys 0, 1, 2 hold 1, 2, 3; arrays have a fourth value of zero under key 3.
  for (
    const { map, count, sum } of [
      { map: "array", count: 4n, sum: 606n },
      { map: "hash", count: 3n, sum: 306n },
      { map: "lru", count: 3n, sum: 306n },
      { map: "percpu_array", count: 4n, sum: 606n },
      { map: "percpu_hash", count: 3n, sum: 306n },
    ]
  ) {
    it(`${map}: hands over ${count} elements with key and value`, async () => {
      const { final, fault } = await run(`each_${map}`, { prepare: fill });
      expect(fault).toBe(undefined);
      expect([final.result, final.count, final.sum]).toEqual([count, count, sum]);
    });
  }

  it("stops when the callback gives 1", async () => {
    const { final } = await run("each_stops", { prepare: fill });
    expect([final.result, final.count]).toEqual([2n, 2n]);
  });
});

describe("bpf_loop", () => {
  it("stops when the callback gives 1", async () => {
    const { final } = await run("loop");
    expect([final.result, final.count, final.sum]).toEqual([7n, 7n, 21n]);
  });

  it("runs to the end", async () => {
    const { final } = await run("loop_to_the_end");
    expect([final.result, final.count, final.sum]).toEqual([10n, 10n, 45n]);
  });

  it("refuses more than 8 Mi loops (E2BIG) and flags (EINVAL)", async () => {
    const { final } = await run("loop_refused");
    expect([BigInt.asIntN(64, final.result as bigint), BigInt.asIntN(64, final.count as bigint)]).toEqual([-7n, -22n]);
  });
});

describe("helpers about the run", () => {
  it("bpf_get_prandom_u32: seeded, other numbers each time and on each CPU", async () => {
    const one = await run("random", { seed: 1 }), again = await run("random", { seed: 1 });
    const two = await run("random", { seed: 2 });
    expect(one.final).toEqual(again.final);
    expect(new Set([one.final.result, one.final.count, two.final.result, two.final.count]).size).toBe(4);
    for (const value of [one.final.result, one.final.count]) expect(Number(value)).toBeLessThan(2 ** 32);
  });

  it("bpf_ktime_get_ns never goes back", async () => {
    const { final } = await run("time");
    expect(Number(final.count)).toBeGreaterThanOrEqual(Number(final.result));
  });

  it("bpf_get_current_pid_tgid and bpf_get_smp_processor_id", async () => {
    const { final } = await run("who", { cpus: 3, programs: [{ prog: "who", cpus: [2] }] });
    expect([final.result, final.count]).toEqual([(1000n << 32n) | 1000n, 2n]);
  });
});

describe("bpf_printk", () => {
  it("three arguments", async () => {
    expect((await run("print")).printed).toEqual(["-3 of 7: 0123456789abcde%"]);
  });

  it("more than three arguments, widths", async () => {
    expect((await run("print_many")).printed).toEqual(["1 2 3 4     5|6  |007"]);
  });

  const cases = [
    { format: "%d", args: [0xffff_ffffn], line: "-1" },
    { format: "%ld", args: [0xffff_ffffn], line: "4294967295" },
    { format: "%u", args: [-1n], line: "4294967295" },
    { format: "%#x %X", args: [255n, 255n], line: "0xff FF" },
    { format: "%c%c", args: [72n, 105n], line: "Hi" },
    { format: "100%% %i", args: [4n], line: "100% 4" },
    { format: "%p", args: [0xabcn], line: "0000000000000abc" },
    { format: "no arguments\n", args: [], line: "no arguments" },
  ];
  for (const { format, args, line } of cases) {
    it(`${JSON.stringify(format)} prints ${line}`, () => expect(formatLine(format, args, [])).toBe(line));
  }
});

describe("bpf_probe_read_kernel", () => {
  it("copies any number of bytes", async () => {
    const { final } = await run("probe_read");
    expect([final.result, final.target]).toEqual([0n, "303132333435363738396100" + "00000000"]);
  });

  it("gives -ERANGE and zeroes for an address that is nothing", async () => {
    const { final } = await run("probe_read_fault");
    expect([BigInt.asIntN(64, final.result as bigint), final.target]).toEqual([-34n, "0".repeat(32)]);
  });
});

describe("bpf_tail_call", () => {
  const jumps = (slot: number, prog: string) =>
    function* (user: UserApi) {
      yield* user.update("jumps", slot, prog);
    };

  it("leaves the program for good", async () => {
    const { final } = await run("jump", { prepare: jumps(1, "landing") }, tailCalls);
    expect([final.count, final.result]).toEqual([1n, 7n]);
  });

  it("goes on behind an empty slot", async () => {
    const { final } = await run("jump", {}, tailCalls);
    expect([final.count, final.result]).toEqual([2n, 0n]);
  });

  it("ends after 33 jumps", async () => {
    const { final } = await run("jump_around", { prepare: jumps(2, "jump_around"), invocations: 2 }, tailCalls);
    expect([final.count, final.result]).toEqual([2n * 34n, 9n]);
  });
});

describe("what is refused", () => {
  it("an unknown helper, by name and line, when a run comes to it", async () => {
    await expect(run("unknown")).rejects.toThrow(
      /unknown calls bpf_task_pt_regs, which the simulator does not model \(line \d+: .*bpf_task_pt_regs/,
    );
  });

  it("but not with a model of the reader's own", async () => {
    const { fault } = await simulate(object, {
      cpus: 1,
      invocations: 1,
      programs: ["unknown"],
      models: { bpf_task_pt_regs: () => 0n },
    });
    expect(fault).toBe(undefined);
  });

  it("a name that is no helper", async () => {
    const models = { bpf_get_rich: () => 0n };
    await expect(simulate(object, { programs: ["who"], models })).rejects.toThrow("no helper function is called");
  });

  it("an access past a value, as a fault that names the map", async () => {
    const { fault } = await run("past_the_end", { verify: false });
    expect(fault?.message).toBe("read of 8 bytes at offset 8 of a value of array, which has 8 bytes");
    expect(fault?.line?.text).toContain("result =");
  });
});

/** Rows 3.x of the ledger: what comes between load and store of a counter that only one CPU uses. */
import { describe, expect, it } from "vitest";
import { mapMemoryBytes } from "../../lib/maps/memory_use.ts";
import { BPF_MAP_TYPE } from "../../lib/uapi/map_types.ts";
import { explore } from "../../lib/search/explore.ts";
import { map } from "./driver.ts";
import { listing, never, on, sometimes } from "./scenarios.ts";

const object = await listing("cpus");

describe("3.1 a copy of each value per possible CPU", () => {
  it("each CPU counts in its own", async () => {
    const all = await never(object, {
      cpus: 3,
      invocations: 2,
      programs: ["add"],
      holds: (values) => [0, 1, 2].every((cpu) => values[`counters[0]@cpu${cpu}`] === 2n),
    });
    expect(all.outcomes.length).toBe(1);
  });

  it("a hash: the first update makes the key for all CPUs, zero on the others", async () => {
    await never(object, {
      cpus: 2,
      invocations: 2,
      programs: ["add_hashed"],
      holds: (values) => values["hashed[0]@cpu0"] === 2n && values["hashed[0]@cpu1"] === 2n,
    });
  });
});

describe("3.2 no shared access, so no synchronisation problem", () => {
  it("(a) an interrupt on the same CPU between load and store: lost; never with an atomic add", async () => {
    // The interrupt runs another program: one that is running already would be skipped (row 0.1).
    const scenario = (prog: string, inInterrupt: string) => ({
      cpus: 1,
      programs: [on(0, prog)],
      interrupts: [{ prog: inInterrupt, cpu: 0, count: 2 }],
      holds: (values: Record<string, unknown>) => values["counters[0]@cpu0"] === 3n,
    });
    await sometimes(object, scenario("add", "add_atomic"));
    await never(object, scenario("add_atomic", "add"));
  });

  it("(b) a program asleep between load and store loses all that others add meanwhile", async () => {
    const all = await sometimes(object, {
      cpus: 1,
      programs: [on(0, "add_asleep"), on(0, "add", 3)],
      holds: (values) => values["counters[0]@cpu0"] === 4n,
    });
    expect(all.outcomes.map(({ values }) => values["counters[0]@cpu0"])).toContain(1n);
  });

  it("(c) bpf_map_lookup_percpu_elem reaches another CPU's value", async () => {
    await sometimes(object, {
      cpus: 2,
      programs: [on(0, "add"), on(1, "add_to_cpu0")],
      holds: (values) => values["counters[0]@cpu0"] === 2n,
    });
  });

  it("(c) user space writes every CPU's value", async () => {
    await sometimes(object, {
      cpus: 2,
      programs: ["add"],
      user: [{
        name: "reset",
        *body(user) {
          yield* user.update("counters", 0, [100, 100]);
        },
      }],
      // One run after another, each CPU ends with 100 or 101.
      holds: (values) => [0, 1].every((cpu) => Number(values[`counters[0]@cpu${cpu}`]) >= 100),
    });
  });

  it("(d) two processes on one CPU: never without preemption, with it where the kernel runs the program preemptibly", async () => {
    const scenario = (prog: string) => ({
      cpus: 1,
      programs: [on(0, prog), on(0, prog)],
      holds: (values: Record<string, unknown>) => values["counters[0]@cpu0"] === 2n,
    });
    // A raw tracepoint runs with preemption disabled, a syscall program does not.
    for (const preempt of ["none", "full"] as const) await never(object, { ...scenario("add"), preempt });
    await never(object, { ...scenario("add_in_syscall"), preempt: "none" });
    await sometimes(object, { ...scenario("add_in_syscall"), preempt: "full" });
  });
});

describe("3.4 costs memory per CPU", () => {
  const cases = [
    { type: BPF_MAP_TYPE.ARRAY, name: "ARRAY", bytes: 65_848 },
    { type: BPF_MAP_TYPE.PERCPU_ARRAY, name: "PERCPU_ARRAY", bytes: 139_576 },
    { type: BPF_MAP_TYPE.HASH, name: "HASH", bytes: 140_416 },
    { type: BPF_MAP_TYPE.PERCPU_HASH, name: "PERCPU_HASH", bytes: 213_888 },
  ];
  for (const { type, name, bytes } of cases) {
    it(`${name} of 1024 x 64 bytes takes ${bytes.toLocaleString("en")} bytes, as measured with 2 CPUs`, () => {
      expect(mapMemoryBytes(map("m", type, { valueSize: 64, maxEntries: 1024 }), 2)).toBe(bytes);
    });
  }

  it("per-CPU values grow with the number of CPUs, others hardly", () => {
    const bytes = (type: number, cpus: number) =>
      mapMemoryBytes(map("m", type, { valueSize: 64, maxEntries: 1024 }), cpus);
    expect(bytes(BPF_MAP_TYPE.PERCPU_ARRAY, 64) - bytes(BPF_MAP_TYPE.PERCPU_ARRAY, 2)).toBe(62 * 65_536);
    expect(bytes(BPF_MAP_TYPE.ARRAY, 64)).toBe(bytes(BPF_MAP_TYPE.ARRAY, 2));
  });
});

describe("3.5 user space reads all CPUs and must merge", () => {
  it("gets round_up(value_size, 8) for each possible CPU", async () => {
    const all = await explore(object, {
      cpus: 3,
      programs: [on(2, "add")],
      user: [{
        name: "reader",
        *body(user) {
          const bytes = yield* user.lookupBytes("counters", 0);
          return [bytes?.length, (yield* user.lookup<bigint[]>("counters", 0))?.length];
        },
      }],
    });
    for (const { returned } of all.outcomes) expect(returned?.reader).toEqual([24, 3]);
  });

  it("the CPUs are copied one after another: a sum that was never true", async () => {
    // CPU 0 counts before CPU 1 may: the true pairs are 0,0 then 1,0 then 1,1.
    await sometimes(object, {
      cpus: 2,
      programs: [on(0, "add_to_cpu0"), on(1, "add")],
      user: [{
        name: "reader",
        *body(user) {
          const [first, second] = (yield* user.lookup<bigint[]>("counters", 0))!;
          return `${first},${second}`;
        },
      }],
      holds: (_values, returned) => returned.reader !== "0,1",
    });
  });
});

/** Store buffers under listings: locks, maps, interrupts, user space; who can tell; what traces and reports say of them. */
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { compare } from "../../lib/backends/compare.ts";
import { simulate } from "../../lib/backends/simulator.ts";
import { bpf } from "../../lib/compile/bpf.ts";
import { timeline } from "../../lib/plot/timeline.ts";
import { explorationText } from "../../lib/report/exploration_text.ts";
import { resultText } from "../../lib/report/text.ts";
import { replay } from "../../lib/schedulers/replay.ts";
import { explore, type ExploreOptions } from "../../lib/search/explore.ts";
import { plan } from "../../lib/workload/plan.ts";

const nested = await bpf.file(fileURLToPath(new URL("../kernel_models/progs/nested.bpf.c", import.meta.url)));
const object = await bpf.file(fileURLToPath(new URL("./progs/ordering.bpf.c", import.meta.url)));

/** The first program on CPU 0, the second on CPU 1, once each. */
const sides = (a: string, b: string, invocations = 1): ExploreOptions => ({
  cpus: 2,
  invocations,
  programs: [{ prog: a, cpus: [0] }, { prog: b, cpus: [1] }],
});
const bothMissed = (values: Readonly<Record<string, unknown>>) => values.saw_x === 0n && values.saw_y === 0n;
const never = { holds: (values: Readonly<Record<string, unknown>>) => !bothMissed(values) };

describe("store buffering", () => {
  it("Never under sc, which names itself an idealisation; Sometimes under x86, with a witness that replays", async () => {
    const sc = await explore(object, { ...sides("sb_x", "sb_y"), ...never, memory: "sc" });
    expect(sc.observation).toBe("Never");
    expect(explorationText(sc)).toContain("memory: sc (an idealisation");
    const x86 = await explore(object, { ...sides("sb_x", "sb_y"), ...never });
    expect([x86.memory.model, x86.observation, x86.witness!.shortest]).toEqual(["x86", "Sometimes", true]);
    expect(explorationText(x86)).toContain("memory: x86 (total store order");
    const again = await simulate(object, { ...sides("sb_x", "sb_y"), scheduler: replay(x86.witness!.schedule) });
    expect(bothMissed(again.final)).toBe(true);
    // Two stores wait, two loads miss them; then all that waits is in memory.
    expect(x86.witness!.trace.map(({ kind }) => kind).sort().join(" ")).toBe(
      "flush flush load load store store store store",
    );
    expect(x86.verdicts.map(({ kind }) => kind)).toEqual([]);
  });

  it("random runs show it, the same for the same seed", async () => {
    let shown = 0;
    for (let seed = 1; seed <= 60; seed++) {
      const run = await simulate(object, { ...sides("sb_x", "sb_y"), seed });
      if (bothMissed(run.final)) shown++;
      const again = await simulate(object, { ...sides("sb_x", "sb_y"), seed });
      expect([again.final, again.schedule()]).toEqual([run.final, run.schedule()]);
    }
    expect(shown).toBeGreaterThan(0);
    const sc = await simulate(object, { ...sides("sb_x", "sb_y"), memory: "sc" });
    expect(resultText(sc)).toContain("memory: sc (an idealisation");
  });

  for (
    const [a, b, observation] of [
      ["sb_x_fence", "sb_y", "Sometimes"],
      ["sb_x_lock", "sb_y_lock", "Never"],
      ["sb_x_lock", "sb_y", "Sometimes"],
      ["map_x", "map_y", "Sometimes"],
      ["update_x", "map_y", "Sometimes"],
      ["insert_x", "look_up_x", "Sometimes"],
    ] as const
  ) {
    it(`${a} and ${b}: ${observation}`, async () => {
      const found = await explore(object, { ...sides(a, b), ...never });
      expect([found.observation, found.complete]).toEqual([observation, true]);
      const sc = await explore(object, { ...sides(a, b), ...never, memory: "sc" });
      expect(sc.observation).toBe("Never");
    });
  }

  it("from one run to the next: two runs show what one cannot", async () => {
    // Only if the last loads miss are both 0 at the end: under sc the second of them comes behind the other's store.
    const once = await explore(object, { ...sides("look_then_set_x", "look_then_set_y"), memory: "sc" });
    expect(once.outcomes.some(({ values }) => bothMissed(values))).toBe(true);
    for (const [memory, observation] of [["sc", "Never"], ["x86", "Sometimes"]] as const) {
      const twice = await explore(object, { ...sides("look_then_set_x", "look_then_set_y", 2), ...never, memory });
      expect([memory, twice.observation]).toEqual([memory, observation]);
    }
  });

  it("message passing: Never", async () => {
    const found = await explore(object, {
      ...sides("mp_write", "mp_read"),
      holds: ({ saw_x, saw_y }) => saw_y !== 1n || saw_x === 1n,
    });
    expect([found.observation, found.memory.text]).toEqual(["Never", expect.stringContaining("x86 (as SC: no store")]);
  });

  it("Peterson's lock keeps two out under sc only", async () => {
    for (const [memory, observation] of [["sc", "Never"], ["x86", "Sometimes"]] as const) {
      const found = await explore(object, {
        ...sides("peterson_0", "peterson_1"),
        memory,
        holds: ({ together }) => together === 0n,
      });
      expect([memory, found.observation]).toEqual([memory, observation]);
    }
  });
});

describe("who has a buffer", () => {
  it("an interrupt sees what its own CPU has stored, and hides it no longer than its CPU", async () => {
    const workload: ExploreOptions = {
      cpus: 2,
      invocations: 1,
      programs: [{ prog: "store_x", cpus: [0] }, { prog: "sb_y", cpus: [1] }],
      interrupts: [{ prog: "load_y", cpu: 0 }],
    };
    // The store of the program waits while the interrupt reads y: together they are one half of store buffering.
    const found = await explore(object, { ...workload, ...never });
    expect(found.observation).toBe("Sometimes");
    const missed = found.witness!.trace.map(({ kind, actor, cpu }) => `${kind} ${actor} ${cpu}`);
    expect(missed).toContain("flush store_buffer 0");
    expect((await explore(object, { ...workload, ...never, memory: "sc" })).anomalies.every(({ values }) =>
      // Under sc only where the interrupt comes before the program.
      bothMissed(values)
    )).toBe(true);
    const own = await explore(object, {
      cpus: 2,
      invocations: 1,
      programs: [{ prog: "sb_x", cpus: [0] }, { prog: "sb_y", cpus: [1] }],
      interrupts: [{ prog: "mp_read", cpu: 0 }],
    });
    // mp_read in the middle of sb_x: whenever y has been seen by it, so will it be by sb_x behind it.
    expect(own.complete).toBe(true);
  });

  it("user space: mapped memory is stored to as plainly as by a program", async () => {
    const found = await explore(object, {
      cpus: 1,
      invocations: 1,
      programs: ["sb_x"],
      user: [{
        name: "maps y",
        *body(user) {
          yield* user.writeGlobal("y", 1n);
          return yield* user.readGlobal("x");
        },
      }],
      holds: (values, returned) => values.saw_y !== 0n || returned["maps y"] !== 0n,
    });
    expect([found.observation, found.memory.buffered]).toEqual(["Sometimes", true]);
    const again = await simulate(object, {
      cpus: 1,
      invocations: 1,
      programs: ["sb_x"],
      user: [{
        name: "maps y",
        *body(user) {
          yield* user.writeGlobal("y", 1n);
          return yield* user.readGlobal("x");
        },
      }],
      scheduler: replay(found.witness!.schedule),
    });
    expect([again.final.saw_y, again.returned["maps y"]]).toEqual([0n, 0n]);
  });

  it("user space that only reads leaves the programs without buffers", async () => {
    const user = [{
      name: "reader",
      *body(user: import("../../lib/maps/user_space.ts").UserApi) {
        return yield* user.readGlobal("counter");
      },
    }];
    const found = await explore(object, { cpus: 1, invocations: 2, programs: ["count"], user });
    expect([found.memory.buffered, found.outcomes.length]).toEqual([false, 3]);
    expect((await simulate(object, { cpus: 1, invocations: 2, programs: ["count"], user })).memory.buffered).toBe(
      false,
    );
  });

  it("a grace period: what runs from before it have stored is in memory when it ends", async () => {
    const late = async (prog: string) =>
      await explore(nested, {
        cpus: 1,
        programs: [{ prog, cpus: [0], invocations: 2 }],
        user: [{
          name: "reader",
          *body(user) {
            yield* user.swapInner("outer", 0, "back");
            const read = function* () {
              return (yield* user.walk<bigint>("front")).map(({ value }) => value).join();
            };
            const before = yield* read();
            yield* user.sleep();
            return before === (yield* read());
          },
        }],
        holds: (_values, returned) => returned.reader === true,
      });
    const plain = await late("rotate_outer"), sleepable = await late("rotate_outer_sleepable");
    expect([plain.memory.buffered, plain.observation]).toEqual([true, "Never"]);
    expect(sleepable.observation).toBe("Sometimes");
  });

  const TELLS: readonly (readonly [string, ExploreOptions, boolean])[] = [
    ["a counter, again and again", { programs: ["count"], invocations: 3 }, false],
    ["an atomic counter", { programs: ["count_atomic"], invocations: 3 }, false],
    ["two fields under a lock", { programs: ["count_locked"], invocations: 3 }, false],
    ["two values of each CPU's own", { programs: ["count_percpu"], invocations: 3 }, false],
    ["one CPU alone", { programs: ["sb_x", "sb_y"], cpus: 1, invocations: 3 }, false],
    ["message passing", sides("mp_write", "mp_read"), false],
    ["message passing again and again", sides("mp_write", "mp_read", 2), false],
    ["store buffering", sides("sb_x", "sb_y"), true],
    ["a load, then a store", sides("look_then_set_x", "look_then_set_y"), false],
    ["the same again", sides("look_then_set_x", "look_then_set_y", 2), true],
    ["its first half, beside a CPU that only stores", sides("sb_x", "mp_write"), true],
    ["its first half beside one that touches neither", sides("sb_x", "count_atomic"), false],
    ["half of it behind a barrier", sides("sb_x_fence", "sb_y"), true],
    ["both behind a lock", sides("sb_x_lock", "sb_y_lock"), false],
    ["a value found by a number under its lock", { programs: ["count_own_lock"], invocations: 3 }, false],
    ["a value under the lock of another one", { programs: ["count_other_lock"], invocations: 3 }, true],
    ["a field under a lock that one side does not take", sides("count_locked", "write_unlocked"), true],
  ];
  for (const [what, workload, tells] of TELLS) {
    it(`${what}: ${tells ? "can tell" : "cannot tell"}`, () => {
      expect(plan(object, { cpus: 2, ...workload }, "explore").delays !== undefined).toBe(tells);
      expect(plan(object, { cpus: 2, ...workload, memory: "sc" }, "explore").delays).toBe(undefined);
    });
  }
});

describe("what is said of it", () => {
  it("a trace: which store waits, which load is forwarded, which flush moves what", async () => {
    const run = await simulate(object, { ...sides("sb_x", "sb_y"), scheduler: replay("0*3 f0*2 1*3 f1*2") });
    const trace = run.trace();
    expect(
      trace.slice(0, 5).map(({ kind, actor, buffered, stored, before, after }) => ({
        kind,
        actor,
        buffered,
        stored,
        before,
        after,
      })),
    ).toEqual([
      { kind: "store", actor: "program", buffered: true, stored: undefined, before: 0n, after: 1n },
      { kind: "load", actor: "program", buffered: undefined, stored: undefined, before: 0n, after: 0n },
      { kind: "store", actor: "program", buffered: true, stored: undefined, before: 2n ** 64n - 1n, after: 0n },
      { kind: "flush", actor: "store_buffer", buffered: undefined, stored: 0, before: 0n, after: 1n },
      { kind: "flush", actor: "store_buffer", buffered: undefined, stored: 2, before: 2n ** 64n - 1n, after: 0n },
    ]);
    expect(trace.find(({ kind, cpu }) => kind === "flush" && cpu === 1)!.task).toBe(-2);
    const part = run.trace({ from: 3, steps: 1 });
    expect(part).toEqual([trace[3]]);
    const figure = timeline(trace);
    expect(figure.text).toContain("buffer of CPU 0");
    expect(figure.text).toContain("x: 0 -> 1, flushed");
    expect(await figure.toSvg()).toContain("store into the buffer");
  });

  it("compare names the simulator's model, and takes sc", async () => {
    const text = async (memory?: "sc") =>
      `${await compare(object, { cpus: 2, invocations: 5, programs: ["count"], memory })}`;
    expect(await text()).toContain("memory: x86");
    expect(await text("sc")).toContain("memory: sc (an idealisation");
  });

  it("a profile has store buffers: sc does not go with it", async () => {
    await expect(simulate(object, { ...sides("sb_x", "sb_y"), memory: "sc", profile: "xeon-kvm" })).rejects.toThrow(
      /memory is "sc", but a profile has store buffers/,
    );
    const run = await simulate(object, { ...sides("sb_x", "sb_y", 100), profile: "xeon-kvm" });
    expect([run.memory.model, run.memory.buffered]).toEqual(["x86", true]);
  });

  it("a model that is none, and one that has no steps", async () => {
    const asked = (memory: string) => explore(object, { ...sides("sb_x", "sb_y"), memory: memory as "sc" });
    await expect(asked("arm")).rejects.toThrow(/memory is the text "arm": it must be "sc" or "x86" or "bpf"/);
    await expect(asked("x68")).rejects.toThrow(/did you mean x86\?/);
    const run = simulate(object, { ...sides("sb_x", "sb_y"), memory: "bpf" });
    await expect(run).rejects.toThrow(/memory is "bpf": simulate runs programs step by step/);
  });
});

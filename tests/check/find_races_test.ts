/** Races that are there are found and shown by a schedule; what is right is left in peace. */
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { findRaces, type Races } from "../../lib/check/find_races.ts";
import { toWorkload } from "../../lib/check/witness_workload.ts";
import { bpf } from "../../lib/compile/bpf.ts";
import { replay } from "../../lib/schedulers/replay.ts";
import { simulate } from "../../lib/backends/simulator.ts";

const listing = (name: string) => bpf.file(fileURLToPath(new URL(`./progs/${name}.bpf.c`, import.meta.url)));
const tools = await listing("tools"), rules = await listing("rules");
const races = (...programs: string[]) => findRaces(rules, { programs });
/** The findings, and what keeps a program from being followed: of that nothing would be found. */
const words = ({ findings, accesses }: Races) => [
  ...findings.map(({ name, field, proof }) => `${name} ${field} ${proof.state}`).sort(),
  ...accesses.unseen.map(({ prog, why }) => `${prog}: ${why}`),
];

describe("realistic tools", () => {
  it("a latency histogram adds plainly; each thread's start is its own", async () => {
    expect(words(await findRaces(tools, { programs: ["enter", "leave"] }))).toEqual(
      [
        "lost-update latency[*].slots[*] confirmed",
        "lost-update latency.total confirmed",
      ].map((one) => one.replace("latency[*]", "latency")).sort(),
    );
    expect(words(await findRaces(tools, { programs: ["enter", "leave_right"] }))).toEqual([]);
  });

  it("a counter by source loses its first packets and its sums", async () => {
    expect(words(await findRaces(tools, { programs: ["count_source"] }))).toEqual([
      "check-then-act by_source confirmed",
      "lost-update by_source.bytes confirmed",
      "lost-update by_source.packets confirmed",
    ]);
    expect(words(await findRaces(tools, { programs: ["count_source_right"] }))).toEqual([]);
  });

  it("a scratch buffer of a CPU is no task's own where tasks preempt", async () => {
    expect(words(await findRaces(tools, { programs: ["log_call"] }))).toEqual([
      "per-cpu-reentry scratch.who confirmed",
    ]);
    expect(words(await findRaces(tools, { programs: ["log_call_right"] }))).toEqual([]);
  });
});

describe("each rule", () => {
  const found: readonly [string[], string[]][] = [
    [["plain_counter"], ["lost-update counter confirmed"]],
    [["plain_narrow"], ["lost-update narrow confirmed"]],
    [["locked", "forgets_lock"], ["lock-not-held accounts.balance confirmed"]],
    [["locked", "forgets_on_one_path"], ["lock-not-held accounts.balance confirmed"]],
    [["forgets_on_one_path"], ["lock-not-held accounts.balance confirmed"]],
    [["locked", "atomic_beside_lock"], ["lock-not-held accounts.moves confirmed"]],
    [["add_atomically", "read_average"], ["split-atomics pairs confirmed"]],
    [["value_of_process"], ["lost-update by_process.count possible"]],
    [["copies_back"], ["copy-modify-update pairs confirmed"]],
  ];
  for (const [programs, expected] of found) {
    it(`finds what is wrong in ${programs.join(" and ")}`, async () => {
      expect(words(await races(...programs))).toEqual(expected);
    });
  }

  it("finds an index that several CPUs can have", async () => {
    expect(
      (await findRaces(rules, { programs: ["slot_of_anything"], witnesses: false })).findings.map(({ field }) => field),
    )
      .toEqual(["slots[*]"]);
  });

  it("finds nothing in what is right", async () => {
    for (const one of ["locked", "atomic_counter", "sets_flag", "slot_of_cpu", "value_of_thread", "replaces"]) {
      expect([one, ...words(await races(one))]).toEqual([one]);
    }
    expect(words(await races("add_atomically"))).toEqual([]);
  });
});

describe("a confirmed finding", () => {
  it("replays from its own workload", async () => {
    const [{ proof }] = (await races("plain_counter")).findings;
    if (proof.state !== "confirmed") throw new Error("confirmed above");
    const { schedule, workload } = proof.witness;
    const run = await simulate(rules, { ...toWorkload(workload), scheduler: replay(schedule) });
    expect(run.final.counter).toBe(1n);
  });

  it("says how to repair a plain addition", async () => {
    const [{ repair, sites, claims, chapter }] = (await races("plain_counter")).findings;
    expect(repair?.[0].after).toContain("__sync_fetch_and_add(&counter, 1);");
    expect([sites[0].prog, sites[0].line?.text.includes("counter += 1"), chapter]).toEqual([
      "plain_counter",
      true,
      "01_race",
    ]);
    expect(claims).toContain("1.2");
  });
});

describe("a listing allows a race", () => {
  it("with a reason, and without one it does not", async () => {
    const allowed = await races("allowed");
    expect([allowed.open.length, allowed.exitCode, allowed.findings[0].allowed]).toEqual([0, 0, "a statistic"]);
    expect((await races("allowed_for_no_reason")).exitCode).toBe(1);
  });
});

describe("the book's correct listings", () => {
  for (const name of ["atomic", "cmpxchg", "map_in_map", "percpu", "spin_lock"]) {
    it(`${name} has no race`, async () => {
      const path = fileURLToPath(new URL(`../../notebooks/progs/${name}.bpf.c`, import.meta.url));
      expect(words(await findRaces(await bpf.file(path)))).toEqual([]);
    });
  }
});

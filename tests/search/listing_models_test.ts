/** C programs under the memory models: plain, with release and acquire, with a full barrier; and what is refused. */
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { bpf } from "../../lib/compile/bpf.ts";
import { explore } from "../../lib/search/explore.ts";
import { exploreUnderModel } from "../../lib/search/memory_model/explore_listing.ts";
import { repairText, witnessText } from "../../lib/search/memory_model/witness_text.ts";
import { plan } from "../../lib/workload/plan.ts";
import type { Workload } from "../../lib/workload/workload.ts";

const object = await bpf.file(fileURLToPath(new URL("./progs/weak_ordering.bpf.c", import.meta.url)));

const on = (...progs: string[]): Workload => ({
  cpus: progs.length,
  programs: progs.map((prog, cpu) => ({ prog, cpus: [cpu], invocations: 1 })),
});
type Holds = Parameters<typeof exploreUnderModel>[2] extends infer O ? NonNullable<O> : never;
const under = (memory: "sc" | "x86" | "bpf", workload: Workload, options: Holds = {}) =>
  exploreUnderModel(plan(object, workload, "explore"), memory, { ...workload, ...options });

/** The data is there when the flag is; one of the two sees the other's store. */
const passed = (values: Readonly<Record<string, unknown>>) => !(values.seen_flag === 1n && values.seen_data === 0n);
const oneSees = (values: Readonly<Record<string, unknown>>) => !(values.saw_x === 0n && values.saw_y === 0n);

describe("three versions under three models", () => {
  const cases = [
    { progs: ["send_plain", "receive_plain"], holds: passed, sc: "Never", x86: "Never", bpf: "Sometimes" },
    { progs: ["send_release", "receive_plain"], holds: passed, sc: "Never", x86: "Never", bpf: "Sometimes" },
    { progs: ["send_release", "receive_acquire"], holds: passed, sc: "Never", x86: "Never", bpf: "Never" },
    { progs: ["send_barrier", "receive_barrier"], holds: passed, sc: "Never", x86: "Never", bpf: "Never" },
    { progs: ["left_plain", "right_plain"], holds: oneSees, sc: "Never", x86: "Sometimes", bpf: "Sometimes" },
    { progs: ["left_release", "right_release"], holds: oneSees, sc: "Never", x86: "Sometimes", bpf: "Sometimes" },
    { progs: ["left_barrier", "right_barrier"], holds: oneSees, sc: "Never", x86: "Never", bpf: "Never" },
    { progs: ["left_barrier", "right_plain"], holds: oneSees, sc: "Never", x86: "Sometimes", bpf: "Sometimes" },
  ] as const;
  for (const { progs, holds, ...expected } of cases) {
    it(progs.join(" | "), async () => {
      for (const memory of ["sc", "x86", "bpf"] as const) {
        const { observation, complete } = await under(memory, on(...progs), { holds });
        expect({ memory, observation, complete }).toEqual({ memory, observation: expected[memory], complete: true });
      }
    });
  }
});

it("under sc and x86, the axioms allow what every schedule of the machine ends in", async () => {
  const workloads = [
    on("send_plain", "receive_plain"),
    on("left_plain", "right_barrier"),
    on("send_release", "receive_acquire", "receive_plain"),
    { cpus: 2, programs: ["count_thrice"], invocations: 1 },
  ];
  for (const workload of workloads) {
    for (const memory of ["sc", "x86"] as const) {
      const searched = await explore(object, { ...workload, memory }), found = await under(memory, workload);
      expect(found.outcomes.map(({ key }) => key).sort()).toEqual(searched.outcomes.map(({ key }) => key).sort());
      expect(found.observation).toBe(searched.observation);
    }
  }
});

it("says how it comes about, what is not kept, and what mends it, with C lines", async () => {
  const { witness, repairs } = await under("bpf", on("send_plain", "receive_plain"), { holds: passed });
  const lines = object.source!.split("\n"),
    lineOf = (text: string) => lines.findIndex((line) => line.includes(text)) + 1;
  const [receive] = [lineOf("seen_flag = LOAD(flag)")], send = lineOf("STORE(flag, 1)");
  const text = witnessText(witness!);
  expect(text).toMatch(/sees flag = 1 +from/);
  expect(text).toMatch(/sees data = 0 +the initial value/);
  expect(text).toContain("NOT KEPT: stores may be seen in another order");
  const mends = repairs!.filter(({ observation }) => observation === "Never");
  expect(mends[0].edits.map(({ kind }) => kind).sort()).toEqual(["acquire", "release"]);
  expect(mends[0].text).toContain(`store_release in line ${send} of send_plain`);
  expect(mends[0].text).toContain(`load_acquire in line ${receive} of receive_plain`);
  expect(repairText(repairs!)).toMatch(/with .*: Never\n/);
});

describe("what the model has no rules for is refused with the line and the reason", () => {
  const refusals: readonly { about: string; workload: Workload; reason: RegExp }[] = [
    {
      about: "a helper",
      workload: on("asks_the_time"),
      reason: /^asks_the_time, line \d+: bpf_ktime_get_ns takes part/,
    },
    {
      about: "two programs on one CPU",
      workload: { cpus: 1, programs: ["send_plain", "receive_plain"], invocations: 1 },
      reason: /receive_plain shares CPU 0 with another task/,
    },
    {
      about: "an interrupt",
      workload: { ...on("send_plain"), interrupts: [{ prog: "receive_plain", cpu: 0 }] },
      reason: /no rules for interrupts/,
    },
  ];
  for (const { about, workload, reason } of refusals) {
    it(about, async () => await expect(under("bpf", workload)).rejects.toThrow(reason));
  }
});

/** explore under the kernel's BPF memory model: executions instead of schedules, in the same result. */
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { bpf } from "../../lib/compile/bpf.ts";
import { explorationText } from "../../lib/report/exploration_text.ts";
import { toJson } from "../../lib/report/json.ts";
import { explore, type ExploreOptions } from "../../lib/search/explore.ts";
import type { MemoryModel } from "../../lib/workload/memory_model.ts";

const object = await bpf.file(fileURLToPath(new URL("./progs/weak_ordering.bpf.c", import.meta.url)));
const passing = (version: string, memory: MemoryModel): ExploreOptions => ({
  cpus: 2,
  programs: [{ prog: `send_${version}`, cpus: [0] }, { prog: `receive_${version}`, cpus: [1] }],
  memory,
  holds: ({ seen_flag, seen_data }) => !(seen_flag === 1n && seen_data === 0n),
});

describe("message passing", () => {
  const expected: Record<string, Record<MemoryModel, string>> = {
    plain: { sc: "Never", x86: "Never", bpf: "Sometimes" },
    release: { sc: "Never", x86: "Never", bpf: "Never" },
    barrier: { sc: "Never", x86: "Never", bpf: "Never" },
  };
  for (const [version, answers] of Object.entries(expected)) {
    const receiver = version === "release" ? "acquire" : version;
    it(`${version}: ${Object.entries(answers).map(([model, answer]) => `${model} ${answer}`).join(", ")}`, async () => {
      for (const memory of ["sc", "x86", "bpf"] as const) {
        const options = passing(version, memory), [sender] = options.programs!;
        const programs = [sender, { prog: `receive_${receiver}`, cpus: [1] }];
        const found = await explore(object, { ...options, programs });
        expect([memory, found.memory.model, found.observation, found.complete]).toEqual(
          [memory, memory, answers[memory], true],
        );
      }
    });
  }

  it("the report says which executions, why, and what mends it; JSON too", async () => {
    const found = await explore(object, passing("plain", "bpf")), text = explorationText(found);
    expect(text).toContain("Every execution was looked at.");
    expect(text).toMatch(/NOT KEPT/);
    expect(text).toMatch(/with store_release in line \d+ of send_plain on cpu0 and load_acquire[^\n]*: Never/);
    expect(text).toContain("memory: bpf");
    const json = JSON.parse(toJson(found));
    expect([json.executions > 0, json.explanation.length, json.memory.model]).toEqual([true, 2, "bpf"]);
  });
});

it("what has no executions is refused with the reason", async () => {
  await expect(explore(object, { cpus: 2, programs: ["asks_the_time"], memory: "bpf" })).rejects.toThrow(
    /bpf_ktime_get_ns/,
  );
});

/** Witnesses under weak models, and repairs that were tried. */
import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { litmus } from "../../lib/search/litmus/litmus.ts";
import { litmusReportText } from "../../lib/search/litmus/report.ts";

const read = (name: string) => readFileSync(new URL(`./data/litmus/${name}.litmus`, import.meta.url), "utf8");
const MP = read("MP").replace(/store_release\(\((u\d+ \*)\)\(([^)]*)\), (r\d+)\)/, "*($1)($2) = $3")
  .replace(/load_acquire\(\((u\d+ \*)\)\(([^)]*)\)\)/, "*($1)($2)");

describe("store buffering", () => {
  it("tells the circle, what is not kept, and that two full barriers mend it", async () => {
    const report = await litmus(read("SB")), text = litmusReportText(report);
    expect(report.witness!.cycle.map(({ kind }) => kind).sort()).toEqual(["fr", "fr", "po", "po"]);
    expect(report.witness!.cycle.filter(({ kind }) => kind === "po").every(({ keptBy }) => keptBy === undefined)).toBe(
      true,
    );
    expect(text).toContain("a before b: program order of P0, NOT KEPT: a store may be seen after a later load");
    const mends = report.repairs!.filter(({ observation }) => observation === "Never");
    expect(mends.map(({ edits }) => edits.map(({ kind }) => kind))).toEqual([["barrier", "barrier"]]);
    expect(text).toMatch(/before line \d+ of P0 and .* before line \d+ of P1: Never/);
  });
});

it("message passing: release and acquire are the smallest repair, and neither alone is one", async () => {
  const { witness, repairs, observation } = await litmus(MP);
  expect(observation).toBe("Sometimes");
  expect(witness!.model).toBe("bpf");
  const mends = repairs!.filter((one) => one.observation === "Never");
  expect(mends[0].edits.map(({ kind }) => kind).sort()).toEqual(["acquire", "release"]);
  expect(repairs!.filter(({ edits }) => edits.length === 1).every((one) => one.observation === "Sometimes")).toBe(true);
});

it("what sequential consistency allows too has no such witness: no order of memory mends it", async () => {
  const { witness, repairs, observation } = await litmus(
    read("CoRR").replace(/exists.*/s, "exists (1:r1=1 /\\ 1:r2=1)\n"),
  );
  expect({ witness, repairs, observation }).toEqual({
    witness: undefined,
    repairs: undefined,
    observation: "Sometimes",
  });
});

it("where every step of program order is kept, it says that a store need not reach all CPUs at once", async () => {
  const iriw = `BPF IRIW+acq
{ 0:r1=x; 1:r1=x; 1:r2=y; 2:r1=y; 3:r1=x; 3:r2=y; }
P0 | P1 | P2 | P3 ;
*(u64 *)(r1 + 0) = 1 | r3 = load_acquire((u64 *)(r1 + 0)) | *(u64 *)(r1 + 0) = 1 | r3 = load_acquire((u64 *)(r2 + 0)) ;
 | r4 = *(u64 *)(r2 + 0) | | r4 = *(u64 *)(r1 + 0) ;
exists (1:r3=1 /\\ 1:r4=0 /\\ 3:r3=1 /\\ 3:r4=0)
`;
  const report = await litmus(iriw);
  expect(report.witness!.cycle.filter(({ kind }) => kind === "po").map(({ keptBy }) => keptBy))
    .toEqual(["load_acquire", "load_acquire"]);
  expect(litmusReportText(report)).toContain("although every step of program order is kept");
});

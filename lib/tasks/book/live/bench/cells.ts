/** What a bench has its kernel run: the same calls that a cell of the book makes. */
import type { BenchState, View } from "./link.ts";

/** The form in which a bench hears which schedule its search found. */
export const SCHEDULE_MIME = "application/vnd.interleave.schedule+json";

/** Names of the files that the code reads. */
const LISTING = "bench.bpf.c", OBJECT = "bench.o", WORKLOAD = "workload.json";

const CODE: Readonly<Record<View, string>> = {
  run: `const run = await simulate(object, { ...workload, seed });
await show(run);
await show(plot.timeline(run));`,
  replay: `const run = await simulate(object, { ...workload, scheduler: replay(schedule) });
await show(run);
await show(plot.timeline(run));`,
  explore: `const all = await explore(object, workload);
await show(all);
if (all.witness) await show({ "${SCHEDULE_MIME}": { schedule: all.witness.schedule }, "text/plain": "" });`,
  play: `await show(await player(object, workload));`,
  verify: `await show(verify(object));`,
};
/** A search or a game of thousands of runs has no end: of more than these it takes one on each CPU. */
const MOST_SEARCHED = 3;

/** Code for a kernel, and the files that it reads. */
export interface BenchCell {
  readonly code: string;
  readonly texts: Readonly<Record<string, string>>;
  readonly binaries: Readonly<Record<string, string>>;
}

/** Nothing of the state becomes code: numbers and the schedule are literals, texts are files. */
export function benchCell(
  { view, source, object, cpus, invocations, seed, schedule, workload }: BenchState,
): BenchCell {
  const isSearch = view === "explore" || view === "play";
  const runs = isSearch && invocations > MOST_SEARCHED ? 1 : invocations;
  const hasWorkload = workload.trim() !== "";
  const own = { cpus, invocations: runs };
  const code = `"use strict";
const { bpf, explore, player, plot, replay, show, simulate, verify, workloadFile } = importModule("interleave");
const object = await bpf.file(${JSON.stringify(object ? OBJECT : LISTING)}, { name: "the listing" });
const workload = ${
    hasWorkload ? `{ ...${JSON.stringify(own)}, ...await workloadFile("${WORKLOAD}") }` : JSON.stringify(own)
  };
const seed = ${JSON.stringify(seed)}, schedule = ${JSON.stringify(schedule)};
${CODE[view]}`;
  return {
    code,
    texts: { [LISTING]: source, ...(hasWorkload && { [WORKLOAD]: workload }) },
    binaries: object ? { [OBJECT]: Array.from(object, (byte) => String.fromCharCode(byte)).join("") } : {},
  };
}

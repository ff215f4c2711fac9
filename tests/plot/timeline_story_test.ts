/** Which lost update a timeline marks: of a finding its own, with the CPU's name and not that of its store buffer. */
import { describe, expect, it } from "vitest";
import { findRaces } from "../../lib/check/find_races.ts";
import { bpf } from "../../lib/compile/bpf.ts";
import { racesDisplays } from "../../lib/jupyter/show.ts";
import { timeline } from "../../lib/plot/timeline.ts";
import { storiesOf } from "../../lib/plot/timeline_story.ts";
import { explore } from "../../lib/search/explore.ts";

const two = await bpf`
struct totals { long first, second; };
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, int);
	__type(value, struct totals);
} totals SEC(".maps");

SEC("raw_tp")
int add_both(void *ctx)
{
	int key = 0;
	struct totals *t = bpf_map_lookup_elem(&totals, &key);

	if (!t)
		return 0;
	t->first += 1;
	t->second += 1;
	return 0;
}
`;

const inserted = await bpf`
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 4);
	__type(key, int);
	__type(value, long);
} hits SEC(".maps");

SEC("raw_tp")
int count_hits(void *ctx)
{
	int key = 0;
	long one = 1, *value = bpf_map_lookup_elem(&hits, &key);

	if (value)
		__sync_fetch_and_add(value, 1);
	else
		bpf_map_update_elem(&hits, &key, &one, BPF_ANY);
	return 0;
}
`;

describe("the story of a timeline", () => {
  it("of a finding is its own field's, whatever else is lost in the same steps", async () => {
    const races = await findRaces(two);
    expect(races.confirmed.map(({ field }) => field)).toEqual(["totals.first", "totals.second"]);
    const told = races.toParts().flatMap(({ witness }) => witness ? [witness] : []);
    const of = told.map(({ trace, about }) => storiesOf(trace, about).map(({ arrow }) => trace[arrow.to].target));
    expect(of).toEqual([["totals[0].first"], ["totals[0].second"]]);
    // Without a finding all are told; each witness loses both.
    expect(told.map(({ trace }) => storiesOf(trace).length)).toEqual([2, 2]);
    const pictures = (await racesDisplays(races)).flatMap(({ data }) => data["image/svg+xml"] ?? []).map(String);
    expect(pictures.map((svg) => svg.match(/>lost</g)?.length)).toEqual([1, 1]);
    // So does the text below the picture, which is the picture's twin.
    for (const [n, { trace, about }] of told.entries()) {
      const marked = timeline(trace, { about }).text.split("\n").filter((line) => /lost at|overwrites/.test(line));
      expect(marked.length).toBe(2);
      for (const line of marked) expect(line).toContain(n === 0 ? "first" : "second");
    }
  });

  it("of a check and an act is what comes in between", async () => {
    const races = await findRaces(inserted), [{ witness }] = races.toParts().filter((part) => part.witness);
    expect(races.confirmed.map(({ name }) => name)).toEqual(["check-then-act"]);
    const { trace, about } = witness!, [story, ...others] = storiesOf(trace, about);
    expect(others).toEqual([]);
    const { from, to } = story.span, between = trace[story.arrow.from];
    expect([trace[from].target?.includes("bucket"), trace[from].cpu]).toEqual([true, trace[to].cpu]);
    expect([between.insn, between.cpu !== trace[to].cpu]).toEqual([trace[to].insn, true]);
  });

  it("names CPUs, not their store buffers, and the reader's data, not the kernel's", async () => {
    const found = await explore(inserted, { cpus: 2, invocations: 2 });
    expect(found.witness!.trace.some(({ kind }) => kind === "flush")).toBe(true);
    for (const { finding } of storiesOf(found.witness!.trace)) expect(finding).not.toMatch(/buffer of|bucket/);
  });

  it("where there is none says what the steps are", async () => {
    const found = await explore(two, { cpus: 1, invocations: 1, holds: () => false });
    expect(timeline(found.witness!, { otherwise: "How it ends" }).caption).toMatch(/^How it ends\./);
    expect(timeline(found.witness!).caption).toMatch(/^The steps that lead to this ending\./);
    expect(timeline(found.witness!.trace).caption).toMatch(/^No update is lost/);
  });
});

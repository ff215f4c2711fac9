/** Shards of a search, put together, are the search; what is not all there is unknown. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { fileURLToPath } from "node:url";
import { afterAll, describe, expect, it } from "vitest";
import { bpf } from "../../lib/compile/bpf.ts";
import { isDeno } from "../../lib/host/environment.ts";
import { runCommand } from "../../lib/host/run_command.ts";
import type { BpfObject } from "../../lib/object/bpf_object.ts";
import type { Exploration, ExploreOptions } from "../../lib/search/exploration.ts";
import { explore } from "../../lib/search/explore.ts";
import { type ExploredShard, exploreShard, mergeExplored } from "../../lib/search/explore_shards.ts";
import { openSearch, sealSearch } from "../../lib/sweeps/shard_file.ts";

const racy = await bpf`int counter; SEC("raw_tp") int count(void *ctx) { counter += 1; return 0; }`;
const RACY: ExploreOptions = { cpus: 2, invocations: 3 };

const inShards = async (object: BpfObject, options: ExploreOptions, count: number): Promise<ExploredShard[]> => {
  const shards: ExploredShard[] = [];
  for (let index = 1; index <= count; index++) {
    shards.unshift(openSearch(sealSearch(await exploreShard(object, options, { index, count })), `${index}.json`));
  }
  return shards;
};

/** What an answer says, but for how it was come by. */
const answer = (found: Exploration) => ({
  observation: found.observation,
  complete: found.complete,
  outcomes: found.outcomes.map(({ key, values, serial, anomaly }) => ({ key, values, serial, anomaly })).sort((a, b) =>
    a.key < b.key ? -1 : 1
  ),
  stuck: found.stuck.map(({ kind, message }) => `${kind}: ${message}`).sort(),
  witness: found.witness?.schedule,
  coverage: found.coverage,
  schedules: found.schedules,
  open: found.openConditions,
  kinds: found.verdicts.map(({ kind }) => kind).sort(),
});

describe("shards of a search, put together, are the search", () => {
  const same = (name: string, make: () => Promise<BpfObject>, options: ExploreOptions) =>
    it(name, async () => {
      const object = await make(), whole = await explore(object, options);
      for (const count of [1, 3]) {
        const merged = await mergeExplored(object, options, await inShards(object, options, count));
        expect(answer(merged)).toEqual(answer(whole));
        expect(merged.states).toBeGreaterThanOrEqual(whole.states);
        if (count === 1 && options.reduction === false) expect(merged.states).toBe(whole.states);
      }
    });

  same("of programs whose steps are kept", () => Promise.resolve(racy), { ...RACY, symmetry: false, reduction: false });
  same("of tasks that are taken for one another", () => Promise.resolve(racy), RACY);
  same(
    "of kernel models, under every layout of a hash map",
    () =>
      bpf`struct { __uint(type, BPF_MAP_TYPE_HASH); __uint(max_entries, 2); __type(key, int); __type(value, long); } counts SEC(".maps");
SEC("raw_tp") int count(void *ctx)
{
	int key = bpf_get_smp_processor_id();
	long one = 1;

	bpf_map_update_elem(&counts, &key, &one, BPF_ANY);
	return 0;
}
`,
    { cpus: 2, prepare: (user) => user.update("counts", 7, 1n) },
  );
  same("of deadlocks and livelocks", () =>
    bpf`volatile unsigned long first, second;
SEC("raw_tp") int upwards(void *ctx)
{
	while (__sync_lock_test_and_set(&first, 1))
		;
	while (__sync_lock_test_and_set(&second, 1))
		;
	first = second = 0;
	return 0;
}
SEC("raw_tp") int downwards(void *ctx)
{
	while (__sync_lock_test_and_set(&second, 1))
		;
	while (__sync_lock_test_and_set(&first, 1))
		;
	first = second = 0;
	return 0;
}
`, { programs: [{ prog: "upwards", cpus: [0] }, { prog: "downwards", cpus: [1] }], cpus: 2, verify: false });
});

describe("shards that do not make a search", () => {
  it("leave the answer unknown while one is missing, or was stopped", async () => {
    const atomic = await bpf`
int counter;
SEC("raw_tp") int count(void *ctx) { __sync_fetch_and_add(&counter, 1); return 0; }
`;
    const shards = await inShards(atomic, RACY, 3);
    const most = await mergeExplored(atomic, RACY, shards.filter(({ shard }) => shard !== 2));
    expect([most.complete, most.observation, most.unknown]).toEqual([false, "Unknown", "shard 2 of 3, not there"]);
    expect((await mergeExplored(atomic, RACY, shards)).observation).toBe("Never");
    const bounded = { ...RACY, symmetry: false, reduction: false };
    const stopped = await exploreShard(racy, { ...bounded, bounds: { states: 12 } }, { index: 2, count: 2 });
    const rest = await exploreShard(racy, bounded, { index: 1, count: 2 });
    const merged = await mergeExplored(racy, bounded, [stopped, rest]);
    expect([merged.complete, merged.unknown]).toEqual([false, "12 states"]);
  });

  it("are refused by what is wrong with them", async () => {
    const [shard] = await inShards(racy, RACY, 2),
      merge = (options: ExploreOptions, shards: ExploredShard[]) => mergeExplored(racy, options, shards);
    await expect(merge(RACY, [])).rejects.toThrow("nothing to merge");
    await expect(merge(RACY, [shard, shard])).rejects.toThrow("shard 2/2 is there twice");
    await expect(merge({ ...RACY, cpus: 3 }, [shard])).rejects.toThrow("of another workload");
    await expect(merge({ ...RACY, symmetry: false }, [shard])).rejects.toThrow("of another workload");
    await expect(merge(RACY, [{ ...shard, listing: "00" }])).rejects.toThrow("of another listing");
    await expect(merge(RACY, [shard, { ...shard, shard: 1, of: 3 }])).rejects.toThrow("different searches");
    const text = sealSearch(shard);
    expect(() => openSearch(text.replace('"states":', '"states":1'), "a.json")).toThrow(/^a\.json: .* damaged/);
    expect(() => openSearch(text.slice(0, 300), "a.json")).toThrow(/^a\.json: /);
    expect(() => openSearch(text.replace("search 1", "sweep 2"), "a.json")).toThrow(/^a\.json: .*run the shard again/);
  });

  it("do not hide that one shard saw another task at data that a second shard took for one task's own", async () => {
    const shards = await inShards(racy, RACY, 2), [one, other] = shards;
    const owners = (shard: ExploredShard, owner: number): ExploredShard => ({
      ...shard,
      parts: shard.parts.map((part) => ({ ...part, owners: [[4096, owner]] })),
    });
    expect((await mergeExplored(racy, RACY, [owners(one, 0), owners(other, 0)])).complete).toBe(true);
    expect((await mergeExplored(racy, RACY, [owners(one, 0), owners(other, 1)])).unknown).toMatch(/--no-reduction/);
  });
});

const root = fileURLToPath(new URL("../..", import.meta.url));
const folder = mkdtempSync(join(tmpdir(), "interleave-shards-"));
afterAll(() => rmSync(folder, { recursive: true }));

const there = async (command: string, ...args: string[]): Promise<boolean> =>
  (await runCommand(command, args).catch(() => undefined))?.status === 0;
const why = isDeno ? process.platform === "win32" ? "no sh" : undefined : "needs Deno";
const noParallel = why ?? (await there("parallel", "--version") ? undefined : "GNU parallel is not installed");
const noDask = why ?? (await there("python3", "-c", "import distributed") ? undefined : "Dask is not installed");
const skipped = (reason: string | undefined) => reason === undefined ? "" : ` (skipped: ${reason})`;

/** A command that searches; the first time that it is asked for shard 2, it or its parent is killed in the middle. */
function command(name: string, victim: "$search" | "$PPID"): string {
  const file = join(folder, `${name}.sh`), deno = process.execPath, marker = join(folder, `${name}.died`);
  const search = `"${deno}" run -A --no-check lib/cli.ts explore notebooks/progs/race.bpf.c --cpus 2 --invocations 3`;
  writeFileSync(
    file,
    `cd "${root}"
case "$*" in *" 2/"*) if [ ! -e "${marker}" ]; then
  touch "${marker}"
  ${search} "$@" & search=$!
  sleep 0.2
  kill -9 ${victim}
  wait $search
  exit 1
fi;; esac
exec ${search} "$@"
`,
  );
  return file;
}

async function expectMerged(name: string): Promise<void> {
  expect(readFileSync(join(folder, `${name}.died`), "utf8")).toBe("");
  const object = await bpf.file(join(root, "notebooks/progs/race.bpf.c"));
  const shards = [1, 2, 3].map((i) => openSearch(readFileSync(join(folder, name, `shard-${i}.json`), "utf8"), `${i}`));
  const merged = await mergeExplored(object, RACY, shards);
  expect(answer(merged)).toEqual(answer(await explore(object, RACY)));
}

describe("engines that share a search out, with a worker killed in the middle", () => {
  (noParallel === undefined ? it : it.skip)(`GNU parallel${skipped(noParallel)}`, async () => {
    const run = command("parallel", "$search"), out = join(folder, "parallel");
    const line = `mkdir -p ${out} && sh ${run} --shard {}/3 > ${out}/shard-{}.json`;
    const result = await runCommand("parallel", ["--will-cite", "--retries", "3", line, ":::", "1", "2", "3"]);
    expect([result?.status, result?.stdout]).toEqual([0, ""]);
    await expectMerged("parallel");
  });

  (noDask === undefined ? it : it.skip)(`Dask${skipped(noDask)}`, async () => {
    const run = command("dask", "$PPID"), out = mkdtempSync(join(folder, "dask")), script = "search_on_dask.py";
    const args = [join(root, ".batch", script), "3", out, "sh", run];
    const result = await runCommand("python3", args, { cwd: folder });
    expect(result?.stdout.split("\n").filter((line) => line.endsWith(".json")).length, result?.stderr).toBe(3);
    await runCommand("mv", [out, join(folder, "dask")]);
    await expectMerged("dask");
  });
});

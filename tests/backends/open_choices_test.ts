/** What the kernel leaves open: the running kernel ends in several ways, each of which a search has found. */
import { availableParallelism } from "node:os";
import { afterAll, describe, expect, it } from "vitest";
import { linuxAvailable } from "../../lib/backends/linux/available.ts";
import { runOnLinux } from "../../lib/backends/linux/run.ts";
import { bpf } from "../../lib/compile/bpf.ts";
import type { UserApi } from "../../lib/maps/user_space.ts";
import { explore } from "../../lib/search/explore.ts";
import { KernelAgreement } from "../kernel_agreement.ts";

/** Times that maps are made anew: each time with seeds of their own. */
const LOADS = 12;

describe("what the kernel leaves open", () => {
  const agreement = new KernelAgreement("what the kernel leaves open");
  afterAll(() => agreement.print());
  const availability = linuxAvailable();
  const onKernel = availability.available ? it : it.skip;
  const reason = availability.available ? "" : ` (skipped: ${availability.reason})`;
  const onTwoCpus = availability.available && availableParallelism() > 1 ? it : it.skip;
  const twoReason = reason || (availableParallelism() > 1 ? "" : " (skipped: one CPU)");

  onKernel(`a walk that updates what it comes upon goes round, or ends${reason}`, async () => {
    const object = await bpf`
struct { __uint(type, BPF_MAP_TYPE_HASH); __uint(max_entries, 2); __type(key, __u32); __type(value, __u64); }
hits SEC(".maps");
SEC("tc") int idle(void *ctx) { return 0; }
`;
    const reset = {
      name: "reset",
      *body(user: UserApi) {
        yield* user.update("hits", 1, 5);
        yield* user.update("hits", 2, 6);
        let key = yield* user.nextKey("hits");
        for (let steps = 0; key !== undefined; key = yield* user.nextKey("hits", key as bigint)) {
          if (++steps > 4) return "goes round";
          yield* user.update("hits", key as bigint, 0);
        }
        return "ends";
      },
    };
    const workload = { cpus: 1, programs: ["idle"], invocations: 1, user: [reset] };
    const predicted = new Set((await explore(object, workload)).outcomes.map(({ returned }) => returned!.reset));
    await agreement.values("walks", async () => {
      const seen = new Set<unknown>();
      for (let load = 0; load < LOADS; load++) {
        seen.add((await runOnLinux(object, { ...workload, repeats: 1, durationMs: 1 })).returned.reset);
      }
      expect(seen).toEqual(predicted);
    });
  });

  onTwoCpus(
    `entries beyond max_entries where there are several buckets, none where there is one${twoReason}`,
    async () => {
      const object = await bpf`
long beyond;
static long each(void *map, u32 *key, u64 *value, void *ctx) { return 0; }
#define MAP(map, entries)                                                                                              \
	struct { __uint(type, BPF_MAP_TYPE_HASH); __uint(map_flags, BPF_F_NO_PREALLOC); __uint(max_entries, entries);  \
		__type(key, u32); __type(value, u64); } map SEC(".maps");                                              \
	SEC("tc") int insert_##map(void *ctx)                                                                          \
	{                                                                                                              \
		u32 key = 10 + bpf_get_smp_processor_id();                                                             \
		u64 value = 1;                                                                                         \
		if (bpf_map_update_elem(&map, &key, &value, BPF_ANY)) return 0;                                        \
		if (bpf_for_each_map_elem(&map, each, 0, 0) > entries) __sync_fetch_and_add(&beyond, 1);               \
		bpf_map_delete_elem(&map, &key);                                                                       \
		return 0;                                                                                              \
	}
MAP(three, 3)
MAP(single, 1)
`;
      for (const [map, entries] of [["three", 2], ["single", 0]] as const) {
        const prepare = function* (user: UserApi) {
          for (let key = 1; key <= entries; key++) yield* user.update(map, key, 1);
        };
        const workload = { cpus: 2, invocations: 1, programs: [`insert_${map}`], prepare };
        const { observation } = await explore(object, { ...workload, holds: ({ beyond }) => beyond === 0n });
        expect(observation).toBe(entries === 0 ? "Never" : "Sometimes");
        await agreement.values(`entries beyond max_entries of ${map}`, async () => {
          const seen = new Set<boolean>();
          for (let load = 0; load < LOADS && !seen.has(true); load++) {
            const run = await runOnLinux(object, { ...workload, invocations: 100_000, repeats: 1 });
            seen.add((run.final.beyond as bigint) > 0n);
          }
          expect(seen.has(true)).toBe(observation === "Sometimes");
        });
      }
    },
  );
});

/** A look-up's mark of use decides what an LRU map evicts: both orders are searched. Found by a random scenario. */
import { describe, expect, it } from "vitest";
import { bpf } from "../../lib/compile/bpf.ts";
import { explore } from "../../lib/search/explore.ts";

const object = await bpf`#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

struct { __uint(type, BPF_MAP_TYPE_LRU_HASH); __uint(max_entries, 4); __uint(map_flags, BPF_F_ZERO_SEED); __type(key, __u32); __type(value, __u64); }
recent SEC(".maps");

SEC("raw_tp") int insert(void *ctx)
{
	__u32 key = 9;
	__u64 one = 1;
	bpf_map_update_elem(&recent, &key, &one, BPF_ANY);
	return 0;
}

SEC("raw_tp") int look_up(void *ctx)
{
	__u32 key = 1;
	bpf_map_lookup_elem(&recent, &key);
	return 0;
}
`;

describe("eviction from an LRU map", () => {
  for (const reduction of [true, false]) {
    it(`spares a key that was looked up before, and takes one that was not${reduction ? "" : ", without reduction"}`, async () => {
      const all = await explore(object, {
        cpus: 2,
        programs: [{ prog: "insert", cpus: [0] }, { prog: "look_up", cpus: [1] }],
        reduction,
        prepare: function* (user) {
          for (const key of [1, 2, 3, 4]) yield* user.update("recent", key, key);
        },
      });
      expect([all.complete, all.stuck]).toEqual([true, []]);
      const left = all.outcomes.map(({ values }) => Object.keys(values).sort().join(" ")).sort();
      expect(left).toEqual(["recent[1] recent[3] recent[4] recent[9]", "recent[2] recent[3] recent[4] recent[9]"]);
    });
  }
});

/** Two resilient locks in two orders: the witness is a CPU that is refused one. */
import { inspect } from "node:util";
import { describe, expect, it } from "vitest";
import { findRaces } from "../../lib/check/find_races.ts";
import { bpf } from "../../lib/compile/bpf.ts";

const object = await bpf`#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

struct guarded {
	struct bpf_res_spin_lock lock;
	int count;
};
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, int);
	__type(value, struct guarded);
} left SEC(".maps"), right SEC(".maps");

/* A move from one side to the other that a refused lock leaves undone. */
static __always_inline int move(void *from_map, void *to_map)
{
	int zero = 0;
	struct guarded *from = bpf_map_lookup_elem(from_map, &zero), *to = bpf_map_lookup_elem(to_map, &zero);

	if (!from || !to || bpf_res_spin_lock(&from->lock))
		return 0;
	if (!bpf_res_spin_lock(&to->lock)) {
		from->count -= 1;
		to->count += 2;
		bpf_res_spin_unlock(&to->lock);
	}
	bpf_res_spin_unlock(&from->lock);
	return 0;
}

SEC("tc") int to_right(void *ctx) { return move(&left, &right); }
SEC("tc") int to_left(void *ctx) { return move(&right, &left); }
`;

describe("locks in two orders", () => {
  it("have a witness in which a CPU is refused the one that it wants", async () => {
    const { findings } = await findRaces(object);
    expect(findings.map(({ name, proof }) => `${name} ${proof.state}`)).toEqual(["lock-order confirmed"]);
    const [{ proof }] = findings;
    expect(inspect(proof, { depth: 9, maxArrayLength: 400 })).toContain("release_held_lock_entry");
  });
});

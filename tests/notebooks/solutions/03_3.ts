import { bpf } from "../../../lib/compile/bpf.ts";

/** One section for both accounts, and an audit that takes the lock as well. */
export default () =>
  bpf`
struct accounts { struct bpf_spin_lock lock; int a, b; };
struct { __uint(type, BPF_MAP_TYPE_ARRAY); __type(key, int); __type(value, struct accounts); __uint(max_entries, 1); } bank SEC(".maps");
long wrong;

SEC("tc") int transfer(void *ctx)
{
	int key = 0;
	struct accounts *acc = bpf_map_lookup_elem(&bank, &key);

	if (!acc)
		return 0;
	bpf_spin_lock(&acc->lock);
	acc->a -= 10;
	acc->b += 10;
	bpf_spin_unlock(&acc->lock);
	return 0;
}

SEC("tc") int audit(void *ctx)
{
	int key = 0, total;
	struct accounts *acc = bpf_map_lookup_elem(&bank, &key);

	if (!acc)
		return 0;
	bpf_spin_lock(&acc->lock);
	total = acc->a + acc->b;
	bpf_spin_unlock(&acc->lock);
	if (total != 0)
		__sync_fetch_and_add(&wrong, 1);
	return 0;
}
`;

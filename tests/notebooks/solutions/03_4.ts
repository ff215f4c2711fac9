import { bpf } from "../../../lib/compile/bpf.ts";

/** An atomic counts and numbers the events; only every tenth run takes the lock. */
export default () =>
  bpf`
struct totals { struct bpf_spin_lock lock; int tens, marked; };
struct { __uint(type, BPF_MAP_TYPE_ARRAY); __type(key, int); __type(value, struct totals); __uint(max_entries, 1); } totals SEC(".maps");
unsigned long events;
long wrong;

SEC("tc") int count(void *ctx)
{
	int key = 0;
	struct totals *t;

	if ((__sync_fetch_and_add(&events, 1) + 1) % 10 != 0)
		return 0;
	t = bpf_map_lookup_elem(&totals, &key);
	if (!t)
		return 0;
	bpf_spin_lock(&t->lock);
	t->tens += 1;
	t->marked += 10;
	bpf_spin_unlock(&t->lock);
	return 0;
}

SEC("tc") int audit(void *ctx)
{
	int key = 0, tens, marked;
	struct totals *t = bpf_map_lookup_elem(&totals, &key);

	if (!t)
		return 0;
	bpf_spin_lock(&t->lock);
	tens = t->tens;
	marked = t->marked;
	bpf_spin_unlock(&t->lock);
	if (tens * 10 != marked)
		__sync_fetch_and_add(&wrong, 1);
	return 0;
}
`;

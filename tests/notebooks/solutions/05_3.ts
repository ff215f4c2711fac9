import { bpf } from "../../../lib/compile/bpf.ts";

/** In place, under the value's own lock. */
export default () =>
  bpf`
struct value { struct bpf_spin_lock lock; int a, b; };
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__type(key, __u32);
	__type(value, struct value);
	__uint(max_entries, 2);
} values SEC(".maps");

SEC("tc")
int raise(void *ctx)
{
	__u32 key = 0;
	struct value *value = bpf_map_lookup_elem(&values, &key);

	if (!value)
		return 0;
	bpf_spin_lock(&value->lock);
	value->a += 1;
	value->b += 1;
	bpf_spin_unlock(&value->lock);
	return 0;
}
`;

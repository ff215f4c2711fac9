import { bpf } from "../../../lib/compile/bpf.ts";

/** Both halves in one atomic addition. */
export default () =>
  bpf`
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, __u64);
} flat SEC(".maps");

SEC("raw_tp") int count(void *ctx)
{
	__u32 key = 0;
	__u64 *value = bpf_map_lookup_elem(&flat, &key);

	if (!value)
		return 0;
	__sync_fetch_and_add(value, 1 + (2ULL << 32));
	return 0;
}
`;

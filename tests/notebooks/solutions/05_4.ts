import { bpf } from "../../../lib/compile/bpf.ts";

/** Both halves in one atomic addition. */
export default () =>
  bpf`
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__type(key, __u32);
	__type(value, __u64);
	__uint(max_entries, 1);
} values SEC(".maps");

SEC("tc")
int raise(void *ctx)
{
	__u32 key = 0;
	__u64 *value = bpf_map_lookup_elem(&values, &key);

	if (!value)
		return 0;
	__sync_fetch_and_add(value, 1 + (1ULL << 32));
	return 0;
}
`;

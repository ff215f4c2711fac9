import { bpf } from "../../../lib/compile/bpf.ts";

/** Who inserts second replaces what the first one counted. */
export default () =>
  bpf`
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 16);
	__type(key, __u32);
	__type(value, __u64);
} hits SEC(".maps");

SEC("raw_tp")
int count(void *ctx)
{
	__u32 key = 7;
	__u64 one = 1, *hit = bpf_map_lookup_elem(&hits, &key);

	if (hit)
		__sync_fetch_and_add(hit, 1);
	else
		bpf_map_update_elem(&hits, &key, &one, BPF_ANY);
	return 0;
}
`;

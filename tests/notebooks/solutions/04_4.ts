import { bpf } from "../../../lib/compile/bpf.ts";

/** A copy for each CPU against the other CPUs, an atomic against the interrupts of this one. */
export default () =>
  bpf`
struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__type(key, __u32);
	__type(value, __u64);
	__uint(max_entries, 1);
} counters SEC(".maps");

SEC("raw_tp")
int count(void *ctx)
{
	__u32 key = 0;
	__u64 *count = bpf_map_lookup_elem(&counters, &key);

	if (count)
		__sync_fetch_and_add(count, 1);
	return 0;
}
`;

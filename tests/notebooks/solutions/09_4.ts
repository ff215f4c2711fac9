import { bpf } from "../../../lib/compile/bpf.ts";

/** A histogram for each CPU; between the steps of a raw tracepoint no other run of it comes on its CPU. */
export default () =>
  bpf`
struct histogram { __u64 slots[8]; __u64 total; };
struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct histogram);
} latency SEC(".maps");

SEC("raw_tp")
int measure(void *ctx)
{
	__u32 key = 0;
	__u64 slot = bpf_ktime_get_ns() >> 10 & 7;
	struct histogram *histogram = bpf_map_lookup_elem(&latency, &key);

	if (!histogram)
		return 0;
	histogram->slots[slot] += 1;
	histogram->total += 1;
	return 0;
}
`;

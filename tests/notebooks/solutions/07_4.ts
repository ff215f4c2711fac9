import { bpf } from "../../../lib/compile/bpf.ts";

/** Each CPU counts for itself; the reader adds up. */
export default () =>
  bpf`
struct { __uint(type, BPF_MAP_TYPE_PERCPU_ARRAY); __type(key, int); __type(value, long); __uint(max_entries, 1); } counts SEC(".maps");

SEC("tc") int count(void *ctx)
{
	int key = 0;
	long *count = bpf_map_lookup_elem(&counts, &key);

	if (count)
		*count += 1;
	return 0;
}
`;

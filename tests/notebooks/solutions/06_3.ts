import { bpf } from "../../../lib/compile/bpf.ts";

/** One look-up, one map. */
export default () =>
  bpf`
struct inner { __uint(type, BPF_MAP_TYPE_ARRAY); __uint(max_entries, 1); __type(key, __u32); __type(value, __u64); } front SEC(".maps"), back SEC(".maps");
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY_OF_MAPS);
	__uint(max_entries, 1);
	__type(key, __u32);
	__array(values, struct inner);
} outer SEC(".maps") = { .values = { [0] = &front } };
long two_maps;

SEC("raw_tp") int look_twice(void *ctx)
{
	__u32 slot = 0;
	void *map = bpf_map_lookup_elem(&outer, &slot);
	__u64 *count;

	if (!map)
		return 0;
	count = bpf_map_lookup_elem(map, &slot);
	if (!count)
		return 0;
	__sync_fetch_and_add(count, 1);
	if (READ_ONCE(*count) == 0)
		two_maps = 1;
	return 0;
}
`;

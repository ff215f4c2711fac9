import { bpf } from "../../../lib/compile/bpf.ts";

/** Atomic, although no other CPU can reach the copy. */
export default () =>
  bpf`
struct traffic { __u64 packets, bytes; };
struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__type(key, __u32);
	__type(value, struct traffic);
	__uint(max_entries, 1);
} traffic SEC(".maps");

static __always_inline int count(__u64 size)
{
	__u32 key = 0;
	struct traffic *t = bpf_map_lookup_elem(&traffic, &key);

	if (!t)
		return 0;
	__sync_fetch_and_add(&t->packets, 1);
	__sync_fetch_and_add(&t->bytes, size);
	return 0;
}

SEC("raw_tp") int in_process(void *ctx) { return count(100); }
SEC("raw_tp") int in_interrupt(void *ctx) { return count(40); }
`;

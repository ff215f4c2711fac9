import { bpf } from "../../../lib/compile/bpf.ts";

/** Zeros are inserted once, whoever comes first; then all add atomically. */
export default () =>
  bpf`
struct traffic { __u64 packets; __u64 bytes; };
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 64);
	__type(key, __u32);
	__type(value, struct traffic);
} by_source SEC(".maps");

SEC("xdp")
int count_source(struct xdp_md *ctx)
{
	__u32 source = ctx->ingress_ifindex;
	struct traffic none = {}, *found = bpf_map_lookup_elem(&by_source, &source);

	if (!found) {
		bpf_map_update_elem(&by_source, &source, &none, BPF_NOEXIST);
		found = bpf_map_lookup_elem(&by_source, &source);
		if (!found)
			return XDP_PASS;
	}
	__sync_fetch_and_add(&found->packets, 1);
	__sync_fetch_and_add(&found->bytes, 64);
	return XDP_PASS;
}
`;

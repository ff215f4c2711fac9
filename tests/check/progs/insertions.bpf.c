// Insertions with BPF_NOEXIST: who is refused loses what it wanted to insert, unless it looks at the result or looks the
// value up again. The first two lose a count, the others lose nothing.
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

char LICENSE[] SEC("license") = "GPL";

struct traffic { __u64 packets, bytes; };

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 4);
	__type(key, __u32);
	__type(value, struct traffic);
} sources SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 4);
	__type(key, __u32);
	__type(value, __u64);
} first_seen SEC(".maps");

__u64 firsts, refused;

SEC("xdp")
int else_inserts(struct xdp_md *ctx)
{
	__u32 key = ctx->ingress_ifindex;
	struct traffic one = { 1, 64 }, *found = bpf_map_lookup_elem(&sources, &key);

	if (found) {
		__sync_fetch_and_add(&found->packets, 1);
		__sync_fetch_and_add(&found->bytes, 64);
	} else
		bpf_map_update_elem(&sources, &key, &one, BPF_NOEXIST);
	return XDP_PASS;
}

SEC("xdp")
int inserts_and_returns(struct xdp_md *ctx)
{
	__u32 key = ctx->ingress_ifindex;
	struct traffic one = { 1, 64 };
	struct traffic *found = bpf_map_lookup_elem(&sources, &key);

	if (!found) {
		bpf_map_update_elem(&sources, &key, &one, BPF_NOEXIST);
		return XDP_PASS;
	}
	__sync_fetch_and_add(&found->packets, 1);
	__sync_fetch_and_add(&found->bytes, 64);
	return XDP_PASS;
}

SEC("xdp")
int looks_at_the_result(struct xdp_md *ctx)
{
	__u32 key = ctx->ingress_ifindex;
	struct traffic one = { 1, 64 }, *found = bpf_map_lookup_elem(&sources, &key);

	if (!found) {
		if (!bpf_map_update_elem(&sources, &key, &one, BPF_NOEXIST))
			return XDP_PASS;
		found = bpf_map_lookup_elem(&sources, &key);
		if (!found)
			return XDP_PASS;
	}
	__sync_fetch_and_add(&found->packets, 1);
	__sync_fetch_and_add(&found->bytes, 64);
	return XDP_PASS;
}

SEC("xdp")
int inserts_zeros_and_looks_again(struct xdp_md *ctx)
{
	__u32 key = ctx->ingress_ifindex;
	struct traffic none = {}, *found = bpf_map_lookup_elem(&sources, &key);

	if (!found) {
		bpf_map_update_elem(&sources, &key, &none, BPF_NOEXIST);
		found = bpf_map_lookup_elem(&sources, &key);
		if (!found)
			return XDP_PASS;
	}
	__sync_fetch_and_add(&found->packets, 1);
	__sync_fetch_and_add(&found->bytes, 64);
	return XDP_PASS;
}

/* What it inserts stands for the source, whoever was first; what this packet adds comes after. */
SEC("xdp")
int starts_and_looks_again(struct xdp_md *ctx)
{
	__u32 key = ctx->ingress_ifindex;
	struct traffic start = { 0, 8 }, *found = bpf_map_lookup_elem(&sources, &key);

	if (!found) {
		bpf_map_update_elem(&sources, &key, &start, BPF_NOEXIST);
		found = bpf_map_lookup_elem(&sources, &key);
		if (!found)
			return XDP_PASS;
	}
	__sync_fetch_and_add(&found->packets, 1);
	__sync_fetch_and_add(&found->bytes, 64);
	return XDP_PASS;
}

SEC("xdp")
int counts_the_refused(struct xdp_md *ctx)
{
	__u32 key = ctx->ingress_ifindex;
	struct traffic one = { 1, 64 }, *found = bpf_map_lookup_elem(&sources, &key);

	if (found) {
		__sync_fetch_and_add(&found->packets, 1);
		__sync_fetch_and_add(&found->bytes, 64);
	} else if (bpf_map_update_elem(&sources, &key, &one, BPF_NOEXIST))
		__sync_fetch_and_add(&refused, 1);
	return XDP_PASS;
}

/* Makes room for others, who count: an empty value loses nothing. */
SEC("xdp")
int makes_room(struct xdp_md *ctx)
{
	__u32 key = ctx->ingress_ifindex;
	struct traffic none = {};

	if (!bpf_map_lookup_elem(&sources, &key))
		bpf_map_update_elem(&sources, &key, &none, BPF_NOEXIST);
	return XDP_PASS;
}

/* The first one's time stands, as it would one after another. */
SEC("xdp")
int remembers_the_first(struct xdp_md *ctx)
{
	__u32 key = ctx->ingress_ifindex;
	__u64 now = 7;

	if (!bpf_map_lookup_elem(&first_seen, &key))
		bpf_map_update_elem(&first_seen, &key, &now, BPF_NOEXIST);
	return XDP_PASS;
}

SEC("xdp")
int counts_firsts(struct xdp_md *ctx)
{
	__u32 key = ctx->ingress_ifindex;
	__u64 one = 1;

	if (bpf_map_lookup_elem(&first_seen, &key))
		return XDP_PASS;
	if (!bpf_map_update_elem(&first_seen, &key, &one, BPF_NOEXIST))
		__sync_fetch_and_add(&firsts, 1);
	return XDP_PASS;
}

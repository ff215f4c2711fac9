// Kinds of races that public trackers tell of, in listings of our own: each as it was, and as it was mended (`_right`).
#include "vmlinux.h"
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_tracing.h>

char LICENSE[] SEC("license") = "GPL";

// An XDP counter by protocol: the first packet of a protocol is counted by whoever inserts, and the other one's is gone.

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 256);
	__type(key, __u32);
	__type(value, __u64);
} by_protocol SEC(".maps");

static __always_inline __u32 protocol_of(struct xdp_md *ctx) { return ctx->ingress_ifindex; }

SEC("xdp")
int first_packet(struct xdp_md *ctx)
{
	__u32 key = protocol_of(ctx);
	__u64 one = 1, *count = bpf_map_lookup_elem(&by_protocol, &key);

	if (count)
		__sync_fetch_and_add(count, 1);
	else
		bpf_map_update_elem(&by_protocol, &key, &one, BPF_ANY);
	return XDP_PASS;
}

SEC("xdp")
int first_packet_right(struct xdp_md *ctx)
{
	__u32 key = protocol_of(ctx);
	__u64 one = 1, *count = bpf_map_lookup_elem(&by_protocol, &key);

	if (!count) {
		if (!bpf_map_update_elem(&by_protocol, &key, &one, BPF_NOEXIST))
			return XDP_PASS;
		count = bpf_map_lookup_elem(&by_protocol, &key);
		if (!count)
			return XDP_PASS;
	}
	__sync_fetch_and_add(count, 1);
	return XDP_PASS;
}

// Bytes and requests of block I/O by process name, added plainly when a request completes.

struct io { __u64 bytes; __u64 requests; };

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 1024);
	__type(key, __u32);
	__type(value, struct io);
} by_device SEC(".maps");

SEC("raw_tp/block_rq_complete")
int io_done(__u64 *ctx)
{
	__u32 device = ctx[1], bytes = ctx[2];
	struct io *io = bpf_map_lookup_elem(&by_device, &device);

	if (!io)
		return 0;
	io->bytes += bytes;
	io->requests++;
	return 0;
}

SEC("raw_tp/block_rq_complete")
int io_done_right(__u64 *ctx)
{
	__u32 device = ctx[1], bytes = ctx[2];
	struct io *io = bpf_map_lookup_elem(&by_device, &device);

	if (!io)
		return 0;
	__sync_fetch_and_add(&io->bytes, bytes);
	__sync_fetch_and_add(&io->requests, 1);
	return 0;
}

// Connections in a table: two ends of one close at once, and both count it off.

struct connection { __u32 closed; __u32 ends; };

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 1024);
	__type(key, __u32);
	__type(value, struct connection);
} connections SEC(".maps");

__s64 established;

SEC("tc")
int opened(struct __sk_buff *ctx) { __sync_fetch_and_add(&established, 1); return 0; }

SEC("tc")
int closed_once(struct __sk_buff *ctx)
{
	__u32 key = ctx->ifindex;
	struct connection *found = bpf_map_lookup_elem(&connections, &key);

	if (!found)
		return 0;
	if (found->closed == 0) {
		found->closed = 1;
		__sync_fetch_and_sub(&established, 1);
	}
	return 0;
}

SEC("tc")
int closed_once_right(struct __sk_buff *ctx)
{
	__u32 key = ctx->ifindex;
	struct connection *found = bpf_map_lookup_elem(&connections, &key);

	if (!found)
		return 0;
	if (__sync_lock_test_and_set(&found->closed, 1) == 0)
		__sync_fetch_and_sub(&established, 1);
	return 0;
}

// Tokens that are read, handed out and set to zero, while a timer adds more.

struct purse { __u64 tokens; };

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct purse);
} tokens SEC(".maps");

__u64 handed_out;

SEC("raw_tp/timer_expire_entry")
int refill(void *ctx)
{
	__u32 zero = 0;
	struct purse *purse = bpf_map_lookup_elem(&tokens, &zero);

	if (purse)
		__sync_fetch_and_add(&purse->tokens, 10);
	return 0;
}

SEC("xdp")
int take_all(struct xdp_md *ctx)
{
	__u32 zero = 0;
	struct purse *purse = bpf_map_lookup_elem(&tokens, &zero);

	if (!purse)
		return XDP_PASS;
	__u64 all = purse->tokens;
	purse->tokens = 0;
	__sync_fetch_and_add(&handed_out, all);
	return XDP_PASS;
}

SEC("xdp")
int take_all_right(struct xdp_md *ctx)
{
	__u32 zero = 0;
	struct purse *purse = bpf_map_lookup_elem(&tokens, &zero);

	if (!purse)
		return XDP_PASS;
	__u64 all = __sync_lock_test_and_set(&purse->tokens, 0);
	__sync_fetch_and_add(&handed_out, all);
	return XDP_PASS;
}

// What an iterator counts is its reader's: the runs of one reader come one after another.

__u64 shown;

SEC("iter/task")
int show_task_right(void *ctx) { shown++; return 0; }

// Only an IPv6 packet comes to the line that counts.

__u64 six;

SEC("xdp")
int counts_ipv6(struct xdp_md *ctx)
{
	unsigned char *data = (void *)(long)ctx->data, *end = (void *)(long)ctx->data_end;

	if (data + 14 > end || data[12] != 0x86 || data[13] != 0xdd)
		return XDP_PASS;
	six++;
	return XDP_PASS;
}

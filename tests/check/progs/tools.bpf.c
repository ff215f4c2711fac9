// Realistic tools of our own with their races, and the same tools repaired: _right is the end of a repaired one's name.
#include "vmlinux.h"
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_tracing.h>

char LICENSE[] SEC("license") = "GPL";

// A latency histogram by entry and exit: the start is a thread's own, the histogram is everybody's.

struct hist { __u64 slots[8]; __u64 total; };

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 64);
	__type(key, __u32);
	__type(value, __u64);
} started SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct hist);
} latency SEC(".maps");

SEC("raw_tp/sys_enter")
int enter(void *ctx)
{
	__u32 tid = bpf_get_current_pid_tgid();
	__u64 now = bpf_ktime_get_ns();

	bpf_map_update_elem(&started, &tid, &now, BPF_ANY);
	return 0;
}

SEC("raw_tp/sys_exit")
int leave(void *ctx)
{
	__u32 tid = bpf_get_current_pid_tgid(), zero = 0;
	__u64 *start = bpf_map_lookup_elem(&started, &tid);
	struct hist *hist = bpf_map_lookup_elem(&latency, &zero);

	if (!start || !hist)
		return 0;
	__u64 slot = *start >> 3 & 7;
	hist->slots[slot]++;
	hist->total++;
	bpf_map_delete_elem(&started, &tid);
	return 0;
}

SEC("raw_tp/sys_exit")
int leave_right(void *ctx)
{
	__u32 tid = bpf_get_current_pid_tgid(), zero = 0;
	__u64 *start = bpf_map_lookup_elem(&started, &tid);
	struct hist *hist = bpf_map_lookup_elem(&latency, &zero);

	if (!start || !hist)
		return 0;
	__u64 slot = *start >> 3 & 7;
	__sync_fetch_and_add(&hist->slots[slot], 1);
	__sync_fetch_and_add(&hist->total, 1);
	bpf_map_delete_elem(&started, &tid);
	return 0;
}

// Packets and bytes by interface, in a table that evicts.

struct traffic { __u64 packets; __u64 bytes; };

struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, 64);
	__type(key, __u32);
	__type(value, struct traffic);
} by_source SEC(".maps");

SEC("xdp")
int count_source(struct xdp_md *ctx)
{
	__u32 key = ctx->ingress_ifindex;
	struct traffic *found = bpf_map_lookup_elem(&by_source, &key);

	if (!found) {
		struct traffic first = { 1, 64 };
		bpf_map_update_elem(&by_source, &key, &first, BPF_ANY);
		return XDP_PASS;
	}
	found->packets += 1;
	found->bytes += 64;
	return XDP_PASS;
}

SEC("xdp")
int count_source_right(struct xdp_md *ctx)
{
	__u32 key = ctx->ingress_ifindex;
	struct traffic *found = bpf_map_lookup_elem(&by_source, &key);

	if (!found) {
		struct traffic none = {};
		bpf_map_update_elem(&by_source, &key, &none, BPF_NOEXIST);
		found = bpf_map_lookup_elem(&by_source, &key);
		if (!found)
			return XDP_PASS;
	}
	__sync_fetch_and_add(&found->packets, 1);
	__sync_fetch_and_add(&found->bytes, 64);
	return XDP_PASS;
}

// A logger that builds its record in a buffer of its CPU.

struct record { __u64 who; __u64 what; };

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct record);
} scratch SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct record);
} last_log SEC(".maps");

__u64 mixed_up;

SEC("uprobe")
int log_call(void *ctx)
{
	__u32 zero = 0;
	struct record *buffer = bpf_map_lookup_elem(&scratch, &zero);

	if (!buffer)
		return 0;
	__u64 me = bpf_get_current_pid_tgid();
	WRITE_ONCE(buffer->who, me);
	WRITE_ONCE(buffer->what, me + 1);
	if (READ_ONCE(buffer->who) + 1 != READ_ONCE(buffer->what) || READ_ONCE(buffer->who) != me)
		__sync_fetch_and_add(&mixed_up, 1);
	return 0;
}

SEC("raw_tp/sys_enter")
int log_call_right(void *ctx)
{
	__u32 zero = 0;
	struct record *buffer = bpf_map_lookup_elem(&scratch, &zero);

	if (!buffer)
		return 0;
	__u64 me = bpf_get_current_pid_tgid();
	WRITE_ONCE(buffer->who, me);
	WRITE_ONCE(buffer->what, me + 1);
	if (READ_ONCE(buffer->who) + 1 != READ_ONCE(buffer->what))
		__sync_fetch_and_add(&mixed_up, 1);
	return 0;
}

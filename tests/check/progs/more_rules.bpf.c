// Races of the kinds that need more than one look: orders, drains, tests, deletions, locks that are passed by, full rings.
// `_right` is the end of a name whose program is right.
#include "vmlinux.h"
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_tracing.h>

char LICENSE[] SEC("license") = "GPL";

// Store buffering: each side says that it is here and looks for the other one.

int here_a, here_b, alone_a, alone_b;

SEC("raw_tp/sys_enter")
int enter_a(void *ctx)
{
	WRITE_ONCE(here_a, 1);
	if (READ_ONCE(here_b) == 0)
		WRITE_ONCE(alone_a, 1);
	return 0;
}

SEC("raw_tp/sys_enter")
int enter_b(void *ctx)
{
	WRITE_ONCE(here_b, 1);
	if (READ_ONCE(here_a) == 0)
		WRITE_ONCE(alone_b, 1);
	return 0;
}

SEC("raw_tp/sys_enter")
int enter_a_right(void *ctx)
{
	__sync_lock_test_and_set(&here_a, 1);
	if (READ_ONCE(here_b) == 0)
		WRITE_ONCE(alone_a, 1);
	return 0;
}

SEC("raw_tp/sys_enter")
int enter_b_right(void *ctx)
{
	__sync_lock_test_and_set(&here_b, 1);
	if (READ_ONCE(here_a) == 0)
		WRITE_ONCE(alone_b, 1);
	return 0;
}

// Message passing: data, then a flag that says it is there.

__u64 message, delivered;
int ready;

SEC("raw_tp/sys_enter")
int send_message(void *ctx)
{
	WRITE_ONCE(message, 42);
	WRITE_ONCE(ready, 1);
	return 0;
}

SEC("raw_tp/sys_exit")
int receive_message(void *ctx)
{
	if (READ_ONCE(ready) == 1)
		WRITE_ONCE(delivered, READ_ONCE(message) + 1);
	return 0;
}

SEC("raw_tp/sys_enter")
int send_message_right(void *ctx)
{
	WRITE_ONCE(message, 42);
	__sync_lock_test_and_set(&ready, 1);
	return 0;
}

SEC("raw_tp/sys_exit")
int receive_message_right(void *ctx)
{
	if (__sync_fetch_and_add(&ready, 0) == 1)
		WRITE_ONCE(delivered, READ_ONCE(message) + 1);
	return 0;
}

// A drain, and one that takes and clears in one step.

__u64 pending, drained;

SEC("raw_tp/sys_enter")
int add_pending(void *ctx) { __sync_fetch_and_add(&pending, 1); return 0; }

SEC("raw_tp/sys_exit")
int drain(void *ctx)
{
	__u64 taken = READ_ONCE(pending);

	WRITE_ONCE(pending, 0);
	__sync_fetch_and_add(&drained, taken);
	return 0;
}

SEC("raw_tp/sys_exit")
int drain_right(void *ctx)
{
	__u64 taken = __sync_lock_test_and_set(&pending, 0);

	__sync_fetch_and_add(&drained, taken);
	return 0;
}

// A number that must not fall below zero, decremented twice; something that is to be done once, done twice.

__s64 open_files;
int started;
__u64 starts;

SEC("raw_tp/sys_enter")
int file_opened(void *ctx) { __sync_fetch_and_add(&open_files, 1); return 0; }

SEC("raw_tp/sys_exit")
int file_closed(void *ctx)
{
	if (READ_ONCE(open_files) > 0)
		__sync_fetch_and_sub(&open_files, 1);
	return 0;
}

SEC("raw_tp/sys_exit")
int file_closed_right(void *ctx)
{
	__s64 seen = READ_ONCE(open_files);

	for (int tries = 0; tries < 3 && seen > 0; tries++) {
		__s64 was = __sync_val_compare_and_swap(&open_files, seen, seen - 1);

		if (was == seen)
			break;
		seen = was;
	}
	return 0;
}

SEC("raw_tp/sys_enter")
int starts_once(void *ctx)
{
	if (!READ_ONCE(started)) {
		WRITE_ONCE(started, 1);
		__sync_fetch_and_add(&starts, 1);
	}
	return 0;
}

SEC("raw_tp/sys_enter")
int starts_once_right(void *ctx)
{
	if (__sync_val_compare_and_swap(&started, 0, 1) == 0)
		__sync_fetch_and_add(&starts, 1);
	return 0;
}

// A number that only grows: what is computed of it is stored with a test, not atomically.

__u64 highest;

SEC("raw_tp/sys_enter")
int keep_highest(void *ctx)
{
	highest = highest * 2 + 1;
	return 0;
}

// Elements that are deleted while others hold a pointer to them.

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 4);
	__type(key, __u32);
	__type(value, __u64);
} sessions SEC(".maps");

static __always_inline __u32 session_of(void *ctx) { return *(__u64 *)ctx; }

SEC("raw_tp/sys_enter")
int session_used(void *ctx)
{
	__u32 key = session_of(ctx);
	__u64 *packets = bpf_map_lookup_elem(&sessions, &key);

	if (packets)
		__sync_fetch_and_add(packets, 1);
	return 0;
}

SEC("raw_tp/sys_enter")
int session_begins(void *ctx)
{
	__u32 key = session_of(ctx);
	__u64 none = 0;

	bpf_map_update_elem(&sessions, &key, &none, BPF_NOEXIST);
	return 0;
}

SEC("raw_tp/sys_exit")
int session_ends(void *ctx)
{
	__u32 key = session_of(ctx);

	bpf_map_delete_elem(&sessions, &key);
	return 0;
}

// A value with a lock, and who goes past it.

struct account { struct bpf_spin_lock lock; __u64 balance; __u64 moves; };

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct account);
} accounts SEC(".maps");

SEC("tc")
int pay_in(void *ctx)
{
	__u32 zero = 0;
	struct account *a = bpf_map_lookup_elem(&accounts, &zero);

	if (!a)
		return 0;
	bpf_spin_lock(&a->lock);
	a->balance += 5;
	a->moves += 1;
	bpf_spin_unlock(&a->lock);
	return 0;
}

SEC("tc")
int reset_account(void *ctx)
{
	__u32 zero = 0;
	struct account fresh = { .balance = 100, .moves = 7 };

	bpf_map_update_elem(&accounts, &zero, &fresh, BPF_ANY);
	return 0;
}

SEC("tc")
int reset_account_right(void *ctx)
{
	__u32 zero = 0;
	struct account fresh = { .balance = 100, .moves = 7 };

	bpf_map_update_elem(&accounts, &zero, &fresh, BPF_F_LOCK);
	return 0;
}

// Two locks in two orders.

struct guarded { struct bpf_res_spin_lock lock; __u64 value; };

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct guarded);
} left SEC(".maps"), right SEC(".maps");

#define TWO_GUARDED \
	__u32 zero = 0; \
	struct guarded *l = bpf_map_lookup_elem(&left, &zero), *r = bpf_map_lookup_elem(&right, &zero); \
	if (!l || !r) \
		return 0

SEC("tc")
int left_then_right(void *ctx)
{
	TWO_GUARDED;
	if (bpf_res_spin_lock(&l->lock))
		return 0;
	if (!bpf_res_spin_lock(&r->lock)) {
		r->value += l->value;
		bpf_res_spin_unlock(&r->lock);
	}
	bpf_res_spin_unlock(&l->lock);
	return 0;
}

SEC("tc")
int right_then_left(void *ctx)
{
	TWO_GUARDED;
	if (bpf_res_spin_lock(&r->lock))
		return 0;
	if (!bpf_res_spin_lock(&l->lock)) {
		l->value += r->value;
		bpf_res_spin_unlock(&l->lock);
	}
	bpf_res_spin_unlock(&r->lock);
	return 0;
}

// Samples that are left out where a kprobe is under way.

__u64 samples, probes;

SEC("perf_event")
int sample(void *ctx) { __sync_fetch_and_add(&samples, 1); return 0; }

SEC("kprobe/do_unlinkat")
int probe(void *ctx) { __sync_fetch_and_add(&probes, 1); return 0; }

// Records for which there is no room.

struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, 4096);
} events SEC(".maps");

__u64 dropped;

SEC("raw_tp/sys_enter")
int report(void *ctx)
{
	__u64 *event = bpf_ringbuf_reserve(&events, sizeof(*event), 0);

	if (!event)
		return 0;
	*event = bpf_ktime_get_ns();
	bpf_ringbuf_submit(event, 0);
	return 0;
}

SEC("raw_tp/sys_enter")
int report_right(void *ctx)
{
	__u64 *event = bpf_ringbuf_reserve(&events, sizeof(*event), 0);

	if (!event) {
		__sync_fetch_and_add(&dropped, 1);
		return 0;
	}
	*event = bpf_ktime_get_ns();
	bpf_ringbuf_submit(event, 0);
	return 0;
}

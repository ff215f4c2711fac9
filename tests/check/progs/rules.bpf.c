// One race of each kind, and what looks like one and is none.
#include "vmlinux.h"
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_tracing.h>

char LICENSE[] SEC("license") = "GPL";

struct account { struct bpf_spin_lock lock; __u64 balance; __u64 moves; };

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct account);
} accounts SEC(".maps");

struct pair { __u64 sum; __u64 count; };

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct pair);
} pairs SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 64);
	__type(key, __u32);
	__type(value, struct pair);
} by_thread SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 64);
	__type(key, __u32);
	__type(value, struct pair);
} by_process SEC(".maps");

__u64 counter, average, wrong, slots[64];
__u32 narrow;

SEC("tc")
int locked(void *ctx)
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
int forgets_lock(void *ctx)
{
	__u32 zero = 0;
	struct account *a = bpf_map_lookup_elem(&accounts, &zero);

	if (!a)
		return 0;
	a->balance += 7;
	return 0;
}

SEC("tc")
int forgets_on_one_path(void *ctx)
{
	__u32 zero = 0;
	struct account *a = bpf_map_lookup_elem(&accounts, &zero);

	if (!a)
		return 0;
	if (bpf_get_smp_processor_id() == 0) {
		bpf_spin_lock(&a->lock);
		a->balance += 7;
		bpf_spin_unlock(&a->lock);
	} else {
		a->balance += 9;
	}
	return 0;
}

SEC("tc")
int atomic_beside_lock(void *ctx)
{
	__u32 zero = 0;
	struct account *a = bpf_map_lookup_elem(&accounts, &zero);

	if (a)
		__sync_fetch_and_add(&a->moves, 1);
	return 0;
}

SEC("raw_tp/sys_enter")
int add_atomically(void *ctx)
{
	__u32 zero = 0;
	struct pair *p = bpf_map_lookup_elem(&pairs, &zero);

	if (!p)
		return 0;
	__sync_fetch_and_add(&p->sum, 10);
	__sync_fetch_and_add(&p->count, 1);
	return 0;
}

SEC("raw_tp/sys_exit")
int read_average(void *ctx)
{
	__u32 zero = 0;
	struct pair *p = bpf_map_lookup_elem(&pairs, &zero);

	if (p && READ_ONCE(p->sum) != 10 * READ_ONCE(p->count))
		__sync_fetch_and_add(&wrong, 1);
	return 0;
}

SEC("raw_tp/sys_enter")
int plain_counter(void *ctx) { counter += 1; return 0; }

SEC("raw_tp/sys_enter")
int plain_narrow(void *ctx) { narrow++; return 0; }

SEC("raw_tp/sys_enter")
int atomic_counter(void *ctx) { __sync_fetch_and_add(&counter, 1); return 0; }

SEC("raw_tp/sys_enter")
int sets_flag(void *ctx) { WRITE_ONCE(counter, 1); return 0; }

SEC("raw_tp/sys_enter")
int slot_of_cpu(void *ctx)
{
	slots[bpf_get_smp_processor_id() & 63] += 1;
	return 0;
}

SEC("raw_tp/sys_enter")
int slot_of_anything(void *ctx)
{
	slots[bpf_ktime_get_ns() & 63] += 1;
	return 0;
}

SEC("raw_tp/sys_enter")
int value_of_thread(void *ctx)
{
	__u32 tid = bpf_get_current_pid_tgid();
	struct pair *p = bpf_map_lookup_elem(&by_thread, &tid);
	struct pair first = { 1, 1 };

	if (!p) {
		bpf_map_update_elem(&by_thread, &tid, &first, BPF_ANY);
		return 0;
	}
	p->sum += 1;
	p->count += 1;
	return 0;
}

SEC("raw_tp/sys_enter")
int value_of_process(void *ctx)
{
	__u32 pid = bpf_get_current_pid_tgid() >> 32;
	struct pair *p = bpf_map_lookup_elem(&by_process, &pid);

	if (p)
		p->count += 1;
	return 0;
}

SEC("raw_tp/sys_enter")
int copies_back(void *ctx)
{
	__u32 zero = 0;
	struct pair copy, *p = bpf_map_lookup_elem(&pairs, &zero);

	if (!p)
		return 0;
	copy = *p;
	copy.count += 1;
	bpf_map_update_elem(&pairs, &zero, &copy, BPF_ANY);
	return 0;
}

SEC("raw_tp/sys_enter")
int replaces(void *ctx)
{
	__u32 zero = 0;
	struct pair fresh = { 1, 2 };

	bpf_map_update_elem(&pairs, &zero, &fresh, BPF_ANY);
	return 0;
}

SEC("raw_tp/sys_enter")
int allowed(void *ctx)
{
	// interleave: allow lost-update, a statistic
	counter += 1;
	return 0;
}

SEC("raw_tp/sys_enter")
int allowed_for_no_reason(void *ctx)
{
	// interleave: allow lost-update
	counter += 1;
	return 0;
}

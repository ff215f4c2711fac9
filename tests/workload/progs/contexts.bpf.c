// For each kind of program one that adds in two steps and one that adds in one: who comes in between whom?
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

char LICENSE[] SEC("license") = "GPL";

__u64 hits;

#define KIND(name, section)                                                                                            \
	SEC(section) int name(void *ctx) { WRITE_ONCE(hits, READ_ONCE(hits) + 1); return 0; }                          \
	SEC(section) int name##_atomic(void *ctx) { __sync_fetch_and_add(&hits, 1); return 0; }

KIND(on_raw_tp, "raw_tp/sched_switch")
KIND(on_tp_btf, "tp_btf/sys_enter")
KIND(on_kprobe, "kprobe/tcp_sendmsg")
KIND(on_kretprobe, "kretprobe/tcp_sendmsg")
KIND(on_kprobe_multi, "kprobe.multi/tcp_*")
KIND(on_tracepoint, "tracepoint/sched/sched_switch")
KIND(on_perf_event, "perf_event")
KIND(on_fentry, "fentry/tcp_sendmsg")
KIND(on_fentry_s, "fentry.s/__x64_sys_access")
KIND(on_lsm, "lsm/file_open")
KIND(on_uprobe, "uprobe//bin/sh:main")
KIND(on_xdp, "xdp")
KIND(on_tc, "tc")
KIND(on_sk_lookup, "sk_lookup")
KIND(on_socket, "socket")
KIND(on_cgroup_skb, "cgroup_skb/egress")
KIND(on_syscall, "syscall")
KIND(on_cgroup_sock, "cgroup/sock_create")

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, __u64);
} one SEC(".maps");
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, __u64);
} other SEC(".maps");

/* What updates gave, and how many were refused. */
__s64 gave_one, gave_other;
__u64 refused;

#define UPDATES(name, section, map)                                                                                    \
	SEC(section) int name(void *ctx)                                                                               \
	{                                                                                                              \
		__u32 key = 0;                                                                                         \
		__u64 value = 1;                                                                                       \
		long err = bpf_map_update_elem(&map, &key, &value, BPF_ANY);                                           \
                                                                                                                       \
		if (err) {                                                                                             \
			gave_##map = err;                                                                              \
			__sync_fetch_and_add(&refused, 1);                                                             \
		}                                                                                                      \
		return 0;                                                                                              \
	}

UPDATES(fentry_one, "fentry/tcp_sendmsg", one)
UPDATES(fentry_other, "fentry/tcp_sendmsg", other)
UPDATES(kprobe_one, "kprobe/tcp_sendmsg", one)
UPDATES(raw_tp_one, "raw_tp/sched_switch", one)
UPDATES(nmi_one, "perf_event", one)
UPDATES(nmi_other, "perf_event", other)

/* Preemption off between load and store. */
SEC("fentry/tcp_sendmsg")
int fentry_alone(void *ctx)
{
	bpf_preempt_disable();
	WRITE_ONCE(hits, READ_ONCE(hits) + 1);
	bpf_preempt_enable();
	return 0;
}

/* Off only when the load is done. */
SEC("fentry/tcp_sendmsg")
int fentry_late(void *ctx)
{
	__u64 before = READ_ONCE(hits);

	bpf_preempt_disable();
	WRITE_ONCE(hits, before + 1);
	bpf_preempt_enable();
	return 0;
}

SEC("fentry/tcp_sendmsg")
int fentry_irqs_off(void *ctx)
{
	unsigned long flags;

	bpf_local_irq_save(&flags);
	WRITE_ONCE(hits, READ_ONCE(hits) + 1);
	bpf_local_irq_restore(&flags);
	return 0;
}

struct locked { struct bpf_spin_lock lock; __u32 count; };
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct locked);
} locks SEC(".maps");

#define COUNTS_LOCKED(name, section)                                                                                   \
	SEC(section) int name(void *ctx)                                                                               \
	{                                                                                                              \
		__u32 key = 0;                                                                                         \
		struct locked *value = bpf_map_lookup_elem(&locks, &key);                                              \
                                                                                                                       \
		if (!value)                                                                                            \
			return 0;                                                                                      \
		bpf_spin_lock(&value->lock);                                                                           \
		value->count += 1;                                                                                     \
		bpf_spin_unlock(&value->lock);                                                                         \
		return 0;                                                                                              \
	}

COUNTS_LOCKED(tp_btf_locked, "tp_btf/sys_enter")
COUNTS_LOCKED(tp_btf_locked_too, "tp_btf/nmi_handler")

// One program for each kernel model, whose outcomes are serial as long as the model does what the kernel does.
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

struct locked { struct bpf_spin_lock lock; unsigned int n, twice; };
struct { __uint(type, BPF_MAP_TYPE_ARRAY); __uint(max_entries, 1); __type(key, int); __type(value, struct locked); } array SEC(".maps");
struct { __uint(type, BPF_MAP_TYPE_HASH); __uint(max_entries, 3); __type(key, int); __type(value, unsigned long); } hash SEC(".maps");
struct { __uint(type, BPF_MAP_TYPE_PERCPU_ARRAY); __uint(max_entries, 1); __type(key, int); __type(value, unsigned long); } percpu SEC(".maps");
struct { __uint(type, BPF_MAP_TYPE_LRU_HASH); __uint(max_entries, 2); __type(key, int); __type(value, unsigned long); } lru SEC(".maps");
unsigned int slot;
/* Keys of one bucket, in a map of three entries as in one of two. */
#define KEY(i) ((i) ? 5 : 2)

SEC("tc") int locks(void *ctx)
{
	int key = 0; struct locked *v = bpf_map_lookup_elem(&array, &key);
	if (!v) return 0;
	bpf_spin_lock(&v->lock); v->n += 1; bpf_spin_unlock(&v->lock);
	return 0;
}
SEC("tc") int updates_locked(void *ctx)
{
	int key = 0; unsigned int n = __sync_fetch_and_add(&slot, 1) + 1;
	struct locked value = { .n = n, .twice = 2 * n };
	bpf_map_update_elem(&array, &key, &value, BPF_F_LOCK);
	return 0;
}
SEC("tc") int inserts(void *ctx)
{
	int key = KEY(__sync_fetch_and_add(&slot, 1)); unsigned long value = 7;
	bpf_map_update_elem(&hash, &key, &value, BPF_ANY);
	return 0;
}
SEC("tc") int deletes(void *ctx) { int key = KEY(__sync_fetch_and_add(&slot, 1)); bpf_map_delete_elem(&hash, &key); return 0; }
SEC("tc") int counts_per_cpu(void *ctx)
{
	int key = 0; unsigned long *v = bpf_map_lookup_elem(&percpu, &key);
	if (v) *(volatile unsigned long *)v += 1;
	return 0;
}
SEC("tc") int inserts_lru(void *ctx)
{
	int key = KEY(__sync_fetch_and_add(&slot, 1)); unsigned long value = 7;
	bpf_map_update_elem(&lru, &key, &value, BPF_ANY);
	return 0;
}
char LICENSE[] SEC("license") = "GPL";

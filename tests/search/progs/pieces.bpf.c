// Small programs of every kind of step that a search has to put in order, to be combined at random.
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

unsigned long shared, other;
int flags[4];
volatile unsigned long spin;

struct locked { struct bpf_spin_lock lock; unsigned int n; };
struct { __uint(type, BPF_MAP_TYPE_ARRAY); __uint(max_entries, 2); __type(key, int); __type(value, struct locked); } locks SEC(".maps");
struct { __uint(type, BPF_MAP_TYPE_HASH); __uint(max_entries, 2); __type(key, int); __type(value, unsigned long); } hash SEC(".maps");
struct { __uint(type, BPF_MAP_TYPE_PERCPU_ARRAY); __uint(max_entries, 1); __type(key, int); __type(value, unsigned long); } percpu SEC(".maps");

SEC("tc") int add(void *ctx) { shared += 1; return 0; }
SEC("tc") int add_atomic(void *ctx) { __sync_fetch_and_add(&shared, 1); return 0; }
SEC("tc") int two(void *ctx) { shared += 1; other += shared; return 0; }
SEC("tc") int mine(void *ctx) { flags[bpf_get_smp_processor_id() & 3] += 1; shared += 2; return 0; }
SEC("tc") int local_loop(void *ctx)
{
	int cpu = bpf_get_smp_processor_id() & 3;
	volatile int *own = &flags[cpu];
#pragma nounroll
	for (int i = 0; i < 3; i++) *own += 1;
	shared ^= 1;
	return 0;
}
SEC("tc") int wait_a_little(void *ctx)
{
#pragma nounroll
	for (int i = 0; i < 3; i++) if (spin) break;
	spin = 1;
	return 0;
}
static __attribute__((noinline)) unsigned long half(unsigned long *at) { unsigned long v = *(volatile unsigned long *)at; *(volatile unsigned long *)at = v + 3; return v; }
SEC("tc") int calls(void *ctx) { unsigned long a[2] = { half(&shared), 0 }; a[1] = half(&other); shared = a[a[0] & 1]; return 0; }
SEC("tc") int under_lock(void *ctx)
{
	int key = 0; struct locked *v = bpf_map_lookup_elem(&locks, &key);
	if (!v) return 0;
	bpf_spin_lock(&v->lock); v->n += 1; bpf_spin_unlock(&v->lock);
	return 0;
}
SEC("tc") int beside_lock(void *ctx)
{
	int key = 0; struct locked *v = bpf_map_lookup_elem(&locks, &key);
	if (v) v->n += 4;
	return 0;
}
SEC("tc") int hash_update(void *ctx) { int key = 1; unsigned long v = shared + 1; bpf_map_update_elem(&hash, &key, &v, 0); return 0; }
SEC("tc") int hash_count(void *ctx)
{
	int key = 1; unsigned long *v = bpf_map_lookup_elem(&hash, &key);
	if (v) *v += 1; else other = 9;
	return 0;
}
SEC("tc") int hash_delete(void *ctx) { int key = 1; bpf_map_delete_elem(&hash, &key); return 0; }
SEC("tc") int per_cpu(void *ctx) { int key = 0; unsigned long *v = bpf_map_lookup_elem(&percpu, &key); if (v) { *v += 1; other += *v; } return 0; }
static long step(unsigned int i, void *ctx) { shared += i; return 0; }
SEC("tc") int callbacks(void *ctx) { bpf_loop(2, step, 0, 0); return 0; }

char LICENSE[] SEC("license") = "GPL";

// Locks: what may be locked, on which paths, and what may happen in between.
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>
char LICENSE[] SEC("license") = "GPL";
struct val { struct bpf_spin_lock lock; int cnt; __u64 a; };
struct end { __u64 a; int cnt; struct bpf_spin_lock lock; };
struct nested { int x; struct { int y; struct bpf_spin_lock lock; } in; int cnt; };
struct plain { __u32 lock; int cnt; };
struct { __uint(type, BPF_MAP_TYPE_ARRAY); __type(key, int); __type(value, struct val); __uint(max_entries, 16); } m SEC(".maps");
struct { __uint(type, BPF_MAP_TYPE_HASH); __type(key, int); __type(value, struct val); __uint(max_entries, 16); } h SEC(".maps");
struct { __uint(type, BPF_MAP_TYPE_HASH); __type(key, int); __type(value, struct end); __uint(max_entries, 16); } e SEC(".maps");
struct { __uint(type, BPF_MAP_TYPE_HASH); __type(key, int); __type(value, struct nested); __uint(max_entries, 16); } n SEC(".maps");
struct { __uint(type, BPF_MAP_TYPE_ARRAY); __type(key, int); __type(value, struct plain); __uint(max_entries, 16); } p SEC(".maps");
struct { __uint(type, BPF_MAP_TYPE_LRU_HASH); __type(key, int); __type(value, struct val); __uint(max_entries, 16); } lru SEC(".maps");
struct { __uint(type, BPF_MAP_TYPE_PERCPU_HASH); __type(key, int); __type(value, struct val); __uint(max_entries, 16); } ph SEC(".maps");
struct { __uint(type, BPF_MAP_TYPE_PROG_ARRAY); __uint(key_size, 4); __uint(value_size, 4); __uint(max_entries, 2); } tails SEC(".maps");
static struct val *get(void *map, int key) { return bpf_map_lookup_elem(map, &key); }
#define PROG(name) SEC("xdp") int name(struct xdp_md *ctx)

PROG(end_of_value) { int k = 0; struct end *v = bpf_map_lookup_elem(&e, &k); if (!v) return 0; bpf_spin_lock(&v->lock); v->cnt++; bpf_spin_unlock(&v->lock); return 0; }
PROG(nested_struct) { int k = 0; struct nested *v = bpf_map_lookup_elem(&n, &k); if (!v) return 0; bpf_spin_lock(&v->in.lock); v->cnt++; bpf_spin_unlock(&v->in.lock); return 0; }
PROG(never_unlocked) { struct val *v = get(&h, 1); if (!v) return 0; bpf_spin_lock(&v->lock); v->cnt++; return 0; }
PROG(one_path_keeps) { struct val *v = get(&h, 1); if (!v) return 0; bpf_spin_lock(&v->lock); if (v->cnt > 10) return 1; v->cnt++; bpf_spin_unlock(&v->lock); return 0; }
PROG(both_paths_release) { struct val *v = get(&h, 1); if (!v) return 0; bpf_spin_lock(&v->lock); if (v->cnt > 10) { bpf_spin_unlock(&v->lock); return 1; } v->cnt++; bpf_spin_unlock(&v->lock); return 0; }
PROG(no_null_check) { struct val *v = get(&h, 1); bpf_spin_lock(&v->lock); v->cnt++; bpf_spin_unlock(&v->lock); return 0; }
PROG(two_at_once) { struct val *a = get(&h, 1), *b = get(&h, 2); if (!a || !b) return 0; bpf_spin_lock(&a->lock); bpf_spin_lock(&b->lock); a->cnt++; b->cnt--; bpf_spin_unlock(&b->lock); bpf_spin_unlock(&a->lock); return 0; }
PROG(second_lookup_same_key) { struct val *a = get(&h, 1), *b = get(&h, 1); if (!a || !b) return 0; bpf_spin_lock(&a->lock); a->cnt++; bpf_spin_unlock(&b->lock); return 0; }
PROG(other_map) { struct val *a = get(&h, 1), *b = get(&m, 1); if (!a || !b) return 0; bpf_spin_lock(&a->lock); a->cnt++; bpf_spin_unlock(&b->lock); return 0; }
PROG(wrong_offset) { struct val *v = get(&h, 1); if (!v) return 0; bpf_spin_lock((void *)&v->cnt); v->cnt++; bpf_spin_unlock((void *)&v->cnt); return 0; }
PROG(plain_field) { int k = 0; struct plain *v = bpf_map_lookup_elem(&p, &k); if (!v) return 0; bpf_spin_lock((void *)&v->lock); bpf_spin_unlock((void *)&v->lock); return 0; }
PROG(map_pointer) { bpf_spin_lock((void *)&h); bpf_spin_unlock((void *)&h); return 0; }
PROG(context_pointer) { bpf_spin_lock((void *)ctx); bpf_spin_unlock((void *)ctx); return 0; }
PROG(number) { bpf_spin_lock((void *)64); bpf_spin_unlock((void *)64); return 0; }
PROG(variable_offset) { struct val *v = get(&h, 1); if (!v) return 0; __u32 i = bpf_get_prandom_u32() & 4; bpf_spin_lock((void *)v + i); v->cnt++; bpf_spin_unlock((void *)v + i); return 0; }
PROG(lru_map) { struct val *v = get(&lru, 1); if (!v) return 0; bpf_spin_lock(&v->lock); v->cnt++; bpf_spin_unlock(&v->lock); return 0; }
PROG(percpu_hash) { struct val *v = get(&ph, 1); if (!v) return 0; bpf_spin_lock(&v->lock); v->cnt++; bpf_spin_unlock(&v->lock); return 0; }
PROG(prandom_inside) { struct val *v = get(&h, 1); if (!v) return 0; bpf_spin_lock(&v->lock); v->cnt = bpf_get_prandom_u32(); bpf_spin_unlock(&v->lock); return 0; }
PROG(cpu_id_inside) { struct val *v = get(&h, 1); if (!v) return 0; bpf_spin_lock(&v->lock); v->cnt = bpf_get_smp_processor_id(); bpf_spin_unlock(&v->lock); return 0; }
PROG(update_inside) { int k = 1; struct val *v = get(&h, 1), z = {}; if (!v) return 0; bpf_spin_lock(&v->lock); bpf_map_update_elem(&h, &k, &z, 0); bpf_spin_unlock(&v->lock); return 0; }
PROG(tail_call_inside) { struct val *v = get(&h, 1); if (!v) return 0; bpf_spin_lock(&v->lock); bpf_tail_call(ctx, &tails, 0); bpf_spin_unlock(&v->lock); return 0; }
static long round_once(__u32 i, void *c) { return 0; }
PROG(loop_helper_inside) { struct val *v = get(&h, 1); if (!v) return 0; bpf_spin_lock(&v->lock); bpf_loop(3, round_once, 0, 0); bpf_spin_unlock(&v->lock); return 0; }
PROG(bounded_loop_inside) { struct val *v = get(&h, 1); if (!v) return 0; bpf_spin_lock(&v->lock); for (int i = 0; i < 5; i++) *(volatile int *)&v->cnt += i; bpf_spin_unlock(&v->lock); return 0; }
PROG(atomic_inside) { struct val *v = get(&h, 1); if (!v) return 0; bpf_spin_lock(&v->lock); __sync_fetch_and_add(&v->a, 1); bpf_spin_unlock(&v->lock); return 0; }
static __attribute__((noinline)) void lock_it(struct val *v) { bpf_spin_lock(&v->lock); }
static __attribute__((noinline)) void unlock_it(struct val *v) { bpf_spin_unlock(&v->lock); }
PROG(static_locks_and_unlocks) { struct val *v = get(&h, 1); if (!v) return 0; lock_it(v); v->cnt++; unlock_it(v); return 0; }
PROG(static_locks_only) { struct val *v = get(&h, 1); if (!v) return 0; lock_it(v); v->cnt++; return 0; }
PROG(static_unlocks_only) { struct val *v = get(&h, 1); if (!v) return 0; v->cnt++; unlock_it(v); return 0; }
PROG(lock_read) { struct val *v = get(&h, 1); if (!v) return 0; return *(volatile int *)&v->lock; }
PROG(lock_overlapped) { struct val *v = get(&h, 1); if (!v) return 0; *(volatile __u64 *)v = 1; return 0; }
PROG(lock_added_to) { struct val *v = get(&h, 1); if (!v) return 0; __sync_fetch_and_add((int *)&v->lock, 1); return 0; }
PROG(value_to_helper) { struct val *v = get(&h, 1); int k = 2; if (!v) return 0; bpf_map_update_elem(&h, &k, v, 0); return 0; }
PROG(past_the_lock) { struct val *v = get(&h, 1); if (!v) return 0; v->cnt = 3; v->a = 4; return v->cnt; }
PROG(lock_in_loop) { for (int i = 0; i < 4; i++) { struct val *v = get(&h, i); if (!v) continue; bpf_spin_lock(&v->lock); v->cnt++; bpf_spin_unlock(&v->lock); } return 0; }
PROG(lock_kept_in_loop) { for (int i = 0; i < 4; i++) { struct val *v = get(&h, i); if (!v) continue; bpf_spin_lock(&v->lock); v->cnt++; } return 0; }
PROG(array_no_null_check) { int k = 0; struct val *v = bpf_map_lookup_elem(&m, &k); bpf_spin_lock(&v->lock); v->cnt++; bpf_spin_unlock(&v->lock); return 0; }
PROG(unlock_twice) { struct val *v = get(&h, 1); if (!v) return 0; bpf_spin_lock(&v->lock); bpf_spin_unlock(&v->lock); bpf_spin_unlock(&v->lock); return 0; }
__attribute__((noinline)) int global_bump(struct val *v) { if (!v) return 0; v->cnt++; return v->cnt; }
PROG(global_takes_value) { struct val *v = get(&h, 1); if (!v) return 0; return global_bump(v); }
static long each(void *map, int *key, struct val *v, void *c) { bpf_spin_lock(&v->lock); v->cnt++; bpf_spin_unlock(&v->lock); return 0; }
PROG(lock_in_for_each) { return bpf_for_each_map_elem(&h, each, 0, 0); }
static long each_keeps(void *map, int *key, struct val *v, void *c) { bpf_spin_lock(&v->lock); v->cnt++; return 0; }
PROG(lock_kept_in_for_each) { return bpf_for_each_map_elem(&h, each_keeps, 0, 0); }

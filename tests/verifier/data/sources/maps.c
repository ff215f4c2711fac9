// Maps: NULL checks, map and helper that do not fit, read-only maps, maps in maps.
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>
char LICENSE[] SEC("license") = "GPL";
struct pair { __u64 lo, hi; };
struct { __uint(type, BPF_MAP_TYPE_HASH); __type(key, int); __type(value, struct pair); __uint(max_entries, 16); } h SEC(".maps");
struct { __uint(type, BPF_MAP_TYPE_ARRAY); __type(key, int); __type(value, struct pair); __uint(max_entries, 4); } a SEC(".maps");
struct { __uint(type, BPF_MAP_TYPE_PERCPU_ARRAY); __type(key, int); __type(value, struct pair); __uint(max_entries, 4); } pa SEC(".maps");
struct { __uint(type, BPF_MAP_TYPE_PERCPU_HASH); __type(key, int); __type(value, struct pair); __uint(max_entries, 4); } ph SEC(".maps");
struct { __uint(type, BPF_MAP_TYPE_LRU_HASH); __type(key, int); __type(value, struct pair); __uint(max_entries, 4); } lru SEC(".maps");
struct { __uint(type, BPF_MAP_TYPE_QUEUE); __uint(value_size, 8); __uint(max_entries, 4); } q SEC(".maps");
struct { __uint(type, BPF_MAP_TYPE_RINGBUF); __uint(max_entries, 4096); } rb SEC(".maps");
struct { __uint(type, BPF_MAP_TYPE_ARRAY); __uint(map_flags, BPF_F_RDONLY_PROG); __type(key, int); __type(value, struct pair); __uint(max_entries, 4); } ro SEC(".maps");
struct { __uint(type, BPF_MAP_TYPE_HASH); __uint(map_flags, BPF_F_WRONLY_PROG); __type(key, int); __type(value, struct pair); __uint(max_entries, 4); } wo SEC(".maps");
struct inner { __uint(type, BPF_MAP_TYPE_ARRAY); __type(key, __u32); __type(value, __u64); __uint(max_entries, 8); } buf_a SEC(".maps"), buf_b SEC(".maps");
struct { __uint(type, BPF_MAP_TYPE_ARRAY_OF_MAPS); __uint(max_entries, 2); __type(key, __u32); __array(values, struct inner); } outer SEC(".maps") = { .values = { [0] = &buf_a, [1] = &buf_b } };
struct { __uint(type, BPF_MAP_TYPE_HASH_OF_MAPS); __uint(max_entries, 2); __type(key, __u32); __array(values, struct inner); } houter SEC(".maps");
const volatile int setting = 3;
static struct pair *get(void *map, int key) { return bpf_map_lookup_elem(map, &key); }
#define PROG(name) SEC("raw_tp") int name(void *ctx)
PROG(checked) { struct pair *v = get(&h, 1); if (v) v->lo++; return 0; }
PROG(unchecked) { struct pair *v = get(&h, 1); v->lo++; return 0; }
PROG(unchecked_lru) { struct pair *v = get(&lru, 1); return v->lo; }
PROG(checked_too_late) { struct pair *v = get(&h, 1); __u64 x = v->lo; if (!v) return 0; return x; }
PROG(checked_wrong_way) { struct pair *v = get(&h, 1); if (v) return 0; return v->lo; }
PROG(offset_before_check) { struct pair *v = get(&h, 1); volatile __u64 *p = &v->hi; if (!v) return 0; return *p; }
PROG(array_key_0) { struct pair *v = get(&a, 0); return v->lo; }
PROG(array_key_2) { struct pair *v = get(&a, 2); return v->lo; }
PROG(array_key_2_aligned) { __u32 k __attribute__((aligned(8))) = 2; struct pair *v = bpf_map_lookup_elem(&a, &k); return v->lo; }
PROG(array_key_4_aligned) { __u32 k __attribute__((aligned(8))) = 4; struct pair *v = bpf_map_lookup_elem(&a, &k); return v->lo; }
PROG(percpu_key_0) { struct pair *v = get(&pa, 0); return v->lo; }
PROG(percpu_key_2_aligned) { __u32 k __attribute__((aligned(8))) = 2; struct pair *v = bpf_map_lookup_elem(&pa, &k); return v->lo; }
PROG(hash_key_0) { struct pair *v = get(&h, 0); return v->lo; }
PROG(array_key_from_rodata) { __u32 k __attribute__((aligned(8))) = setting; struct pair *v = bpf_map_lookup_elem(&a, &k); return v->lo; }
PROG(percpu_other_cpu) { int k = 0; struct pair *v = bpf_map_lookup_percpu_elem(&pa, &k, 1); if (!v) return 0; v->lo++; return 0; }
PROG(percpu_other_cpu_unchecked) { int k = 0; struct pair *v = bpf_map_lookup_percpu_elem(&pa, &k, 1); v->lo++; return 0; }
PROG(percpu_lookup_of_array) { int k = 0; struct pair *v = bpf_map_lookup_percpu_elem(&a, &k, 1); if (!v) return 0; v->lo++; return 0; }
PROG(percpu_hash) { struct pair *v = get(&ph, 1); if (!v) return 0; v->lo++; return 0; }
PROG(update_from_stack) { int k = 1; struct pair p = { 1, 2 }; return bpf_map_update_elem(&h, &k, &p, BPF_ANY); }
PROG(update_value_too_small) { int k = 1; __u64 p = 1; return bpf_map_update_elem(&h, &k, &p, BPF_ANY); }
PROG(update_uninit_value) { int k = 1; struct pair p; return bpf_map_update_elem(&h, &k, &p, BPF_ANY); }
PROG(update_null_value) { int k = 1; return bpf_map_update_elem(&h, &k, 0, BPF_ANY); }
PROG(update_null_key) { struct pair p = {}; return bpf_map_update_elem(&h, 0, &p, BPF_ANY); }
PROG(update_ctx_value) { int k = 1; return bpf_map_update_elem(&h, &k, ctx, BPF_ANY); }
PROG(update_maybe_null) { int k = 1; struct pair *v = get(&h, 2); return bpf_map_update_elem(&h, &k, v, BPF_ANY); }
PROG(update_read_only) { int k = 1; struct pair p = {}; return bpf_map_update_elem(&ro, &k, &p, BPF_ANY); }
PROG(store_read_only) { struct pair *v = get(&ro, 1); if (v) v->lo = 1; return 0; }
PROG(load_write_only) { struct pair *v = get(&wo, 1); if (v) return v->lo; return 0; }
PROG(store_write_only) { struct pair *v = get(&wo, 1); if (v) v->lo = 1; return 0; }
PROG(delete_elem) { int k = 1; return bpf_map_delete_elem(&h, &k); }
PROG(delete_read_only) { int k = 1; return bpf_map_delete_elem(&ro, &k); }
PROG(push_queue) { __u64 x = 1; return bpf_map_push_elem(&q, &x, 0); }
PROG(pop_queue) { __u64 x; return bpf_map_pop_elem(&q, &x) + x; }
PROG(lookup_queue) { int k = 0; __u64 *v = bpf_map_lookup_elem(&q, &k); return v ? *v : 0; }
PROG(push_hash) { __u64 x = 1; return bpf_map_push_elem(&h, &x, 0); }
PROG(lookup_ringbuf) { int k = 0; return bpf_map_lookup_elem(&rb, &k) ? 1 : 0; }
PROG(output_ringbuf) { __u64 x = 1; return bpf_ringbuf_output(&rb, &x, 8, 0); }
PROG(output_hash) { __u64 x = 1; return bpf_ringbuf_output(&h, &x, 8, 0); }
PROG(map_in_map) { __u32 k = 0; void *in = bpf_map_lookup_elem(&outer, &k); if (!in) return 0; __u64 *v = bpf_map_lookup_elem(in, &k); if (!v) return 0; *v += 1; return 0; }
PROG(map_in_map_inner_unchecked) { __u32 k = 0; void *in = bpf_map_lookup_elem(&outer, &k); __u64 *v = bpf_map_lookup_elem(in, &k); if (!v) return 0; *v += 1; return 0; }
PROG(map_in_map_value_unchecked) { __u32 k = 0; void *in = bpf_map_lookup_elem(&outer, &k); if (!in) return 0; __u64 *v = bpf_map_lookup_elem(in, &k); *v += 1; return 0; }
PROG(map_in_map_value_unknown_key) { __u32 k = 0, i = bpf_get_prandom_u32(); void *in = bpf_map_lookup_elem(&outer, &k); if (!in) return 0; __u64 *v = bpf_map_lookup_elem(in, &i); *v += 1; return 0; }
PROG(map_in_map_update_inner) { __u32 k = 0; __u64 x = 3; void *in = bpf_map_lookup_elem(&outer, &k); if (!in) return 0; return bpf_map_update_elem(in, &k, &x, 0); }
PROG(map_in_map_delete_slot) { __u32 k = 0; return bpf_map_delete_elem(&outer, &k); }
PROG(map_in_map_update_hash) { __u32 k = 0; int fd = 3; return bpf_map_update_elem(&houter, &k, &fd, 0); }
PROG(map_in_map_dereference) { __u32 k = 0; __u64 *in = bpf_map_lookup_elem(&outer, &k); if (!in) return 0; return *in; }
PROG(map_in_map_hash) { __u32 k = 7; void *in = bpf_map_lookup_elem(&houter, &k); if (!in) return 0; __u64 *v = bpf_map_lookup_elem(in, &k); if (v) *v = 1; return 0; }
PROG(rodata_write) { *(int *)&setting = 4; return 0; }
PROG(map_pointer_arithmetic) { return bpf_map_lookup_elem((char *)&h + 8, &(int){1}) ? 1 : 0; }
PROG(map_pointer_store) { *(volatile long *)&h = 0; return 0; }
PROG(key_in_map_value) { struct pair *v = get(&h, 1); if (!v) return 0; return bpf_map_lookup_elem(&a, v) ? 1 : 0; }
PROG(two_checks_of_copies) { struct pair *v = get(&h, 1), *w = v; if (!v) return 0; w->hi++; return v->lo; }
PROG(null_check_in_function) { struct pair *v = get(&h, 1); if (v != 0 && v->lo == 3) return v->hi; return 0; }

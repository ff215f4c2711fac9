#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>
char LICENSE[] SEC("license") = "GPL";
struct lv { struct bpf_spin_lock lock; int c; };
struct inner { __uint(type, BPF_MAP_TYPE_ARRAY); __type(key, int); __type(value, __u64); __uint(max_entries, 4); } in1 SEC(".maps"), in2 SEC(".maps");
struct { __uint(type, BPF_MAP_TYPE_ARRAY_OF_MAPS); __type(key, int); __uint(value_size, 4); __uint(max_entries, 2); __array(values, struct inner); } outer SEC(".maps") = { .values = { &in1, &in2 } };
struct hin { __uint(type, BPF_MAP_TYPE_HASH); __type(key, int); __type(value, struct lv); __uint(max_entries, 4); } hin1 SEC(".maps");
struct { __uint(type, BPF_MAP_TYPE_HASH_OF_MAPS); __type(key, int); __type(value, int); __uint(max_entries, 2); __array(values, struct hin); } houter SEC(".maps") = { .values = { &hin1 } };
struct din { __uint(type, BPF_MAP_TYPE_ARRAY); __type(key, int); __type(value, __u64); __uint(max_entries, 4); __uint(map_flags, BPF_F_INNER_MAP); } din1 SEC(".maps");
struct { __uint(type, BPF_MAP_TYPE_ARRAY_OF_MAPS); __type(key, int); __uint(value_size, 4); __uint(max_entries, 2); __array(values, struct din); } douter SEC(".maps") = { .values = { &din1 } };
struct pin { __uint(type, BPF_MAP_TYPE_PERCPU_ARRAY); __type(key, int); __type(value, __u64); __uint(max_entries, 4); } pin1 SEC(".maps");
struct { __uint(type, BPF_MAP_TYPE_ARRAY_OF_MAPS); __type(key, int); __uint(value_size, 4); __uint(max_entries, 2); __array(values, struct pin); } pouter SEC(".maps") = { .values = { &pin1 } };
struct rin { __uint(type, BPF_MAP_TYPE_RINGBUF); __uint(max_entries, 4096); } rin1 SEC(".maps");
struct { __uint(type, BPF_MAP_TYPE_ARRAY_OF_MAPS); __type(key, int); __uint(value_size, 4); __uint(max_entries, 2); __array(values, struct rin); } router SEC(".maps") = { .values = { &rin1 } };
SEC("xdp") int ok(void *c) { int k = 0; void *in = bpf_map_lookup_elem(&outer, &k); if (!in) return 0; __u64 *v = bpf_map_lookup_elem(in, &k); if (!v) return 0; (*v)++; return 0; }
SEC("xdp") int inner_null(void *c) { int k = 0; void *in = bpf_map_lookup_elem(&outer, &k); __u64 *v = bpf_map_lookup_elem(in, &k); if (!v) return 0; (*v)++; return 0; }
SEC("xdp") int value_null(void *c) { int k = 0; void *in = bpf_map_lookup_elem(&outer, &k); if (!in) return 0; __u64 *v = bpf_map_lookup_elem(in, &k); (*v)++; return 0; }
SEC("xdp") int value_null_big(void *c) { int k = 0, k2 = 100; void *in = bpf_map_lookup_elem(&outer, &k); if (!in) return 0; __u64 *v = bpf_map_lookup_elem(in, &k2); (*v)++; return 0; }
SEC("xdp") int deref_inner(void *c) { int k = 0; __u64 *in = bpf_map_lookup_elem(&outer, &k); if (!in) return 0; return *in; }
SEC("xdp") int write_inner(void *c) { int k = 0; __u64 *in = bpf_map_lookup_elem(&outer, &k); if (!in) return 0; *in = 3; return 0; }
SEC("xdp") int update_outer(void *c) { int k = 0, v = 0; return bpf_map_update_elem(&outer, &k, &v, 0); }
SEC("xdp") int delete_outer(void *c) { int k = 0; return bpf_map_delete_elem(&houter, &k); }
SEC("xdp") int update_inner(void *c) { int k = 0; __u64 v = 1; void *in = bpf_map_lookup_elem(&outer, &k); if (!in) return 0; return bpf_map_update_elem(in, &k, &v, 0); }
SEC("xdp") int lock_inner(void *c) { int k = 0; void *in = bpf_map_lookup_elem(&houter, &k); if (!in) return 0; struct lv *v = bpf_map_lookup_elem(in, &k); if (!v) return 0; bpf_spin_lock(&v->lock); v->c++; bpf_spin_unlock(&v->lock); return 0; }
SEC("xdp") int lock_inner_two(void *c) { int k = 0; void *in = bpf_map_lookup_elem(&houter, &k), *in2 = bpf_map_lookup_elem(&houter, &k); if (!in || !in2) return 0; struct lv *v = bpf_map_lookup_elem(in, &k), *w = bpf_map_lookup_elem(in2, &k); if (!v || !w) return 0; bpf_spin_lock(&v->lock); v->c++; bpf_spin_unlock(&w->lock); return 0; }
SEC("xdp") int lock_inner_same_map(void *c) { int k = 0, k2 = 1; void *in = bpf_map_lookup_elem(&houter, &k); if (!in) return 0; struct lv *v = bpf_map_lookup_elem(in, &k), *w = bpf_map_lookup_elem(in, &k2); if (!v || !w) return 0; bpf_spin_lock(&v->lock); v->c++; bpf_spin_unlock(&w->lock); return 0; }
SEC("xdp") int dyn_ok(void *c) { int k = 0; void *in = bpf_map_lookup_elem(&douter, &k); if (!in) return 0; __u64 *v = bpf_map_lookup_elem(in, &k); if (!v) return 0; (*v)++; return 0; }
SEC("xdp") int dyn_const_key(void *c) { int k = 0; void *in = bpf_map_lookup_elem(&douter, &k); if (!in) return 0; __u64 *v = bpf_map_lookup_elem(in, &k); (*v)++; return 0; }
SEC("xdp") int pc_inner(void *c) { int k = 0; void *in = bpf_map_lookup_elem(&pouter, &k); if (!in) return 0; __u64 *v = bpf_map_lookup_elem(in, &k); if (!v) return 0; (*v)++; return 0; }
SEC("xdp") int pc_inner_cpu(void *c) { int k = 0; void *in = bpf_map_lookup_elem(&pouter, &k); if (!in) return 0; __u64 *v = bpf_map_lookup_percpu_elem(in, &k, 1); if (!v) return 0; (*v)++; return 0; }
SEC("xdp") int rb_inner(void *c) { int k = 0; void *in = bpf_map_lookup_elem(&router, &k); if (!in) return 0; __u64 *v = bpf_ringbuf_reserve(in, 8, 0); if (!v) return 0; *v = 1; bpf_ringbuf_submit(v, 0); return 0; }
SEC("xdp") int outer_in_place(void *c) { int k = 0; __u64 *v = bpf_map_lookup_elem(bpf_map_lookup_elem(&outer, &k), &k); return v ? *v : 0; }
SEC("xdp") int inner_to_for_each(void *c) { int k = 0; void *in = bpf_map_lookup_elem(&outer, &k); if (!in) return 0; extern int x; return 0; }
static int each(void *m, int *k, __u64 *v, void *c) { *v += 1; return 0; }
SEC("xdp") int each_inner(void *c) { int k = 0; void *in = bpf_map_lookup_elem(&outer, &k); if (!in) return 0; return bpf_for_each_map_elem(in, each, 0, 0); }
SEC("xdp") int each_outer(void *c) { return bpf_for_each_map_elem(&outer, each, 0, 0); }
SEC("xdp") int phi_inner(struct xdp_md *c) { int k = 0; void *in = c->ingress_ifindex ? bpf_map_lookup_elem(&outer, &k) : (void *)&in1; if (!in) return 0; __u64 *v = bpf_map_lookup_elem(in, &k); if (!v) return 0; (*v)++; return 0; }
SEC("xdp") int inner_ptr_saved(struct xdp_md *c) { int k = 0; void *in = bpf_map_lookup_elem(&outer, &k); if (!in) return 0; int k2 = 1; __u64 *v2 = bpf_map_lookup_elem(&in1, &k2); if (!v2) return 0; *v2 = (__u64)in; return 0; }
SEC("syscall") int sleepable(void *c) { int k = 0; void *in = bpf_map_lookup_elem(&outer, &k); if (!in) return 0; __u64 *v = bpf_map_lookup_elem(in, &k); if (!v) return 0; (*v)++; return 0; }
SEC("uprobe.s") int sleepable_pc(void *c) { int k = 0; void *in = bpf_map_lookup_elem(&pouter, &k); if (!in) return 0; __u64 *v = bpf_map_lookup_elem(in, &k); if (!v) return 0; (*v)++; return 0; }

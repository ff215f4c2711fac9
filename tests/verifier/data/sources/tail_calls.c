#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>
struct { __uint(type, BPF_MAP_TYPE_PROG_ARRAY); __uint(max_entries, 1); __uint(key_size, 4); __uint(value_size, 4); } jmp SEC(".maps");
struct { __uint(type, BPF_MAP_TYPE_ARRAY); __uint(max_entries, 1); __type(key, __u32); __type(value, __u64[8]); } m SEC(".maps");
unsigned long long load_byte(void *skb, unsigned long long off) asm("llvm.bpf.load.byte");
static __noinline int sub(struct __sk_buff *ctx) { int r = load_byte(ctx, 3); return r & 7; }
static __noinline int one(struct xdp_md *ctx) { int r = 1; asm volatile("":"+r"(r)); bpf_tail_call(ctx, &jmp, 0); return r; }
SEC("tc") int ld_abs_result(struct __sk_buff *ctx) { __u32 k = 0; __u64 *v = bpf_map_lookup_elem(&m, &k); if (!v) return 0; unsigned r = sub(ctx); return v[r]; }
SEC("xdp") int packet_after_tail(struct xdp_md *ctx) { char *d = (void*)(long)ctx->data, *e = (void*)(long)ctx->data_end; if (d + 4 > e) return 0; bpf_tail_call(ctx, &jmp, 0); return d[2]; }
SEC("xdp") int result_bounded(struct xdp_md *ctx) { __u32 k = 0; __u64 *v = bpf_map_lookup_elem(&m, &k); if (!v) return 0; unsigned r = one(ctx); if (r > 7) return 0; return v[r]; }
static long each(__u32 i, struct xdp_md **ctx) { bpf_tail_call(*ctx, &jmp, 0); return 0; }
SEC("xdp") int in_callback(struct xdp_md *ctx) { bpf_loop(4, each, &ctx, 0); return 2; }
__noinline int glob(struct xdp_md *ctx) { bpf_tail_call(ctx, &jmp, 0); return 1; }
SEC("xdp") int in_global(struct xdp_md *ctx) { return glob(ctx); }
static __noinline int slot(struct xdp_md *ctx, __u64 *at) { *at = 2; bpf_tail_call(ctx, &jmp, 0); *at = 20; asm volatile("" ::: "memory"); return 0; }
SEC("xdp") int written_slot(struct xdp_md *ctx) { __u32 k = 0; __u64 *v = bpf_map_lookup_elem(&m, &k); if (!v) return 0; __u64 at = 0; slot(ctx, &at); asm volatile("" ::: "memory"); return v[at]; }
struct { __uint(type, BPF_MAP_TYPE_RINGBUF); __uint(max_entries, 4096); } rb SEC(".maps");
static __noinline int tail_ref(struct xdp_md *ctx) { bpf_tail_call(ctx, &jmp, 0); return 0; }
SEC("xdp") int with_reference(struct xdp_md *ctx) { __u64 *p = bpf_ringbuf_reserve(&rb, 8, 0); if (!p) return 0; tail_ref(ctx); bpf_ringbuf_submit(p, 0); return 0; }
SEC("xdp") int in_main_reference(struct xdp_md *ctx) { __u64 *p = bpf_ringbuf_reserve(&rb, 8, 0); if (!p) return 0; bpf_tail_call(ctx, &jmp, 0); bpf_ringbuf_submit(p, 0); return 0; }
static __noinline int sub_one(struct xdp_md *ctx) { bpf_tail_call(ctx, &jmp, 0); int one = 1; asm volatile("":"+r"(one)); return one; }
static __noinline int sub_ptr(struct xdp_md *ctx, long *out) { *out = 3; bpf_tail_call(ctx, &jmp, 0); *out = 1; asm volatile("" ::: "memory"); return 1; }
SEC("xdp") int index_by_result(struct xdp_md *ctx) { __u32 k = 0; __u64 *v = bpf_map_lookup_elem(&m, &k); if (!v) return 0; int r = sub_one(ctx); asm volatile("" : "+r"(r)); return v[r]; }
SEC("xdp") int packet_after(struct xdp_md *ctx) { char *d = (void*)(long)ctx->data, *e = (void*)(long)ctx->data_end; if (d + 4 > e) return 0; int r = sub_one(ctx); return d[r & 3]; }
SEC("xdp") int return_result(struct xdp_md *ctx) { return sub_one(ctx); }
SEC("xdp") int out_value(struct xdp_md *ctx) { __u32 k = 0; __u64 *v = bpf_map_lookup_elem(&m, &k); if (!v) return 0; long o = 0; sub_ptr(ctx, &o); asm volatile("":::"memory"); asm volatile("" : "+r"(o)); return v[o]; }
char _license[] SEC("license") = "GPL";

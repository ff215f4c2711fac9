// Program types: helpers they may call, what they may return, programs that sleep.
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>
char LICENSE[] SEC("license") = "GPL";
struct { __uint(type, BPF_MAP_TYPE_ARRAY); __type(key, int); __type(value, __u64[4]); __uint(max_entries, 4); } a SEC(".maps");
struct { __uint(type, BPF_MAP_TYPE_LPM_TRIE); __uint(map_flags, BPF_F_NO_PREALLOC); __uint(key_size, 8); __uint(value_size, 8); __uint(max_entries, 4); } trie SEC(".maps");
struct { __uint(type, BPF_MAP_TYPE_TASK_STORAGE); __uint(map_flags, BPF_F_NO_PREALLOC); __type(key, int); __type(value, int); } ts SEC(".maps");
struct task_struct;
char text[16];
SEC("xdp") int probe_read_in_xdp(void *ctx) { long x; return bpf_probe_read_kernel(&x, 8, ctx); }
SEC("xdp") int task_in_xdp(void *ctx) { return bpf_get_current_task() != 0; }
SEC("tc") int redirect_in_tc(void *ctx) { return bpf_redirect(1, 0); }
SEC("raw_tp") int redirect_in_raw_tp(void *ctx) { return bpf_redirect(1, 0); }
SEC("raw_tp") int skb_helper_in_raw_tp(void *ctx) { return bpf_skb_load_bytes(ctx, 0, text, 4); }
SEC("xdp") int unknown_helper(void *ctx) { return ((int (*)(void))500)(); }
SEC("xdp") int helper_zero(void *ctx) { return ((int (*)(int))0)(1); }
SEC("xdp") int pid(void *ctx) { return bpf_get_current_pid_tgid() & 1; }
SEC("xdp") int copy_from_user_xdp(void *ctx) { return bpf_copy_from_user(text, 16, ctx); }
SEC("syscall") int copy_from_user_syscall(void *ctx) { return bpf_copy_from_user(text, 16, 0); }
SEC("uprobe.s") int copy_from_user_uprobe(void *ctx) { return bpf_copy_from_user(text, 16, 0); }
SEC("iter.s/task") int copy_from_user_iter(void *ctx) { return bpf_copy_from_user(text, 16, 0) & 1; }
SEC("uprobe") int copy_from_user_plain(void *ctx) { return bpf_copy_from_user(text, 16, 0); }
SEC("syscall") int trie_in_sleepable(void *ctx) { __u64 k = 0; return bpf_map_lookup_elem(&trie, &k) ? 1 : 0; }
SEC("tc") int trie_lookup(void *ctx) { __u64 k = 0; return bpf_map_lookup_elem(&trie, &k) ? 1 : 0; }
SEC("cgroup_skb/ingress") int cgroup_returns_2(void *ctx) { return 2; }
SEC("cgroup_skb/egress") int cgroup_egress_returns_2(void *ctx) { return 2; }
SEC("cgroup_skb/egress") int cgroup_egress_returns_4(void *ctx) { return 4; }
SEC("cgroup/sock") int cgroup_sock_returns_random(void *ctx) { return bpf_get_prandom_u32(); }
SEC("cgroup/sock") int cgroup_sock_returns_bit(void *ctx) { return bpf_get_prandom_u32() & 1; }
SEC("cgroup/bind4") int bind4_returns_3(void *ctx) { return 3; }
SEC("cgroup/connect4") int connect4_returns_3(void *ctx) { return 3; }
SEC("cgroup/recvmsg4") int recvmsg4_returns_0(void *ctx) { return 0; }
SEC("cgroup/getsockopt") int getsockopt_returns_2(void *ctx) { return 2; }
SEC("sk_lookup") int sk_lookup_returns_2(void *ctx) { return 2; }
SEC("sockops") int sockops_returns_2(void *ctx) { return 2; }
SEC("iter/task") int iter_returns_2(void *ctx) { return 2; }
SEC("tp_btf/sys_enter") int tp_btf_returns_5(void *ctx) { return 5; }
SEC("xdp") int xdp_returns_99(void *ctx) { return 99; }
SEC("xdp") int xdp_returns_random(void *ctx) { return bpf_get_prandom_u32(); }
SEC("xdp") int xdp_returns_map(void *ctx) { return (long)&a; }
SEC("cgroup/sock") int cgroup_returns_pointer(void *ctx) { asm volatile("r0 = r10; exit"); return 0; }
SEC("tp_btf/sys_enter") int storage(void *ctx) { struct task_struct *t = bpf_get_current_task_btf(); int *v = bpf_task_storage_get(&ts, t, 0, BPF_LOCAL_STORAGE_GET_F_CREATE); if (v) *v += 1; return 0; }
SEC("tp_btf/sys_enter") int storage_unchecked(void *ctx) { struct task_struct *t = bpf_get_current_task_btf(); int *v = bpf_task_storage_get(&ts, t, 0, BPF_LOCAL_STORAGE_GET_F_CREATE); *v += 1; return 0; }
SEC("tp_btf/sys_enter") int storage_null_task(void *ctx) { int *v = bpf_task_storage_get(&ts, 0, 0, 0); if (v) *v += 1; return 0; }
SEC("tp_btf/sys_enter") int storage_number_task(void *ctx) { int *v = bpf_task_storage_get(&ts, (void *)bpf_get_current_task(), 0, 0); if (v) *v += 1; return 0; }
SEC("tp_btf/sys_enter") int storage_wrong_pointer(void *ctx) { int *v = bpf_task_storage_get(&ts, *(void **)ctx, 0, 0); if (v) *v += 1; return 0; }
SEC("tp_btf/sys_enter") int storage_looked_up(void *ctx) { int k = 0; return bpf_map_lookup_elem(&ts, &k) ? 1 : 0; }
SEC("tp_btf/sched_switch") int storage_of_previous(void *ctx) { int *v = bpf_task_storage_get(&ts, ((void **)ctx)[1], 0, 1); if (v) *v += 1; return 0; }
SEC("raw_tp") int storage_in_raw_tp(void *ctx) { int *v = bpf_task_storage_get(&ts, (void *)bpf_get_current_task_btf(), 0, 1); if (v) *v += 1; return 0; }
SEC("raw_tp") int print_text(void *ctx) { return bpf_trace_printk("hello %d", 9, 3); }
SEC("raw_tp") int print_global(void *ctx) { return bpf_trace_printk(text, 16); }
SEC("raw_tp") int print_null(void *ctx) { return bpf_trace_printk(0, 0); }
SEC("raw_tp") int ringbuf_null(void *ctx) { return bpf_ringbuf_output(0, text, 8, 0); }
SEC("raw_tp") int comm(void *ctx) { char c[16]; bpf_get_current_comm(c, sizeof(c)); return c[0]; }
SEC("raw_tp") int comm_too_long(void *ctx) { char c[16]; bpf_get_current_comm(c, 32); return c[0]; }
SEC("raw_tp") int read_user_string(void *ctx) { char c[16]; long n = bpf_probe_read_user_str(c, sizeof(c), ctx); if (n < 0 || n > 16) return 0; return c[n & 15]; }
SEC("raw_tp") int snprintf_ok(void *ctx) { static const char f[] = "%d"; __u64 v = 3; return bpf_snprintf(text, 16, f, &v, 8); }
SEC("raw_tp") int snprintf_writable_format(void *ctx) { __u64 v = 3; return bpf_snprintf(text, 16, text, &v, 8); }
SEC("raw_tp") int strncmp_const(void *ctx) { static const char f[] = "abc"; return bpf_strncmp(text, 4, f); }
SEC("raw_tp") int strtol_out(void *ctx) { long r; return bpf_strtol(text, 8, 0, &r) + r; }
SEC("raw_tp") int strtol_out_misaligned(void *ctx) { char b[16]; return bpf_strtol(text, 8, 0, (long *)(b + 4)); }

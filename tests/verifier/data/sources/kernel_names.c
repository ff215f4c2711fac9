// What the kernel has and lacks: CO-RE against types and fields, weak symbols, hooks; and tags of global functions.
#include "vmlinux.h"
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_core_read.h>
#include <bpf/bpf_tracing.h>
char LICENSE[] SEC("license") = "GPL";
#define weak_ksym __attribute__((section(".ksyms"), weak))
#define tag(name) __attribute__((btf_decl_tag(name)))
#define co_re __attribute__((preserve_access_index))

struct task_struct___lost { int no_such_field; } co_re;
struct no_such_struct { int field; } co_re;
struct tcp_sock___bits { u32 fastopen_client_fail : 2; } co_re;
struct request_queue___own { u32 queue_depth_that_is_not; } co_re;
enum bpf_map_type___own { BPF_MAP_TYPE_NO_SUCH_MAP___own = 77 };

extern struct task_struct *bpf_task_acquire(struct task_struct *p) weak_ksym;
extern struct task_struct *bpf_task_acquire___two(struct task_struct *p, void *more) weak_ksym;
extern void bpf_task_release(struct task_struct *p) weak_ksym;
extern int bpf_no_such_function(void) weak_ksym;

int out;

SEC("raw_tp/sys_enter") int field_lost(void *ctx)
{
	struct task_struct___lost *task = (void *)bpf_get_current_task();
	out = BPF_CORE_READ(task, no_such_field);
	return 0;
}
SEC("raw_tp/sys_enter") int field_guarded(void *ctx)
{
	struct task_struct___lost *task = (void *)bpf_get_current_task();
	if (bpf_core_field_exists(task->no_such_field)) out = BPF_CORE_READ(task, no_such_field);
	return 0;
}
SEC("raw_tp/sys_enter") int struct_lost(void *ctx)
{
	struct no_such_struct *what = (void *)bpf_get_current_task();
	out = BPF_CORE_READ(what, field);
	return 0;
}
SEC("raw_tp/sys_enter") int struct_guarded(void *ctx)
{
	struct no_such_struct *what = (void *)bpf_get_current_task();
	if (bpf_core_type_exists(struct no_such_struct)) out = BPF_CORE_READ(what, field);
	return 0;
}
SEC("raw_tp/sys_enter") int struct_size_lost(void *ctx) { out = bpf_core_type_size(struct no_such_struct); return 0; }
SEC("raw_tp/sys_enter") int field_of_unlisted_struct(void *ctx)
{
	struct request_queue___own *queue = (void *)bpf_get_current_task();
	out = BPF_CORE_READ(queue, queue_depth_that_is_not);
	return 0;
}
SEC("raw_tp/sys_enter") int bits(void *ctx)
{
	struct tcp_sock___bits *sock = (void *)bpf_get_current_task();
	out = BPF_CORE_READ_BITFIELD_PROBED(sock, fastopen_client_fail);
	return 0;
}
SEC("raw_tp/sys_enter") int constant_guarded(void *ctx)
{
	if (bpf_core_enum_value_exists(enum bpf_map_type___own, BPF_MAP_TYPE_NO_SUCH_MAP___own)) {
		out = bpf_core_enum_value(enum bpf_map_type___own, BPF_MAP_TYPE_NO_SUCH_MAP___own);
	}
	return 0;
}

SEC("tp_btf/task_newtask") int BPF_PROG(weak_there, struct task_struct *task)
{
	if (!bpf_task_acquire) return 0;
	struct task_struct *mine = bpf_task_acquire(task);
	if (mine) bpf_task_release(mine);
	return 0;
}
SEC("tp_btf/task_newtask") int BPF_PROG(weak_missing, struct task_struct *task)
{
	if (bpf_no_such_function) asm volatile("goto -1");
	return 0;
}
SEC("tp_btf/task_newtask") int BPF_PROG(weak_other_prototype, struct task_struct *task)
{
	if (bpf_task_acquire___two) asm volatile("goto -1");
	return 0;
}

__attribute__((noinline)) int takes_task(struct task_struct *task tag("arg:trusted"))
{
	return task->pid;
}
__attribute__((noinline)) int takes_task_or_null(struct task_struct *task tag("arg:trusted") tag("arg:nullable"))
{
	return task ? task->pid : 0;
}
__attribute__((noinline)) int takes_number(int *number tag("arg:nonnull")) { return *number; }
__attribute__((noinline)) int takes_number_or_null(int *number) { return *number; }
__attribute__((noinline)) int writes_number(int *number tag("arg:nonnull")) { *number = 1; return 0; }

const volatile int constant = 3;

SEC("tp_btf/task_newtask") int BPF_PROG(tag_trusted, struct task_struct *task) { return takes_task(task); }
SEC("tp_btf/task_newtask") int BPF_PROG(tag_trusted_null, struct task_struct *task) { return takes_task(0); }
SEC("tp_btf/task_newtask") int BPF_PROG(tag_trusted_wakee, struct task_struct *task)
{
	return takes_task(task->last_wakee);
}
SEC("tp_btf/task_newtask") int BPF_PROG(tag_nullable, struct task_struct *task) { return takes_task_or_null(0); }
SEC("raw_tp/sys_enter") int tag_nonnull(void *ctx) { int n = out; return takes_number(&n); }
SEC("raw_tp/sys_enter") int tag_nonnull_null(void *ctx) { return takes_number(0); }
SEC("raw_tp/sys_enter") int no_tag(void *ctx) { int n = out; return takes_number_or_null(&n); }
SEC("raw_tp/sys_enter") int writes_constant(void *ctx) { return writes_number((int *)&constant); }

SEC("iter/task") int iterates(struct bpf_iter__task *ctx) { struct task_struct *task = ctx->task; if (task) out = task->pid; return 0; }
SEC("iter/task") int iterates_unchecked(struct bpf_iter__task *ctx) { out = ctx->task->pid; return 0; }
SEC("iter/task") int tag_trusted_or_null(struct bpf_iter__task *ctx) { return takes_task(ctx->task) & 1; }

extern void *bpf_rdonly_cast(const void *obj, u32 btf_id) __ksym;
extern void *bpf_cast_to_kern_ctx(void *obj) __ksym;
extern u64 bpf_map_sum_elem_count(const struct bpf_map *map) __ksym;
struct { __uint(type, BPF_MAP_TYPE_HASH); __uint(max_entries, 4); __type(key, int); __type(value, int); } some SEC(".maps");

SEC("tp_btf/task_newtask") int BPF_PROG(cast_read, struct task_struct *task)
{
	struct task_struct *waker = bpf_rdonly_cast(task->last_wakee, bpf_core_type_id_kernel(struct task_struct));
	out = waker->pid;
	return 0;
}
SEC("tp_btf/task_newtask") int BPF_PROG(cast_to_number, struct task_struct *task)
{
	int *number = bpf_rdonly_cast(task, bpf_core_type_id_kernel(u64));
	out = *number;
	return 0;
}
SEC("tp_btf/task_newtask") int BPF_PROG(cast_acquire, struct task_struct *task)
{
	struct task_struct *copy = bpf_task_acquire(bpf_rdonly_cast(task, bpf_core_type_id_kernel(struct task_struct)));
	if (copy) bpf_task_release(copy);
	return 0;
}
SEC("tc") int behind_context(void *ctx) { return ((struct task_struct *)bpf_cast_to_kern_ctx(ctx)) == 0; }
SEC("tc") int count_of_map(void *ctx) { return bpf_map_sum_elem_count((void *)&some) & 1; }

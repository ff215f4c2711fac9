// Objects that a program allocates, in lists and trees, with the lock beside the root.
#include "vmlinux.h"
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_core_read.h>
#include <bpf/bpf_tracing.h>
char LICENSE[] SEC("license") = "GPL";

struct bpf_list_head { u64 opaque[2]; } __attribute__((aligned(8)));
struct bpf_list_node { u64 opaque[3]; } __attribute__((aligned(8)));
struct bpf_rb_root { u64 opaque[2]; } __attribute__((aligned(8)));
struct bpf_rb_node { u64 opaque[4]; } __attribute__((aligned(8)));
struct bpf_refcount { u32 opaque[1]; } __attribute__((aligned(4)));
struct cpumask { unsigned long bits[1]; };
struct bpf_cpumask { struct cpumask cpumask; int usage; };
#define __contains(name, node) __attribute__((btf_decl_tag("contains:" #name ":" #node)))
#define private(name) SEC(".data." #name) __hidden __attribute__((aligned(8)))
#define new(type) ((type *)bpf_obj_new_impl(bpf_core_type_id_local(type), 0))
#define entry(ptr, type, member) ((type *)((void *)(ptr)-__builtin_offsetof(type, member)))

extern void *bpf_obj_new_impl(u64 local_type_id, void *meta) __ksym;
extern void bpf_obj_drop_impl(void *kptr, void *meta) __ksym;
extern void *bpf_refcount_acquire_impl(void *kptr, void *meta) __ksym;
extern int bpf_list_push_front_impl(struct bpf_list_head *head, struct bpf_list_node *node, void *meta, u64 off) __ksym;
extern struct bpf_list_node *bpf_list_pop_front(struct bpf_list_head *head) __ksym;
extern int bpf_rbtree_add_impl(struct bpf_rb_root *root, struct bpf_rb_node *node,
			       bool(less)(struct bpf_rb_node *a, const struct bpf_rb_node *b), void *meta, u64 off) __ksym;
extern struct bpf_rb_node *bpf_rbtree_first(struct bpf_rb_root *root) __ksym;
extern struct bpf_rb_node *bpf_rbtree_remove(struct bpf_rb_root *root, struct bpf_rb_node *node) __ksym;
extern void bpf_throw(u64 cookie) __ksym;
extern struct bpf_cpumask *bpf_cpumask_create(void) __ksym;
extern void bpf_cpumask_release(struct bpf_cpumask *mask) __ksym;
extern void bpf_cpumask_set_cpu(u32 cpu, struct bpf_cpumask *mask) __ksym;
extern bool bpf_cpumask_test_cpu(u32 cpu, const struct cpumask *mask) __ksym;
extern void bpf_rcu_read_lock(void) __ksym;

struct job {
	u64 key;
	struct bpf_list_node link;
	struct bpf_rb_node node;
	struct bpf_refcount ref;
};
struct other { struct bpf_rb_node node; };
struct counter { struct bpf_spin_lock lock; u64 n; };

private(A) struct bpf_spin_lock queue_lock;
private(A) struct bpf_list_head queue __contains(job, link);
private(B) struct bpf_spin_lock tree_lock;
private(B) struct bpf_rb_root tree __contains(job, node);

struct { __uint(type, BPF_MAP_TYPE_ARRAY); __uint(max_entries, 1); __type(key, int); __type(value, struct counter); } counters SEC(".maps");

static bool less(struct bpf_rb_node *a, const struct bpf_rb_node *b)
{
	return entry(a, struct job, node)->key < entry(b, struct job, node)->key;
}

static bool less_unlocks(struct bpf_rb_node *a, const struct bpf_rb_node *b)
{
	bpf_spin_unlock(&tree_lock);
	return 0;
}

SEC("tc") int push_and_pop(void *ctx)
{
	struct job *job = new(struct job);
	if (!job) return 0;
	job->key = 1;
	bpf_spin_lock(&queue_lock);
	bpf_list_push_front_impl(&queue, &job->link, 0, 0);
	struct bpf_list_node *node = bpf_list_pop_front(&queue);
	bpf_spin_unlock(&queue_lock);
	if (node) bpf_obj_drop_impl(entry(node, struct job, link), 0);
	return 0;
}

SEC("tc") int push_unlocked(void *ctx)
{
	struct job *job = new(struct job);
	if (!job) return 0;
	bpf_list_push_front_impl(&queue, &job->link, 0, 0);
	return 0;
}

SEC("tc") int push_other_lock(void *ctx)
{
	struct job *job = new(struct job);
	if (!job) return 0;
	bpf_spin_lock(&tree_lock);
	bpf_list_push_front_impl(&queue, &job->link, 0, 0);
	bpf_spin_unlock(&tree_lock);
	return 0;
}

SEC("tc") int new_and_leak(void *ctx) { return new(struct job) != 0; }

SEC("tc") int drop_twice(void *ctx)
{
	struct job *job = new(struct job);
	if (!job) return 0;
	bpf_obj_drop_impl(job, 0);
	bpf_obj_drop_impl(job, 0);
	return 0;
}

SEC("tc") int use_after_push(void *ctx)
{
	struct job *job = new(struct job);
	if (!job) return 0;
	bpf_spin_lock(&queue_lock);
	bpf_list_push_front_impl(&queue, &job->link, 0, 0);
	bpf_spin_unlock(&queue_lock);
	job->key = 2;
	return 0;
}

SEC("tc") int write_after_push_locked(void *ctx)
{
	struct job *job = new(struct job);
	if (!job) return 0;
	bpf_spin_lock(&queue_lock);
	bpf_list_push_front_impl(&queue, &job->link, 0, 0);
	job->key = 2;
	bpf_spin_unlock(&queue_lock);
	return 0;
}

SEC("tc") int write_node(void *ctx)
{
	struct job *job = new(struct job);
	if (!job) return 0;
	job->link.opaque[0] = 1;
	bpf_obj_drop_impl(job, 0);
	return 0;
}

SEC("tc") int tree_add_and_remove(void *ctx)
{
	struct job *job = new(struct job);
	if (!job) return 0;
	bpf_spin_lock(&tree_lock);
	bpf_rbtree_add_impl(&tree, &job->node, less, 0, 0);
	struct bpf_rb_node *first = bpf_rbtree_first(&tree);
	if (first) first = bpf_rbtree_remove(&tree, first);
	bpf_spin_unlock(&tree_lock);
	if (first) bpf_obj_drop_impl(entry(first, struct job, node), 0);
	return 0;
}

SEC("tc") int tree_unlocks_in_less(void *ctx)
{
	struct job *job = new(struct job);
	if (!job) return 0;
	bpf_spin_lock(&tree_lock);
	bpf_rbtree_add_impl(&tree, &job->node, less_unlocks, 0, 0);
	bpf_spin_unlock(&tree_lock);
	return 0;
}

SEC("tc") int tree_of_another_type(void *ctx)
{
	struct other *other = new(struct other);
	if (!other) return 0;
	bpf_spin_lock(&tree_lock);
	bpf_rbtree_add_impl(&tree, &other->node, less, 0, 0);
	bpf_spin_unlock(&tree_lock);
	return 0;
}

SEC("tc") int two_references(void *ctx)
{
	struct job *job = new(struct job), *more;
	if (!job) return 0;
	more = bpf_refcount_acquire_impl(job, 0);
	bpf_obj_drop_impl(job, 0);
	bpf_obj_drop_impl(more, 0);
	return 0;
}

SEC("tc") int lock_in_new_object(void *ctx)
{
	struct counter *counter = new(struct counter);
	if (!counter) return 0;
	bpf_spin_lock(&counter->lock);
	counter->n++;
	bpf_spin_unlock(&counter->lock);
	bpf_obj_drop_impl(counter, 0);
	return 0;
}

SEC("tc") int lock_beside_root(void *ctx) { bpf_spin_lock(&queue_lock); bpf_spin_unlock(&queue_lock); return 0; }
SEC("raw_tp/sys_enter") int lists_in_raw_tp(void *ctx) { struct bpf_list_node *node = bpf_list_pop_front(&queue); return node != 0; }

SEC("tc") int throws(void *ctx) { bpf_throw(0); return 0; }
SEC("cgroup_skb/ingress") int throws_too_much(void *ctx) { bpf_throw(5); return 0; }
SEC("tc") int throws_holding(void *ctx)
{
	struct job *job = new(struct job);
	if (!job) return 0;
	bpf_throw(0);
	bpf_obj_drop_impl(job, 0);
	return 0;
}
SEC("tc") int throws_locked(void *ctx) { bpf_spin_lock(&queue_lock); bpf_throw(0); bpf_spin_unlock(&queue_lock); return 0; }
SEC("tc") int throws_in_rcu(void *ctx) { bpf_rcu_read_lock(); bpf_throw(0); return 0; }
static int each(u32 at, void *ctx) { bpf_throw(0); return 0; }
static __attribute__((noinline)) int may_throw(int n) { if (n == 3) bpf_throw(0); return n; }
SEC("tc") int throws_below(void *ctx) { return may_throw(((struct __sk_buff *)ctx)->len); }
SEC("tc") int throws_below_holding(struct __sk_buff *ctx)
{
	struct job *job = new(struct job);
	if (!job) return 0;
	int n = may_throw(ctx->len);
	bpf_obj_drop_impl(job, 0);
	return n;
}
SEC("tc") int throws_in_callback(void *ctx) { bpf_loop(2, each, 0, 0); return 0; }

SEC("syscall") int mask(void *ctx)
{
	struct bpf_cpumask *mask = bpf_cpumask_create();
	if (!mask) return 0;
	bpf_cpumask_set_cpu(1, mask);
	int is = bpf_cpumask_test_cpu(1, (struct cpumask *)mask);
	bpf_cpumask_release(mask);
	return is;
}
SEC("syscall") int mask_unchecked(void *ctx) { bpf_cpumask_set_cpu(1, bpf_cpumask_create()); return 0; }
SEC("syscall") int mask_kept(void *ctx) { return bpf_cpumask_create() != 0; }
SEC("syscall") int mask_not_ours(void *ctx)
{
	bpf_cpumask_set_cpu(1, (struct bpf_cpumask *)bpf_get_current_task_btf());
	return 0;
}
SEC("tc") int mask_in_tc(void *ctx) { struct bpf_cpumask *mask = bpf_cpumask_create(); if (mask) bpf_cpumask_release(mask); return 0; }

// Objects of a program's own: in lists and red-black trees, behind pointers in maps, shared by counts of references.
#include <linux/bpf.h>
#include <stddef.h>
#include <bpf/bpf_helpers.h>

#define __kptr __attribute__((btf_type_tag("kptr")))
#define __contains(name, node) __attribute__((btf_decl_tag("contains:" #name ":" #node)))
#define private(name) SEC(".data." #name) __hidden __attribute__((aligned(8)))
#define container_of(ptr, type, member) ((type *)((void *)(ptr)-offsetof(type, member)))

#ifndef bpf_obj_new
struct bpf_list_head { __u64 __opaque[2]; } __attribute__((aligned(8)));
struct bpf_list_node { __u64 __opaque[3]; } __attribute__((aligned(8)));
struct bpf_rb_root { __u64 __opaque[2]; } __attribute__((aligned(8)));
struct bpf_rb_node { __u64 __opaque[4]; } __attribute__((aligned(8)));
struct bpf_refcount { __u32 __opaque[1]; } __attribute__((aligned(4)));
#endif

extern void *bpf_obj_new_impl(__u64 local_type_id, void *meta) __ksym;
extern void bpf_obj_drop_impl(void *kptr, void *meta) __ksym;
extern void *bpf_refcount_acquire_impl(void *kptr, void *meta) __ksym;
extern int bpf_list_push_front_impl(struct bpf_list_head *head, struct bpf_list_node *node, void *meta, __u64 off) __ksym;
extern int bpf_list_push_back_impl(struct bpf_list_head *head, struct bpf_list_node *node, void *meta, __u64 off) __ksym;
extern struct bpf_list_node *bpf_list_pop_front(struct bpf_list_head *head) __ksym;
extern struct bpf_list_node *bpf_list_pop_back(struct bpf_list_head *head) __ksym;
extern struct bpf_list_node *bpf_list_front(struct bpf_list_head *head) __ksym;
extern struct bpf_list_node *bpf_list_back(struct bpf_list_head *head) __ksym;
extern int bpf_rbtree_add_impl(struct bpf_rb_root *root, struct bpf_rb_node *node,
			       bool (less)(struct bpf_rb_node *a, const struct bpf_rb_node *b), void *meta, __u64 off) __ksym;
extern struct bpf_rb_node *bpf_rbtree_remove(struct bpf_rb_root *root, struct bpf_rb_node *node) __ksym;
extern struct bpf_rb_node *bpf_rbtree_first(struct bpf_rb_root *root) __ksym;
extern struct bpf_rb_node *bpf_rbtree_root(struct bpf_rb_root *root) __ksym;
extern struct bpf_rb_node *bpf_rbtree_left(struct bpf_rb_root *root, struct bpf_rb_node *node) __ksym;
extern struct bpf_rb_node *bpf_rbtree_right(struct bpf_rb_root *root, struct bpf_rb_node *node) __ksym;

#define new(type) ((type *)bpf_obj_new_impl(__builtin_btf_type_id(*(type *)0, 0), NULL))
#define drop(p) bpf_obj_drop_impl(p, NULL)
#define rbtree_add(root, node, less) bpf_rbtree_add_impl(root, node, less, NULL, 0)

struct item {
	long key;
	struct bpf_list_node node;
};

struct sorted {
	long key;
	struct bpf_rb_node node;
};

struct shared {
	long key;
	struct bpf_refcount count;
	struct bpf_list_node link;
	struct bpf_rb_node node;
};

private(A) struct bpf_spin_lock list_lock;
private(A) struct bpf_list_head items __contains(item, node);
private(B) struct bpf_spin_lock tree_lock;
private(B) struct bpf_rb_root tree __contains(sorted, node);
private(C) struct bpf_spin_lock both_lock;
private(C) struct bpf_list_head list_of_shared __contains(shared, link);
private(C) struct bpf_rb_root tree_of_shared __contains(shared, node);

long results[8];

static bool less(struct bpf_rb_node *a, const struct bpf_rb_node *b)
{
	return container_of(a, struct sorted, node)->key < container_of(b, struct sorted, node)->key;
}

static bool shared_less(struct bpf_rb_node *a, const struct bpf_rb_node *b)
{
	return container_of(a, struct shared, node)->key < container_of(b, struct shared, node)->key;
}

static __always_inline int push(long key, bool front)
{
	struct item *i = new(struct item);

	if (!i)
		return 0;
	i->key = key;
	bpf_spin_lock(&list_lock);
	if (front)
		bpf_list_push_front_impl(&items, &i->node, NULL, 0);
	else
		bpf_list_push_back_impl(&items, &i->node, NULL, 0);
	bpf_spin_unlock(&list_lock);
	return 1;
}

static __always_inline long pop(bool front)
{
	struct bpf_list_node *n;
	struct item *i;
	long key;

	bpf_spin_lock(&list_lock);
	n = front ? bpf_list_pop_front(&items) : bpf_list_pop_back(&items);
	bpf_spin_unlock(&list_lock);
	if (!n)
		return -1;
	i = container_of(n, struct item, node);
	key = i->key;
	drop(i);
	return key;
}

SEC("tc") int list(void *ctx)
{
	pop(true);
	pop(true);
	results[0] = pop(true);
	push(2, true);
	push(3, false);
	push(1, true);
	results[1] = pop(false);
	results[2] = pop(true);
	push(4, false);
	return 0;
}

static __always_inline int add(long key)
{
	struct sorted *s = new(struct sorted);

	if (!s)
		return 0;
	s->key = key;
	bpf_spin_lock(&tree_lock);
	rbtree_add(&tree, &s->node, less);
	bpf_spin_unlock(&tree_lock);
	return 1;
}

static __always_inline long take_first(void)
{
	struct bpf_rb_node *n;
	struct sorted *s;
	long key;

	bpf_spin_lock(&tree_lock);
	n = bpf_rbtree_first(&tree);
	if (!n) {
		bpf_spin_unlock(&tree_lock);
		return -1;
	}
	n = bpf_rbtree_remove(&tree, n);
	bpf_spin_unlock(&tree_lock);
	if (!n)
		return -2;
	s = container_of(n, struct sorted, node);
	key = s->key;
	drop(s);
	return key;
}

SEC("tc") int sorts(void *ctx)
{
	struct bpf_rb_node *n;

	take_first();
	take_first();
	take_first();
	results[0] = take_first();
	add(5);
	add(3);
	add(8);
	add(1);
	add(4);
	results[1] = take_first();
	results[2] = take_first();
	bpf_spin_lock(&tree_lock);
	n = bpf_rbtree_root(&tree);
	if (n) {
		struct bpf_rb_node *left, *right;

		results[3] = container_of(n, struct sorted, node)->key;
		left = bpf_rbtree_left(&tree, n);
		if (left)
			results[4] = container_of(left, struct sorted, node)->key;
		right = bpf_rbtree_right(&tree, n);
		if (right)
			results[5] = container_of(right, struct sorted, node)->key;
	}
	bpf_spin_unlock(&tree_lock);
	return 0;
}

struct slot {
	long number;
	struct item __kptr *item;
};

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 4);
	__type(key, int);
	__type(value, struct slot);
} slots SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 2);
	__type(key, int);
	__type(value, struct slot);
} places SEC(".maps");

/* Leaves an object behind a pointer of a map, and takes away the one that was there. */
static __always_inline long exchange(void *map, int key, long number)
{
	struct slot *slot = bpf_map_lookup_elem(map, &key);
	struct item *i, *old;
	long found = 0;

	if (!slot)
		return -1;
	i = new(struct item);
	if (!i)
		return -2;
	i->key = number;
	old = bpf_kptr_xchg(&slot->item, i);
	if (old) {
		found = old->key;
		drop(old);
	}
	return found;
}

SEC("tc") int pointers(void *ctx)
{
	struct slot empty = { .number = 7 };
	int key = 1;

	bpf_map_update_elem(&places, &key, &empty, BPF_ANY);
	bpf_map_delete_elem(&slots, &key);
	results[0] = exchange(&places, 1, 10);
	results[1] = exchange(&places, 1, 11);
	results[2] = exchange(&slots, 1, 12);
	bpf_map_update_elem(&slots, &key, &empty, BPF_ANY);
	results[3] = exchange(&slots, 1, 13);
	bpf_map_update_elem(&slots, &key, &empty, BPF_ANY);
	results[4] = exchange(&slots, 1, 14);
	bpf_map_delete_elem(&slots, &key);
	results[5] = exchange(&slots, 1, 15);
	return 0;
}

/* One of two CPUs that put an object of their own into one pointer. */
SEC("tc") int give(void *ctx)
{
	__sync_fetch_and_add(&results[6], exchange(&places, 0, 1));
	return 0;
}

SEC("tc") int refcounts(void *ctx)
{
	struct shared *s = new(struct shared), *other;
	struct bpf_list_node *n;
	struct bpf_rb_node *r;

	if (!s)
		return 0;
	s->key = 9;
	other = bpf_refcount_acquire_impl(s, NULL);
	bpf_spin_lock(&both_lock);
	results[0] = bpf_list_push_back_impl(&list_of_shared, &s->link, NULL, 0);
	results[1] = rbtree_add(&tree_of_shared, &other->node, shared_less);
	n = bpf_list_pop_front(&list_of_shared);
	bpf_spin_unlock(&both_lock);
	if (!n)
		return 0;
	s = container_of(n, struct shared, link);
	/* The tree holds it still: this gives up the list's part of it. */
	s->key = 10;
	drop(s);
	bpf_spin_lock(&both_lock);
	r = bpf_rbtree_first(&tree_of_shared);
	if (r)
		results[2] = container_of(r, struct shared, node)->key;
	bpf_spin_unlock(&both_lock);
	return 0;
}

/* An object goes into the tree twice: the second time is refused. */
SEC("tc") int twice(void *ctx)
{
	struct shared *s = new(struct shared), *other;

	if (!s)
		return 0;
	s->key = 9;
	other = bpf_refcount_acquire_impl(s, NULL);
	bpf_spin_lock(&both_lock);
	results[0] = rbtree_add(&tree_of_shared, &s->node, shared_less);
	results[1] = rbtree_add(&tree_of_shared, &other->node, shared_less);
	bpf_spin_unlock(&both_lock);
	return 0;
}

SEC("tc") int push_one(void *ctx) { return push(1, false); }
SEC("tc") int push_two(void *ctx) { return push(2, true); }
SEC("tc") int pop_one(void *ctx)
{
	results[7] = pop(true);
	return 0;
}
SEC("tc") int push_and_pop(void *ctx)
{
	push(3, false);
	results[0] = pop(true);
	return 0;
}

private(D) struct bpf_spin_lock other_lock;
private(D) struct bpf_list_head other_list __contains(shared, link);

/* Another reference to the first object of the tree. */
static __always_inline struct shared *first_shared(void)
{
	struct bpf_rb_node *n;
	struct shared *found = NULL;

	bpf_spin_lock(&both_lock);
	n = bpf_rbtree_first(&tree_of_shared);
	if (n)
		found = bpf_refcount_acquire_impl(container_of(n, struct shared, node), NULL);
	bpf_spin_unlock(&both_lock);
	return found;
}

/* Two programs that put one object into two lists, each under the lock of its own. */
SEC("tc") int to_list(void *ctx)
{
	struct shared *s = new(struct shared), *other;

	if (!s)
		return 0;
	s->key = 1;
	other = bpf_refcount_acquire_impl(s, NULL);
	bpf_spin_lock(&both_lock);
	rbtree_add(&tree_of_shared, &other->node, shared_less);
	bpf_spin_unlock(&both_lock);
	bpf_spin_lock(&both_lock);
	results[0] = bpf_list_push_back_impl(&list_of_shared, &s->link, NULL, 0);
	bpf_spin_unlock(&both_lock);
	return 0;
}

SEC("tc") int to_other_list(void *ctx)
{
	struct shared *s = first_shared();

	results[1] = 1;
	if (!s)
		return 0;
	bpf_spin_lock(&other_lock);
	results[1] = bpf_list_push_back_impl(&other_list, &s->link, NULL, 0);
	bpf_spin_unlock(&other_lock);
	return 0;
}

// bpf_res_spin_lock: deadlocks that one CPU, two and three make, and what the lock answers.
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

struct elem {
	struct bpf_res_spin_lock lock;
	int count;
};

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 3);
	__type(key, int);
	__type(value, struct elem);
} elems SEC(".maps");

/* What the second lock answered, and how often it refused, by program. */
int answers[3];
int refused[3];

/* Takes two locks of elements, one inside the other. */
static __always_inline int nest(int outer, int inner, int prog)
{
	struct elem *a = bpf_map_lookup_elem(&elems, &outer);
	struct elem *b = bpf_map_lookup_elem(&elems, &inner);
	int result;

	if (!a || !b)
		return 0;
	if (bpf_res_spin_lock(&a->lock))
		return 0;
	result = bpf_res_spin_lock(&b->lock);
	if (!result) {
		b->count += 1;
		bpf_res_spin_unlock(&b->lock);
	}
	bpf_res_spin_unlock(&a->lock);
	answers[prog] = result;
	if (result)
		refused[prog] += 1;
	return 0;
}

SEC("tc") int aa(void *ctx) { return nest(0, 0, 0); }
SEC("tc") int ab(void *ctx) { return nest(0, 1, 0); }
SEC("tc") int ba(void *ctx) { return nest(1, 0, 1); }
SEC("tc") int bc(void *ctx) { return nest(1, 2, 1); }
SEC("tc") int ca(void *ctx) { return nest(2, 0, 2); }

SEC("tc") int count(void *ctx)
{
	int key = 0;
	struct elem *e = bpf_map_lookup_elem(&elems, &key);

	if (!e || bpf_res_spin_lock(&e->lock))
		return 0;
	e->count += 1;
	bpf_res_spin_unlock(&e->lock);
	return 0;
}

SEC("tc") int count_irqsave(void *ctx)
{
	unsigned long flags;
	int key = 0;
	struct elem *e = bpf_map_lookup_elem(&elems, &key);

	if (!e || bpf_res_spin_lock_irqsave(&e->lock, &flags))
		return 0;
	e->count += 1;
	bpf_res_spin_unlock_irqrestore(&e->lock, &flags);
	return 0;
}

/* What finds the lock taken where the interrupt stroke. */
SEC("tc") int in_interrupt(void *ctx)
{
	int key = 0, result;
	struct elem *e = bpf_map_lookup_elem(&elems, &key);

	if (!e)
		return 0;
	result = bpf_res_spin_lock(&e->lock);
	if (!result) {
		e->count += 1;
		bpf_res_spin_unlock(&e->lock);
	}
	answers[2] = result;
	return 0;
}

/* The same with another lock. */
SEC("tc") int count_other(void *ctx)
{
	int key = 1;
	struct elem *e = bpf_map_lookup_elem(&elems, &key);

	if (!e || bpf_res_spin_lock(&e->lock))
		return 0;
	e->count += 1;
	bpf_res_spin_unlock(&e->lock);
	return 0;
}

SEC("tc") int other_in_interrupt(void *ctx)
{
	int key = 1, result;
	struct elem *e = bpf_map_lookup_elem(&elems, &key);

	if (!e)
		return 0;
	result = bpf_res_spin_lock(&e->lock);
	if (!result)
		bpf_res_spin_unlock(&e->lock);
	answers[1] = result;
	return 0;
}

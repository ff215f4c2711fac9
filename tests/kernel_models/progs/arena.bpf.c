// -mcpu=v4
// An arena: pages that programs allocate, variables in it, and a queue lock made of its memory.
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

#define __arena __attribute__((address_space(1)))

#define can_loop ({								\
	__label__ l_break, l_continue;						\
	bool ret = true;							\
	asm volatile goto("1:.byte 0xe5;.byte 0;.long ((%l[l_break] - 1b - 8) / 8) & 0xffff;.short 0"	\
			  :::: l_break);					\
	goto l_continue;							\
l_break:									\
	ret = false;								\
l_continue:;									\
	ret;									\
})

struct {
	__uint(type, BPF_MAP_TYPE_ARENA);
	__uint(map_flags, BPF_F_MMAPABLE);
	__uint(max_entries, 8);
	__ulong(map_extra, 0x1ull << 44);
} arena SEC(".maps");

extern void __arena *bpf_arena_alloc_pages(void *map, void __arena *addr, __u32 pages, int node, __u64 flags) __ksym;
extern void bpf_arena_free_pages(void *map, void __arena *ptr, __u32 pages) __ksym;

/* A waiter's place in the queue: the kernel's struct mcs_spinlock, with indices for pointers. */
struct waiter {
	int locked;
	int next;
};

int __arena counter = 5;
int __arena tail;
struct waiter __arena waiters[4];
struct node {
	long value;
	struct node __arena *next;
};
struct node __arena *list;

long results[8];

SEC("syscall") int pages(void *ctx)
{
	volatile char __arena *one = bpf_arena_alloc_pages(&arena, 0, 1, -1, 0);
	volatile char __arena *last;

	if (!one)
		return 0;
	results[0] = one[100];
	one[100] = 7;
	results[1] = one[100];
	/* Behind the first of its pages there is none. */
	one[5000] = 9;
	results[2] = one[5000];
	last = bpf_arena_alloc_pages(&arena, 0, 7, -1, 0);
	results[3] = last == 0;
	last = bpf_arena_alloc_pages(&arena, (void __arena *)one + 4096, 6, -1, 0);
	results[4] = last - one;
	if (last)
		results[5] = last[904];
	bpf_arena_free_pages(&arena, (void __arena *)one, 1);
	results[6] = one[100];
	one = bpf_arena_alloc_pages(&arena, 0, 1, -1, 0);
	if (one)
		results[7] = one[100] + 1;
	counter += 1;
	return 0;
}

/* Links pages into a list, and reads a link of NULL. */
SEC("syscall") int links(void *ctx)
{
	struct node __arena *n;
	int i;

	for (i = 1; i <= 3 && can_loop; i++) {
		n = bpf_arena_alloc_pages(&arena, 0, 1, -1, 0);
		if (!n)
			return 0;
		n->value = i;
		n->next = list;
		list = n;
	}
	for (n = list; n && can_loop; n = n->next)
		results[0] = results[0] * 10 + n->value;
	results[1] = n->value;
	return 0;
}

/* kernel/locking/mcs_spinlock.h: an exchange for a place in the queue, then each waits on a word of its own. */
static int lock(int me)
{
	int before;

	waiters[me - 1].locked = 0;
	waiters[me - 1].next = 0;
	before = __sync_lock_test_and_set(&tail, me);
	if (!before)
		return 0;
	*(volatile int __arena *)&waiters[before - 1].next = me;
	while (!*(volatile int __arena *)&waiters[me - 1].locked)
		if (!can_loop)
			return -1;
	return 0;
}

static int unlock(int me)
{
	int next = *(volatile int __arena *)&waiters[me - 1].next;

	if (!next) {
		if (__sync_val_compare_and_swap(&tail, me, 0) == me)
			return 0;
		while (!(next = *(volatile int __arena *)&waiters[me - 1].next))
			if (!can_loop)
				return -1;
	}
	*(volatile int __arena *)&waiters[next - 1].locked = 1;
	return 0;
}

static int count(int me)
{
	if (lock(me))
		return -1;
	counter += 1;
	return unlock(me);
}

SEC("syscall") int count_one(void *ctx) { return count(1); }
SEC("syscall") int count_two(void *ctx) { return count(2); }
SEC("syscall") int count_three(void *ctx) { return count(3); }

SEC("syscall") int count_unlocked(void *ctx)
{
	counter += 1;
	return 0;
}

// Two CPUs, two words: who sees whose store. Each program has both sides of a litmus test.
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

char LICENSE[] SEC("license") = "GPL";

long x, y, saw_x = -1, saw_y = -1;

// Store buffering: each CPU stores its word, then reads the other's.
SEC("raw_tp") int sb_x(void *ctx) { WRITE_ONCE(x, 1); saw_y = READ_ONCE(y); return 0; }
SEC("raw_tp") int sb_y(void *ctx) { WRITE_ONCE(y, 1); saw_x = READ_ONCE(x); return 0; }

// The same with an atomic that fetches between the two.
long fence;
SEC("raw_tp") int sb_x_fence(void *ctx)
{
	WRITE_ONCE(x, 1);
	WRITE_ONCE(fence, __sync_fetch_and_add(&fence, 1));
	saw_y = READ_ONCE(y);
	return 0;
}

// The barrier between is a spin lock, taken and released.
struct only_lock { struct bpf_spin_lock lock; };
struct { __uint(type, BPF_MAP_TYPE_ARRAY); __type(key, int); __type(value, struct only_lock); __uint(max_entries, 2); }
	locks SEC(".maps");

#define LOCK_AND_UNLOCK(number)                                              \
	int key = number;                                                    \
	struct only_lock *found = bpf_map_lookup_elem(&locks, &key);         \
	if (!found)                                                          \
		return 0;                                                    \
	bpf_spin_lock(&found->lock);                                         \
	bpf_spin_unlock(&found->lock);
SEC("tc") int sb_x_lock(void *ctx) { WRITE_ONCE(x, 1); LOCK_AND_UNLOCK(0) saw_y = READ_ONCE(y); return 0; }
SEC("tc") int sb_y_lock(void *ctx) { WRITE_ONCE(y, 1); LOCK_AND_UNLOCK(1) saw_x = READ_ONCE(x); return 0; }

// Store buffering through map values.
struct { __uint(type, BPF_MAP_TYPE_ARRAY); __type(key, int); __type(value, long); __uint(max_entries, 2); }
	flags SEC(".maps");

static __always_inline long set_and_look(int own)
{
	int other = 1 - own;
	long *mine = bpf_map_lookup_elem(&flags, &own), *theirs = bpf_map_lookup_elem(&flags, &other);

	if (!mine || !theirs)
		return -1;
	WRITE_ONCE(*mine, 1);
	return READ_ONCE(*theirs);
}
SEC("raw_tp") int map_x(void *ctx) { saw_y = set_and_look(0); return 0; }
SEC("raw_tp") int map_y(void *ctx) { saw_x = set_and_look(1); return 0; }

// ... and by updates of the kernel's, which copy into an array's value as plain stores.
SEC("raw_tp") int update_x(void *ctx)
{
	int own = 0, other = 1;
	long one = 1, *theirs = bpf_map_lookup_elem(&flags, &other);

	bpf_map_update_elem(&flags, &own, &one, BPF_ANY);
	if (theirs)
		saw_y = READ_ONCE(*theirs);
	return 0;
}

// ... by an update that links a new element: its last stores, the link and the lock's release, are plain.
struct { __uint(type, BPF_MAP_TYPE_HASH); __type(key, int); __type(value, long); __uint(max_entries, 4); } hashed SEC(".maps");
SEC("raw_tp") int insert_x(void *ctx)
{
	int key = 7;
	long one = 1;

	bpf_map_update_elem(&hashed, &key, &one, BPF_ANY);
	saw_y = READ_ONCE(y);
	return 0;
}
SEC("raw_tp") int look_up_x(void *ctx)
{
	int key = 7;

	WRITE_ONCE(y, 1);
	WRITE_ONCE(fence, __sync_fetch_and_add(&fence, 1)); /* only the other side's stores can wait */
	saw_x = bpf_map_lookup_elem(&hashed, &key) != 0;
	return 0;
}

// ... and from one run to the next: the store of the first, the load of the second.
SEC("raw_tp") int look_then_set_x(void *ctx) { saw_y = READ_ONCE(y); WRITE_ONCE(x, 1); return 0; }
SEC("raw_tp") int look_then_set_y(void *ctx) { saw_x = READ_ONCE(x); WRITE_ONCE(y, 1); return 0; }

// Peterson's lock: right on sequentially consistent memory, not on x86.
long wants[2], turn, inside, together;
static __always_inline int enter(int me)
{
	WRITE_ONCE(wants[me], 1);
	WRITE_ONCE(turn, 1 - me);
	if (READ_ONCE(wants[1 - me]) && READ_ONCE(turn) == 1 - me)
		return 0; /* would wait */
	if (__sync_fetch_and_add(&inside, 1))
		WRITE_ONCE(together, 1);
	__sync_fetch_and_add(&inside, -1);
	WRITE_ONCE(wants[me], 0);
	return 0;
}
SEC("raw_tp") int peterson_0(void *ctx) { return enter(0); }
SEC("raw_tp") int peterson_1(void *ctx) { return enter(1); }

// Message passing: the data, then the flag.
SEC("raw_tp") int mp_write(void *ctx) { WRITE_ONCE(x, 1); WRITE_ONCE(y, 1); return 0; }
SEC("raw_tp") int mp_read(void *ctx) { saw_y = READ_ONCE(y); saw_x = READ_ONCE(x); return 0; }

// One half of store buffering: an interrupt of the other half's CPU does the other.
SEC("raw_tp") int store_x(void *ctx) { WRITE_ONCE(x, 1); return 0; }
SEC("raw_tp") int load_y(void *ctx) { saw_y = READ_ONCE(y); return 0; }

// Programs that cannot tell.
long counter;
SEC("raw_tp") int count(void *ctx) { counter += 1; return 0; }
SEC("raw_tp") int count_atomic(void *ctx) { __sync_fetch_and_add(&counter, 1); return 0; }
struct locked { struct bpf_spin_lock lock; int a, b; };
struct { __uint(type, BPF_MAP_TYPE_ARRAY); __type(key, int); __type(value, struct locked); __uint(max_entries, 1); }
	pairs SEC(".maps");
SEC("tc") int count_locked(void *ctx)
{
	int key = 0;
	struct locked *pair = bpf_map_lookup_elem(&pairs, &key);

	if (!pair)
		return 0;
	bpf_spin_lock(&pair->lock);
	pair->a += 1;
	pair->b += 1;
	bpf_spin_unlock(&pair->lock);
	return 0;
}
struct { __uint(type, BPF_MAP_TYPE_PERCPU_ARRAY); __type(key, int); __type(value, long); __uint(max_entries, 4); }
	percpu SEC(".maps");
SEC("raw_tp") int count_percpu(void *ctx)
{
	int one = 0, other = 1;
	long *first = bpf_map_lookup_elem(&percpu, &one), *second = bpf_map_lookup_elem(&percpu, &other);

	if (!first || !second)
		return 0;
	WRITE_ONCE(*first, READ_ONCE(*first) + 1);
	WRITE_ONCE(*second, READ_ONCE(*second) + 1);
	return 0;
}

// Under a lock, but not all of them: one that takes another value's, and one that takes none.
struct { __uint(type, BPF_MAP_TYPE_ARRAY); __type(key, int); __type(value, struct locked); __uint(max_entries, 4); }
	many SEC(".maps");
SEC("tc") int count_own_lock(void *ctx)
{
	int key = bpf_get_prandom_u32() & 3;
	struct locked *pair = bpf_map_lookup_elem(&many, &key);

	if (!pair)
		return 0;
	bpf_spin_lock(&pair->lock);
	WRITE_ONCE(pair->a, READ_ONCE(pair->a) + 1);
	WRITE_ONCE(pair->b, READ_ONCE(pair->b) + 1);
	bpf_spin_unlock(&pair->lock);
	return 0;
}
SEC("tc") int count_other_lock(void *ctx)
{
	int mine = bpf_get_prandom_u32() & 3, held = bpf_get_prandom_u32() & 3;
	struct locked *pair = bpf_map_lookup_elem(&many, &mine), *other = bpf_map_lookup_elem(&many, &held);

	if (!pair || !other)
		return 0;
	bpf_spin_lock(&other->lock);
	WRITE_ONCE(pair->a, READ_ONCE(pair->a) + 1);
	WRITE_ONCE(pair->b, READ_ONCE(pair->b) + 1);
	bpf_spin_unlock(&other->lock);
	return 0;
}
SEC("tc") int write_unlocked(void *ctx)
{
	int key = 0;
	struct locked *pair = bpf_map_lookup_elem(&pairs, &key);

	if (!pair)
		return 0;
	WRITE_ONCE(pair->b, 7);
	saw_x = READ_ONCE(pair->a);
	return 0;
}

// Litmus tests once for each slot, for a machine that runs them by the hundred; each side waits a while for the other.
#define SLOTS 128
struct slot { int x, y, first, second; } slots[SLOTS];
long next_a, next_b, next_b;
#define SIDE(name, next, other, ...)                                         \
SEC("raw_tp") int name(void *ctx)                                     \
{                                                                     \
	unsigned long at = __sync_fetch_and_add(&next, 1);            \
	if (at >= SLOTS)                                              \
		return 0;                                             \
	struct slot *slot = &slots[at & (SLOTS - 1)];                 \
	for (int i = 0; i < 40 && READ_ONCE(other) <= at; i++)        \
		;                                                     \
	int seen;                                                     \
	__VA_ARGS__                                                   \
	return 0;                                                     \
}
SIDE(many_sb_a, next_a, next_b, WRITE_ONCE(slot->x, 1); seen = READ_ONCE(slot->y); WRITE_ONCE(slot->first, 1 + seen);)
SIDE(many_sb_b, next_b, next_a, WRITE_ONCE(slot->y, 1); seen = READ_ONCE(slot->x); WRITE_ONCE(slot->second, 1 + seen);)
SIDE(many_lb_a, next_a, next_b, seen = READ_ONCE(slot->x); WRITE_ONCE(slot->y, 1); WRITE_ONCE(slot->first, 1 + seen);)
SIDE(many_lb_b, next_b, next_a, seen = READ_ONCE(slot->y); WRITE_ONCE(slot->x, 1); WRITE_ONCE(slot->second, 1 + seen);)
SIDE(many_mp_a, next_a, next_b, WRITE_ONCE(slot->x, 1); WRITE_ONCE(slot->y, 1); seen = 0;)
SIDE(many_mp_b, next_b, next_a, seen = READ_ONCE(slot->y); WRITE_ONCE(slot->first, 1 + seen); seen = READ_ONCE(slot->x);
     WRITE_ONCE(slot->second, 1 + seen);)

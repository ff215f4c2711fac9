/* What `calibrate` times: calibration_programs.ts says what each program tells. */
struct locked { struct bpf_spin_lock lock; __u64 count; };

#define MAP(name, kind, type_of_value, entries)    \
	struct {                                   \
		__uint(type, BPF_MAP_TYPE_##kind); \
		__type(key, __u32);                \
		__type(value, type_of_value);      \
		__uint(max_entries, entries);      \
	} name SEC(".maps")

MAP(array, ARRAY, __u64, 1);
MAP(many, ARRAY, __u64, 32);
MAP(hash, HASH, __u64, 64);
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__type(key, __u32);
	__type(value, __u64);
	__uint(max_entries, 64);
} hash_np SEC(".maps");

MAP(percpu_array, PERCPU_ARRAY, __u64, 1);
MAP(locked_array, ARRAY, struct locked, 1);

volatile __u64 counter = 0;

#define PROG SEC("raw_tp") int
#define FOUR(x) x x x x
#define SIXTY_FOUR(x) FOUR(FOUR(FOUR(x)))
#define TEN(x) x x x x x x x x x x
#define WORK10                                                                      \
	asm volatile("%0 += 1; %1 += 1; %2 += 1; %3 += 1; %0 ^= 3; %1 ^= 3; %2 ^= 3; %3 ^= 3; %0 += 5; %1 += 5" \
		     : "+r"(a), "+r"(b), "+r"(c), "+r"(d));
#define LOCALS __u64 a = 1, b = 2, c = 3, d = 4;

PROG nop(void *ctx) { return 0; }
PROG load(void *ctx) { return counter; }
PROG racy(void *ctx) { counter += 1; return 0; }
PROG racy64(void *ctx) { SIXTY_FOUR(counter += 1;) return 0; }
PROG racy_work100(void *ctx) { LOCALS counter += 1; TEN(WORK10) return 0; }
PROG racy_work1000(void *ctx) { LOCALS counter += 1; TEN(TEN(WORK10)) return 0; }
PROG atomic(void *ctx) { __sync_fetch_and_add(&counter, 1); return 0; }
PROG atomic64(void *ctx) { SIXTY_FOUR(__sync_fetch_and_add(&counter, 1);) return 0; }
PROG atomic_work100(void *ctx) { LOCALS __sync_fetch_and_add(&counter, 1); TEN(WORK10) return 0; }
PROG atomic_work1000(void *ctx) { LOCALS __sync_fetch_and_add(&counter, 1); TEN(TEN(WORK10)) return 0; }

PROG racy_between100(void *ctx)
{
	LOCALS
	__u64 seen = counter;
	TEN(WORK10)
	counter = seen + 1;
	return 0;
}

/* Each load needs the value of the one before: a chain of 64. */
volatile __u64 zeros[128];
#define NEXT "r2 = *(u64 *)(r1 + 0); r2 &= 8; r1 += r2;"
PROG chase(void *ctx)
{
	void *at = (void *)zeros;
	asm volatile("r1 = %0;" FOUR(FOUR(FOUR(NEXT))) "%0 = r1;" : "+r"(at) : : "r1", "r2");
	return at == 0;
}

static __attribute__((noinline)) int empty(int x)
{
	asm volatile("" : "+r"(x));
	return x;
}

PROG calls(void *ctx) { FOUR(FOUR(empty(0);)) return 0; }

static long none(void *map, __u32 *key, __u64 *value, void *ctx) { return 0; }

PROG each(void *ctx) { return bpf_for_each_map_elem(&many, none, (void *)0, 0); }

PROG clock(void *ctx) { return bpf_ktime_get_ns(); }

PROG cmpxchg(void *ctx)
{
	for (int i = 0; i < 1000; i++) {
		__u64 seen = counter;
		if (__sync_val_compare_and_swap(&counter, seen, seen + 1) == seen)
			break;
	}
	return 0;
}

#define LOOKUP(map)                                       \
	__u32 key = 0;                                    \
	__u64 *value = bpf_map_lookup_elem(&map, &key);   \
	if (!value) {                                     \
		__u64 zero = 0;                           \
		bpf_map_update_elem(&map, &key, &zero, BPF_NOEXIST); \
		return 0;                                 \
	}

PROG racy_array(void *ctx) { LOOKUP(array) *(volatile __u64 *)value += 1; return 0; }
PROG per_cpu(void *ctx) { LOOKUP(percpu_array) *(volatile __u64 *)value += 1; return 0; }
PROG racy_hash(void *ctx) { LOOKUP(hash) *(volatile __u64 *)value += 1; return 0; }

#define COPY_UPDATE(map)                                  \
	LOOKUP(map)                                       \
	__u64 copy = *value + 1;                          \
	bpf_map_update_elem(&map, &key, &copy, BPF_EXIST); \
	return 0;

PROG refused(void *ctx)
{
	LOOKUP(hash)
	return bpf_map_update_elem(&hash, &key, value, BPF_NOEXIST);
}

PROG copy_update(void *ctx) { COPY_UPDATE(hash) }
PROG copy_update_np(void *ctx) { COPY_UPDATE(hash_np) }

PROG random_number(void *ctx) { return bpf_get_prandom_u32(); }

#define LOCKED(work)                                                           \
	__u32 key = 0;                                                         \
	struct locked *value = bpf_map_lookup_elem(&locked_array, &key);       \
	if (!value)                                                            \
		return 0;                                                      \
	bpf_spin_lock(&value->lock);                                           \
	value->count += 1;                                                     \
	bpf_spin_unlock(&value->lock);                                         \
	work                                                                   \
	return 0;

SEC("tc") int lock(void *ctx) { LOCKED() }
SEC("tc") int lock_work1000(void *ctx) { LOCALS LOCKED(TEN(TEN(WORK10))) }

/** Answers that a reader may well give: wrong ones are told what is wrong with them, right ones need not be ours. */
import { describe, expect, it } from "vitest";
import { bpf } from "../../lib/compile/bpf.ts";
import { mark } from "../../lib/lessons/exercises/exercise.ts";

/** By exercise: an answer, and what the verdict has to say of it. */
const WRONG: readonly (readonly [id: string, answer: unknown, says: RegExp])[] = [
  ["01.1", 16, /16 CPUs lose 88.* not enough/],
  ["01.1", 64, /half as many lose 9/],
  ["01.1", 24, /no power of two/],
  ["01.1", 1000, /no power of two/],
  ["01.2", "0 1 0 1", /ends at \d/],
  ["01.2", "0*5 1*3", /step 4 is for 0, which is done/],
  ["01.2", "0:4", /not a task or task\*count/],
  [
    "01.3",
    bpf`volatile long balance;
SEC("raw_tp") int deposit(void *ctx) { __sync_fetch_and_add(&balance, 5); return 0; }
SEC("raw_tp") int withdraw(void *ctx) { balance -= 3; return 0; }`,
    /can still be lost/,
  ],
  [
    "01.3",
    bpf`long balance;
SEC("raw_tp") int deposit(void *ctx) { __sync_fetch_and_add(&balance, 5); return 0; }
SEC("raw_tp") int withdraw(void *ctx) { __sync_fetch_and_add(&balance, 3); return 0; }`,
    /must leave 2 in `balance`; they leave 8/,
  ],
  [
    "01.4",
    bpf`unsigned long totals;
SEC("raw_tp") int count(void *ctx) { totals += 1UL + (2UL << 16) + (3UL << 32); return 0; }`,
    /a 3, b 6 and c 9/,
  ],
  [
    "01.4",
    bpf`unsigned long totals;
SEC("raw_tp") int count(void *ctx) { __sync_fetch_and_add(&totals, 6UL); return 0; }`,
    /a has to be 1, b 2 and c 3/,
  ],
  ["02.1", 8, /what a holds afterwards/],
  ["02.1", 10, /Try it in the listing/],
  ["02.2", "0*2 1*3 2*3", /nothing was lost/],
  ["02.2", "2*3 1*3 0*3", /step \d is for|nothing was lost/],
  [
    "02.3",
    bpf`volatile long next; long owner[8], sold;
SEC("raw_tp") int take_ticket(void *ctx)
{
	long mine = next;
	next = mine + 1;
	if (mine >= 0 && mine < 8) __sync_fetch_and_add(&owner[mine], 1);
	return 0;
}`,
    /taken twice/,
  ],
  [
    "02.3",
    bpf`volatile long next; long owner[8], sold;
SEC("raw_tp") int take_ticket(void *ctx)
{
	long mine = __sync_add_and_fetch(&next, 1);
	if (mine < 0 || mine >= 8) return 0;
	if (__sync_fetch_and_add(&owner[mine], 1) != 0) __sync_fetch_and_add(&sold, 1);
	return 0;
}`,
    /tickets 0, 1 and 2/,
  ],
  [
    "02.4",
    bpf`volatile unsigned long counter;
SEC("raw_tp") int count(void *ctx) { counter += 1; return 0; }`,
    /leave 6 in `counter`/,
  ],
  [
    "02.4",
    bpf`unsigned long counter;
SEC("raw_tp") int count(void *ctx) { __sync_val_compare_and_swap(&counter, 0, 1); return 0; }`,
    /leave 6 in `counter`/,
  ],
  ["03.1", 0, /not the number; there are 2 endings/],
  ["03.1", 2, /not the number/],
  ["03.2", "0*5 1*3", /torn is 0/],
  ["03.2", "1*3 0*5", /torn is 0/],
  [
    "03.3",
    bpf`struct accounts { struct bpf_spin_lock lock; int a, b; };
struct { __uint(type, BPF_MAP_TYPE_ARRAY); __type(key, int); __type(value, struct accounts); __uint(max_entries, 1); } bank SEC(".maps");
long wrong;
SEC("tc") int transfer(void *ctx)
{
	int key = 0; struct accounts *acc = bpf_map_lookup_elem(&bank, &key);
	if (!acc) return 0;
	bpf_spin_lock(&acc->lock);
	WRITE_ONCE(acc->a, READ_ONCE(acc->a) - 10);
	WRITE_ONCE(acc->b, READ_ONCE(acc->b) + 10);
	bpf_spin_unlock(&acc->lock);
	return 0;
}
SEC("tc") int audit(void *ctx)
{
	int key = 0, total; struct accounts *acc = bpf_map_lookup_elem(&bank, &key);
	if (!acc) return 0;
	total = READ_ONCE(acc->a) + READ_ONCE(acc->b);
	if (total != 0) __sync_fetch_and_add(&wrong, 1);
	return 0;
}`,
    /money that is on its way/,
  ],
  [
    "03.3",
    bpf`struct accounts { struct bpf_spin_lock lock; int a, b; };
struct { __uint(type, BPF_MAP_TYPE_ARRAY); __type(key, int); __type(value, struct accounts); __uint(max_entries, 1); } bank SEC(".maps");
long wrong;
SEC("tc") int transfer(void *ctx)
{
	int key = 0; struct accounts *acc = bpf_map_lookup_elem(&bank, &key);
	if (!acc) return 0;
	acc->a -= 10;
	acc->b += 10;
	return 0;
}
SEC("tc") int audit(void *ctx) { return 0; }`,
    /no longer does/,
  ],
  [
    "03.4",
    bpf`struct totals { struct bpf_spin_lock lock; int tens, marked; };
struct { __uint(type, BPF_MAP_TYPE_ARRAY); __type(key, int); __type(value, struct totals); __uint(max_entries, 1); } totals SEC(".maps");
volatile unsigned long events; long wrong;
SEC("tc") int count(void *ctx)
{
	int key = 0; struct totals *t = bpf_map_lookup_elem(&totals, &key);
	if (!t) return 0;
	events += 1;
	if (events % 10 != 0) return 0;
	bpf_spin_lock(&t->lock);
	t->tens += 1; t->marked += 10;
	bpf_spin_unlock(&t->lock);
	return 0;
}
SEC("tc") int audit(void *ctx)
{
	int key = 0, tens, marked; struct totals *t = bpf_map_lookup_elem(&totals, &key);
	if (!t) return 0;
	bpf_spin_lock(&t->lock); tens = t->tens; marked = t->marked; bpf_spin_unlock(&t->lock);
	if (tens * 10 != marked) __sync_fetch_and_add(&wrong, 1);
	return 0;
}`,
    /can be lost|visible operations/,
  ],
  [
    "03.4",
    bpf`struct totals { int tens, marked; };
struct { __uint(type, BPF_MAP_TYPE_ARRAY); __type(key, int); __type(value, struct totals); __uint(max_entries, 1); } totals SEC(".maps");
unsigned long events; long wrong;
SEC("tc") int count(void *ctx)
{
	int key = 0; struct totals *t = bpf_map_lookup_elem(&totals, &key);
	if (!t) return 0;
	if ((__sync_fetch_and_add(&events, 1) + 1) % 10 != 0) return 0;
	__sync_fetch_and_add(&t->tens, 1);
	__sync_fetch_and_add(&t->marked, 10);
	return 0;
}
SEC("tc") int audit(void *ctx)
{
	int key = 0, tens, marked; struct totals *t = bpf_map_lookup_elem(&totals, &key);
	if (!t) return 0;
	tens = READ_ONCE(t->tens); marked = READ_ONCE(t->marked);
	if (tens * 10 != marked) __sync_fetch_and_add(&wrong, 1);
	return 0;
}`,
    /half of a change/,
  ],
  ["04.1", 24, /Values x possible CPUs/],
  ["04.1", 4096 * 24 * 64, /the whole map/],
  ["04.2", "1*2 0*3", /The count is 2/],
  ["04.2", "0*2 1*3 0", /step \d is for/],
  [
    "04.3",
    bpf`struct traffic { __u64 packets, bytes; };
struct { __uint(type, BPF_MAP_TYPE_PERCPU_ARRAY); __type(key, __u32); __type(value, struct traffic); __uint(max_entries, 1); } traffic SEC(".maps");
static __always_inline int count(__u64 size)
{
	__u32 key = 0; struct traffic *t = bpf_map_lookup_elem(&traffic, &key);
	if (!t) return 0;
	__sync_fetch_and_add(&t->packets, 1);
	WRITE_ONCE(t->bytes, READ_ONCE(t->bytes) + size);
	return 0;
}
SEC("raw_tp") int in_process(void *ctx) { return count(100); }
SEC("raw_tp") int in_interrupt(void *ctx) { return count(40); }`,
    /can end otherwise/,
  ],
  [
    "04.3",
    bpf`long packets; SEC("raw_tp") int in_process(void *ctx) { __sync_fetch_and_add(&packets, 1); return 0; }`,
    /no program in_interrupt/,
  ],
  [
    "04.4",
    bpf`struct { __uint(type, BPF_MAP_TYPE_PERCPU_ARRAY); __type(key, __u32); __type(value, __u64); __uint(max_entries, 1); } counters SEC(".maps");
SEC("raw_tp") int count(void *ctx)
{
	__u32 key = 0; __u64 *count = bpf_map_lookup_elem(&counters, &key);
	if (count) *count += 1;
	return 0;
}`,
    /plain store/,
  ],
  [
    "04.4",
    bpf`__u64 total; SEC("raw_tp") int count(void *ctx) { __sync_fetch_and_add(&total, 1); return 0; }`,
    /`total` is written by CPUs 0, 1, 2, 3/,
  ],
  ["05.1", 2, /try both with 1, 2 and 3/],
  ["05.1", 4, /try both/],
  ["05.2", "1*4 0*4 1*2", /step 9 is for 1/],
  ["05.2", "1*9", /step \d is for 1/],
  [
    "05.3",
    bpf`struct value { struct bpf_spin_lock lock; int a, b; };
struct { __uint(type, BPF_MAP_TYPE_HASH); __type(key, __u32); __type(value, struct value); __uint(max_entries, 2); } values SEC(".maps");
SEC("tc") int raise(void *ctx)
{
	__u32 key = 0; struct value *value = bpf_map_lookup_elem(&values, &key);
	if (!value) return 0;
	__sync_fetch_and_add(&value->a, 1);
	__sync_fetch_and_add(&value->b, 1);
	return 0;
}`,
    /look-up can find the two fields unequal/,
  ],
  [
    "05.3",
    bpf`struct value { struct bpf_spin_lock lock; int a, b; };
struct { __uint(type, BPF_MAP_TYPE_HASH); __type(key, __u32); __type(value, struct value); __uint(max_entries, 2); } values SEC(".maps");
SEC("tc") int raise(void *ctx)
{
	__u32 key = 0; struct value copy = {}, *value = bpf_map_lookup_elem(&values, &key);
	if (!value) return 0;
	bpf_spin_lock(&value->lock);
	copy.a = value->a + 1;
	copy.b = value->b + 1;
	bpf_spin_unlock(&value->lock);
	bpf_map_update_elem(&values, &key, &copy, BPF_F_LOCK);
	return 0;
}`,
    /can end otherwise/,
  ],
  [
    "05.4",
    bpf`struct { __uint(type, BPF_MAP_TYPE_ARRAY); __type(key, __u32); __type(value, __u64); __uint(max_entries, 1); } values SEC(".maps");
SEC("tc") int raise(void *ctx)
{
	__u32 key = 0; __u64 *value = bpf_map_lookup_elem(&values, &key);
	if (!value) return 0;
	__sync_fetch_and_add(value, 1);
	__sync_fetch_and_add(value, 1ULL << 32);
	return 0;
}`,
    /a run takes 2 visible operations/,
  ],
  [
    "05.4",
    bpf`struct { __uint(type, BPF_MAP_TYPE_ARRAY); __type(key, __u32); __type(value, __u64); __uint(max_entries, 1); } values SEC(".maps");
SEC("tc") int raise(void *ctx)
{
	__u32 key = 0; __u64 *value = bpf_map_lookup_elem(&values, &key);
	if (value) *value += 1 + (1ULL << 32);
	return 0;
}`,
    /can end otherwise/,
  ],
  ["06.1", 1, /not the widest/],
  ["06.1", 8, /not the widest/],
  ["06.2", "1*2 0*6", /step \d is for|two_maps is 0/],
  ["06.2", "0*3 1 0*3", /two_maps is 0|step \d is for/],
  [
    "06.3",
    bpf`struct inner { __uint(type, BPF_MAP_TYPE_ARRAY); __uint(max_entries, 1); __type(key, __u32); __type(value, __u64); } front SEC(".maps"), back SEC(".maps");
struct { __uint(type, BPF_MAP_TYPE_ARRAY_OF_MAPS); __uint(max_entries, 1); __type(key, __u32); __array(values, struct inner); } outer SEC(".maps") = { .values = { [0] = &front } };
long two_maps;
SEC("raw_tp") int look_twice(void *ctx)
{
	__u32 slot = 0; void *first = bpf_map_lookup_elem(&outer, &slot), *second = bpf_map_lookup_elem(&outer, &slot); __u64 *a, *b;
	if (!first || !second) return 0;
	a = bpf_map_lookup_elem(first, &slot); b = bpf_map_lookup_elem(second, &slot);
	if (!a || !b) return 0;
	__sync_fetch_and_add(a, 1);
	return READ_ONCE(*b) & 1;
}`,
    /looks `outer` up 2 times/,
  ],
  [
    "06.3",
    bpf`struct inner { __uint(type, BPF_MAP_TYPE_ARRAY); __uint(max_entries, 1); __type(key, __u32); __type(value, __u64); } front SEC(".maps"), back SEC(".maps");
struct { __uint(type, BPF_MAP_TYPE_ARRAY_OF_MAPS); __uint(max_entries, 1); __type(key, __u32); __array(values, struct inner); } outer SEC(".maps") = { .values = { [0] = &front } };
long two_maps;
SEC("raw_tp") int look_twice(void *ctx) { return 0; }`,
    /count to 3 in the inner map/,
  ],
  [
    "06.4",
    bpf`struct { __uint(type, BPF_MAP_TYPE_ARRAY); __uint(max_entries, 1); __type(key, __u32); __type(value, __u64); } flat SEC(".maps");
SEC("raw_tp") int count(void *ctx) { __u32 key = 0; __u64 *value = bpf_map_lookup_elem(&flat, &key); if (value) *value += 1 + (2ULL << 32); return 0; }`,
    /an update is lost/,
  ],
  [
    "06.4",
    bpf`struct { __uint(type, BPF_MAP_TYPE_ARRAY); __uint(max_entries, 1); __type(key, __u32); __type(value, __u64); } flat SEC(".maps");
SEC("raw_tp") int count(void *ctx) { __u32 key = 0; __u64 *value = bpf_map_lookup_elem(&flat, &key); if (value) __sync_fetch_and_add(value, 2 + (1ULL << 32)); return 0; }`,
    /b other than 2/,
  ],
  ["07.1", 4, /4 CPUs: \d+ ns; half as many/],
  ["07.1", 12, /no power of two/],
  ["07.1", 0, /no power of two/],
  ["07.2", { programs: [{ prog: "per_cpu", cpus: [0], invocations: 3 }] }, /3 runs count to 3/],
  ["07.2", { programs: ["per_cpu"], cpus: 2 }, /cpus is fixed here/],
  ["07.2", { programs: ["percpu"] }, /no program percpu.*did you mean per_cpu/],
  [
    "07.3",
    bpf`struct { long a; long pad[3]; long b; } counters;
SEC("tc") int count_a(void *ctx) { __sync_fetch_and_add(&counters.a, 1); return 0; }
SEC("tc") int count_b(void *ctx) { __sync_fetch_and_add(&counters.b, 1); return 0; }`,
    /Exact, but \d+\.\d ns/,
  ],
  [
    "07.3",
    bpf`volatile struct { long a, b; } counters;
SEC("tc") int count_a(void *ctx) { counters.a += 1; return 0; }
SEC("tc") int count_b(void *ctx) { counters.a += 1; return 0; }`,
    /have to leave 2 in two variables/,
  ],
  [
    "07.4",
    bpf`volatile long total; SEC("tc") int count(void *ctx) { total += 1; return 0; }`,
    /add up to 6 on every schedule/,
  ],
  [
    "07.4",
    bpf`struct { long a; long pad[7]; long b; long pad2[7]; } totals;
SEC("tc") int count(void *ctx)
{
	if (bpf_get_smp_processor_id() & 1) __sync_fetch_and_add(&totals.a, 1);
	else __sync_fetch_and_add(&totals.b, 1);
	return 0;
}`,
    /ns against/,
  ],
  ["08.1", 3, /There are not 3 pairs/],
  ["08.2", "0*3 1*3", /saw_x is \d and saw_y is \d|step \d is for/],
  ["08.2", "0*2 f0 1*2 f1 0 1", /one of them saw/],
  [
    "08.3",
    bpf`// -mcpu=v4
long version, a, b, valid, seen_a, seen_b;
SEC("raw_tp") int write(void *ctx)
{
	WRITE_ONCE(version, 1);
	WRITE_ONCE(a, 1);
	WRITE_ONCE(b, 1);
	__atomic_store_n(&version, 2, __ATOMIC_RELEASE);
	return 0;
}
SEC("raw_tp") int read(void *ctx)
{
	long before = __atomic_load_n(&version, __ATOMIC_ACQUIRE);
	long one = __atomic_load_n(&a, __ATOMIC_ACQUIRE), other = __atomic_load_n(&b, __ATOMIC_ACQUIRE);
	if ((before & 1) || READ_ONCE(version) != before)
		return 0;
	valid = 1;
	seen_a = one;
	seen_b = other;
	return 0;
}`,
    /Under memory: "bpf"/,
  ],
  [
    "08.3",
    bpf`long version, a, b, valid, seen_a, seen_b;
SEC("raw_tp") int write(void *ctx) { WRITE_ONCE(a, 1); WRITE_ONCE(b, 1); return 0; }
SEC("raw_tp") int read(void *ctx)
{
	long one = READ_ONCE(a), other = READ_ONCE(b);
	valid = 1;
	seen_a = one;
	seen_b = other;
	WRITE_ONCE(version, 0);
	return 0;
}`,
    /Under memory: "x86"/,
  ],
  [
    "08.3",
    bpf`long version, a, b, valid, seen_a, seen_b;
SEC("raw_tp") int write(void *ctx) { WRITE_ONCE(version, 2); WRITE_ONCE(a, 1); WRITE_ONCE(b, 1); return 0; }
SEC("raw_tp") int read(void *ctx)
{
	WRITE_ONCE(valid, 0);
	WRITE_ONCE(seen_a, 0);
	WRITE_ONCE(seen_b, 0);
	return 0;
}`,
    /has to leave 1 in a and b, and `read` to say `valid`/,
  ],
  [
    "08.4",
    bpf`// -mcpu=v4
long data, flag, saw_flag, saw_data;
SEC("raw_tp") int send(void *ctx) { WRITE_ONCE(data, 7); __atomic_store_n(&flag, 1, __ATOMIC_RELEASE); return 0; }
SEC("raw_tp") int receive(void *ctx) { saw_flag = READ_ONCE(flag); saw_data = READ_ONCE(data); return 0; }`,
    /Under memory: "bpf"/,
  ],
  [
    "08.4",
    bpf`// -mcpu=v4
long data, flag, saw_flag, saw_data, other;
SEC("raw_tp") int send(void *ctx) { WRITE_ONCE(data, 7); __atomic_store_n(&flag, 1, __ATOMIC_RELEASE); return 0; }
SEC("raw_tp") int receive(void *ctx)
{
	saw_flag = READ_ONCE(flag);
	__sync_fetch_and_add(&other, 1);
	saw_data = READ_ONCE(data);
	return 0;
}`,
    /with 1 read-modify-write/,
  ],
];

const RIGHT: readonly (readonly [id: string, how: string, answer: unknown])[] = [
  ["01.2", "the other CPU first", "1 0*2 1 0 1*2 0"],
  [
    "01.3",
    "with __atomic builtins",
    bpf`long balance;
SEC("raw_tp") int deposit(void *ctx) { __atomic_fetch_add(&balance, 5, __ATOMIC_RELAXED); return 0; }
SEC("raw_tp") int withdraw(void *ctx) { __sync_fetch_and_sub(&balance, 3); return 0; }`,
  ],
  [
    "02.4",
    "with the builtin that returns the new value",
    bpf`unsigned long counter;
SEC("raw_tp") int count(void *ctx) { return __sync_add_and_fetch(&counter, 1) & 1; }`,
  ],
  ["02.2", "witness of the chapter", "0*2 1*2 2*2 1 2"],
  [
    "03.3",
    "locks in the auditor's own order",
    bpf`struct accounts { int a, b; struct bpf_spin_lock lock; };
struct { __uint(type, BPF_MAP_TYPE_ARRAY); __type(key, int); __type(value, struct accounts); __uint(max_entries, 1); } bank SEC(".maps");
long wrong;
SEC("tc") int transfer(void *ctx)
{
	int key = 0; struct accounts *acc = bpf_map_lookup_elem(&bank, &key);
	if (!acc) return 0;
	bpf_spin_lock(&acc->lock);
	acc->b += 10;
	acc->a -= 10;
	bpf_spin_unlock(&acc->lock);
	return 0;
}
SEC("tc") int audit(void *ctx)
{
	int key = 0, a, b; struct accounts *acc = bpf_map_lookup_elem(&bank, &key);
	if (!acc) return 0;
	bpf_spin_lock(&acc->lock);
	b = acc->b; a = acc->a;
	bpf_spin_unlock(&acc->lock);
	if (a + b) wrong += 1;
	return 0;
}`,
  ],
  [
    "04.4",
    "a slot of its own for each CPU, in a plain array",
    bpf`struct { __uint(type, BPF_MAP_TYPE_ARRAY); __type(key, __u32); __type(value, __u64); __uint(max_entries, 256); } counters SEC(".maps");
SEC("raw_tp") int count(void *ctx)
{
	__u32 key = bpf_get_smp_processor_id(); __u64 *count = bpf_map_lookup_elem(&counters, &key);
	if (count) __sync_fetch_and_add(count, 1);
	return 0;
}`,
  ],
  [
    "05.3",
    "both fields in one eight-byte atomic",
    bpf`struct value { __u32 a, b; };
struct { __uint(type, BPF_MAP_TYPE_HASH); __type(key, __u32); __type(value, struct value); __uint(max_entries, 2); } values SEC(".maps");
SEC("tc") int raise(void *ctx)
{
	__u32 key = 0; struct value *value = bpf_map_lookup_elem(&values, &key);
	if (value) __sync_fetch_and_add((__u64 *)value, 1 + (1ULL << 32));
	return 0;
}`,
  ],
  [
    "05.3",
    "an array instead of the hash",
    bpf`struct value { struct bpf_spin_lock lock; int a, b; };
struct { __uint(type, BPF_MAP_TYPE_ARRAY); __type(key, __u32); __type(value, struct value); __uint(max_entries, 2); } values SEC(".maps");
SEC("tc") int raise(void *ctx)
{
	__u32 key = 0; struct value *value = bpf_map_lookup_elem(&values, &key);
	if (!value) return 0;
	bpf_spin_lock(&value->lock);
	value->a += 1; value->b += 1;
	bpf_spin_unlock(&value->lock);
	return 0;
}`,
  ],
  ["07.2", "an interrupt", { interrupts: [{ prog: "per_cpu", cpu: 0 }] }],
  ["07.2", "preemption", {
    programs: [{ prog: "per_cpu", cpus: [0], invocations: 1 }, { prog: "per_cpu", cpus: [0], invocations: 1 }],
    preempt: "full",
  }],
  [
    "07.3",
    "aligned to a line",
    bpf`struct { long a; long b __attribute__((aligned(64))); } counters;
SEC("tc") int count_a(void *ctx) { __sync_fetch_and_add(&counters.a, 1); return 0; }
SEC("tc") int count_b(void *ctx) { __sync_fetch_and_add(&counters.b, 1); return 0; }`,
  ],
  [
    "07.4",
    "an atomic on the CPU's own copy",
    bpf`struct { __uint(type, BPF_MAP_TYPE_PERCPU_ARRAY); __type(key, int); __type(value, long); __uint(max_entries, 1); } counts SEC(".maps");
SEC("tc") int count(void *ctx) { int key = 0; long *count = bpf_map_lookup_elem(&counts, &key); if (count) __sync_fetch_and_add(count, 1); return 0; }`,
  ],
];

describe("answers to exercises", () => {
  for (const [index, [id, answer, says]] of WRONG.entries()) {
    it(`${id}: wrong answer ${index + 1} is told ${says}`, async () => {
      const marked = await mark(id, answer);
      expect(marked.passed, marked.message).toBe(false);
      expect(marked.message).toMatch(says);
    });
  }
  for (const [id, how, answer] of RIGHT) {
    it(`${id}: right too: ${how}`, async () => {
      const marked = await mark(id, answer);
      expect(marked.passed, marked.message).toBe(true);
    });
  }
});

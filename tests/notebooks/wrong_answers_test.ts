/** Answers that look right and are not: each is refused, and told why. */
import { describe, expect, it } from "vitest";
import { bpf } from "../../lib/compile/bpf.ts";
import { mark } from "../../lib/lessons/exercises/exercise.ts";

const WRONG: readonly {
  readonly id: string;
  readonly what: string;
  readonly answer: () => unknown;
  readonly told: RegExp;
}[] = [
  {
    id: "01.3",
    what: "one of two programs repaired",
    told: /can still be lost/,
    answer: () =>
      bpf`
volatile long balance;
SEC("raw_tp") int deposit(void *ctx) { __sync_fetch_and_add(&balance, 5); return 0; }
SEC("raw_tp") int withdraw(void *ctx) { balance -= 3; return 0; }`,
  },
  {
    id: "01.4",
    what: "one visible store, and a load before it",
    told: /updates can be lost/,
    answer: () =>
      bpf`
unsigned long totals;
SEC("raw_tp") int count(void *ctx) { totals += 1UL + (2UL << 16) + (3UL << 32); return 0; }`,
  },
  {
    id: "04.4",
    what: "a plain addition to the CPU's own copy",
    told: /plain store/,
    answer: () =>
      bpf`
struct { __uint(type, BPF_MAP_TYPE_PERCPU_ARRAY); __type(key, __u32); __type(value, __u64); __uint(max_entries, 1); } counters SEC(".maps");
SEC("raw_tp") int count(void *ctx)
{
	__u32 key = 0;
	__u64 *count = bpf_map_lookup_elem(&counters, &key);

	if (count)
		*count += 1;
	return 0;
}`,
  },
  {
    id: "05.3",
    what: "two atomics in place of the lock",
    told: /unequal/,
    answer: () =>
      bpf`
struct value { struct bpf_spin_lock lock; int a, b; };
struct { __uint(type, BPF_MAP_TYPE_HASH); __type(key, __u32); __type(value, struct value); __uint(max_entries, 2); } values SEC(".maps");
SEC("tc") int raise(void *ctx)
{
	__u32 key = 0;
	struct value *value = bpf_map_lookup_elem(&values, &key);

	if (!value)
		return 0;
	__sync_fetch_and_add(&value->a, 1);
	__sync_fetch_and_add(&value->b, 1);
	return 0;
}`,
  },
  {
    id: "09.4",
    what: "a histogram without slots",
    told: /slots of all CPUs add up to 0/,
    answer: () =>
      bpf`
struct histogram { __u64 slots[8]; __u64 total; };
struct { __uint(type, BPF_MAP_TYPE_PERCPU_ARRAY); __type(key, __u32); __type(value, struct histogram); __uint(max_entries, 1); } latency SEC(".maps");
SEC("raw_tp") int measure(void *ctx)
{
	__u32 key = 0;
	struct histogram *histogram = bpf_map_lookup_elem(&latency, &key);

	if (histogram)
		histogram->total += 1;
	return 0;
}`,
  },
];

describe("a wrong answer", () => {
  for (const { id, what, answer, told } of WRONG) {
    it(`to ${id}: ${what}`, async () => {
      const marked = await mark(id, await answer());
      expect(marked.passed).toBe(false);
      expect(marked.message).toMatch(told);
    });
  }
});

/**
 * How many instructions the verifier looks at tells which states it takes for covered by others: too many, and it gives
 * up on programs that a kernel loads; too few, and it may have overlooked a path. The numbers are a 6.18 kernel's.
 */
import { describe, expect, it } from "vitest";
import { bpf } from "../../lib/compile/bpf.ts";
import { verify } from "../../lib/verifier/verify.ts";
import { withKernelBtf } from "../../lib/verifier/kernel/kernel_btf.ts";

const listing = () =>
  bpf`
struct pair { long a, b; };
long seen;

/* Each chain of calls has its own slots that are read: the callee of the second call writes what the first one reads. */
static __noinline long sum(struct pair *pair, int times) {
  long sum = 0;
  for (int i = 0; i < times; i++) sum += pair->a + i;
  return sum;
}
static __noinline void clear(struct pair *pair) {
  pair->a = 0;
  pair->b = 0;
}

SEC("raw_tp") int two_calls(void *ctx) {
  struct pair pair = { bpf_get_prandom_u32() & 7, 1 };
  long total = sum(&pair, 4);
  if (bpf_get_prandom_u32() & 1) pair.b = 2;
  clear(&pair);
  if (bpf_get_prandom_u32() & 1) total += 3;
  total += sum(&pair, 5);
  seen = total;
  return 0;
}

/* What a loop needs exactly is known only when all its paths are: the state that ends it first hands it on. */
SEC("raw_tp") int back_edges(void *ctx) {
  struct bpf_iter_num it;
  char bytes[8] = {};
  int at = 0, *number;
  bpf_iter_num_new(&it, 0, 1000);
  while ((number = bpf_iter_num_next(&it))) {
    int random = bpf_get_prandom_u32();
    if (random & 1) at = (random >> 1) & 7;
    else if (random & 2) bytes[at] = 1;
    else if (random & 4) seen += *number;
  }
  bpf_iter_num_destroy(&it);
  return bytes[3] & 1;
}

/* The same function from two places: what was explored for one call ends no path of the other. */
static __noinline int steps(int from) {
  int count = 0;
  for (int i = from; i < 40; i++) if (bpf_get_prandom_u32() & 1) count++;
  return count;
}
SEC("raw_tp") int two_places(void *ctx) {
  return (steps(0) + steps(20)) & 1;
}

#define FILL "r7 = 0; r7 = 0; r7 = 0; r7 = 0; r7 = 0; r7 = 0; r7 = 0; r7 = 0;"

/* The path with 100 is cut off at 3: unless what 4 needs of r6 came back to 3 by the path that ended at 4. */
SEC("raw_tp") __attribute__((naked)) int handed_on(void *ctx) {
  asm volatile("call 7; if r0 == 0 goto 2f; r6 = 0; call 7; if r0 == 0 goto 3f; call 7; " FILL
               "goto 4f; 2: r6 = 100; call 7; call 7; goto 3f;"
               "3: call 7; call 7; " FILL "if r7 == 1 goto 4f; goto 4f;"
               "4: r2 = r10; r2 += -16; r2 += r6; r1 = 0; *(u8 *)(r2 + 0) = r1; r0 = 0; exit;" ::: );
}

static __attribute__((naked, noinline)) long reads(long *slot) {
  asm volatile("r2 = *(u64 *)(r1 + 0); r3 = r10; r3 += -16; r3 += r2; r1 = 0; *(u8 *)(r3 + 0) = r1; r0 = 0; exit;" ::: );
}

/* What a function reads of its caller's stack is alive before the call. */
SEC("raw_tp") __attribute__((naked)) int alive_before(void *ctx) {
  asm volatile("call 7; r1 = 0; *(u64 *)(r10 - 8) = r1; if r0 != 0 goto 1f; call 7; call 7; " FILL "goto 2f;"
               "1: r1 = 100; *(u64 *)(r10 - 8) = r1; call 7; call 7; " FILL "goto 2f;"
               "2: r1 = r10; r1 += -8; call %[reads]; exit;" ::[reads] "i"(reads) : );
}

/* The path with 100 comes to 3 when the loop is done: by then 3 knows what the other way out of the loop needs. */
SEC("raw_tp") __attribute__((naked)) int round_again(void *ctx) {
  asm volatile("r1 = r10; r1 += -8; r2 = 0; r3 = 10; call %[create]; r6 = 0; call 7; if r0 == 0 goto 1f;"
               "0: r1 = r10; r1 += -8; call %[next]; if r0 == 0 goto 5f; call 7; if r0 == 0 goto 4f; goto 3f;"
               "1: r6 = 100; goto 3f;"
               "3: call 7; call 7; " FILL "if r7 == 1 goto 0b; goto 0b;"
               "4: r2 = r10; r2 += -32; r2 += r6; r1 = 0; *(u8 *)(r2 + 0) = r1;"
               "5: r1 = r10; r1 += -8; call %[destroy]; r0 = 0; exit;" ::[create] "i"(bpf_iter_num_new),
               [next] "i"(bpf_iter_num_next), [destroy] "i"(bpf_iter_num_destroy) : );
}
`;

const RECORDED = [
  ["two_calls", "accept", 70],
  // The index is widened before the loop shows that it must be exact.
  ["back_edges", "reject", 188],
  ["two_places", "accept", 376],
  ["handed_on", "reject", 56],
  ["alive_before", "reject", 49],
  ["round_again", "reject", 93],
] as const;

describe("states are covered as in 6.18", () => {
  for (const [program, said, count] of RECORDED) {
    it(`${program}: ${said} after ${count} instructions`, async () => {
      const object = await listing();
      const [verdict] = withKernelBtf(null, () => verify(object, { program, cpus: 2 }));
      expect([verdict.verdict, verdict.processedInsns]).toEqual([said, count]);
    });
  }
});

import { bpf } from "../../../lib/compile/bpf.ts";

/** A cache line of room between the two. */
export default () =>
  bpf`
struct { long a; char pad[120]; long b; } counters;

SEC("tc") int count_a(void *ctx) { __sync_fetch_and_add(&counters.a, 1); return 0; }
SEC("tc") int count_b(void *ctx) { __sync_fetch_and_add(&counters.b, 1); return 0; }
`;

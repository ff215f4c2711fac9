/** A counter that CPUs share, racy and atomic, and counters side by side and on cache lines of their own. */
import { bpf } from "../../lib/compile/bpf.ts";

export const counters = await bpf`
volatile __u64 counter;
struct { volatile __u64 a, b; } close;
struct { volatile __u64 a; __u64 pad[15]; volatile __u64 b; } apart;
SEC("raw_tp") int racy(void *ctx) { counter += 1; return 0; }
SEC("raw_tp") int atomic(void *ctx) { __sync_fetch_and_add(&counter, 1); return 0; }
SEC("raw_tp") int close_a(void *ctx) { __sync_fetch_and_add(&close.a, 1); return 0; }
SEC("raw_tp") int close_b(void *ctx) { __sync_fetch_and_add(&close.b, 1); return 0; }
SEC("raw_tp") int apart_a(void *ctx) { __sync_fetch_and_add(&apart.a, 1); return 0; }
SEC("raw_tp") int apart_b(void *ctx) { __sync_fetch_and_add(&apart.b, 1); return 0; }
SEC("raw_tp") int read(void *ctx) { return counter; }
`;

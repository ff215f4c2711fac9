import { bpf } from "../../../lib/compile/bpf.ts";

/** Both sides atomic: half a fix is none. */
export default () =>
  bpf`
long balance;

SEC("raw_tp") int deposit(void *ctx) { __sync_fetch_and_add(&balance, 5); return 0; }
SEC("raw_tp") int withdraw(void *ctx) { __sync_fetch_and_sub(&balance, 3); return 0; }
`;

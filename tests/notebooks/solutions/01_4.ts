import { bpf } from "../../../lib/compile/bpf.ts";

/** One addition carries all three. */
export default () =>
  bpf`
unsigned long totals;

SEC("raw_tp")
int count(void *ctx)
{
	__sync_fetch_and_add(&totals, 1UL + (2UL << 16) + (3UL << 32));
	return 0;
}
`;

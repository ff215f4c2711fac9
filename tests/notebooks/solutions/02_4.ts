import { bpf } from "../../../lib/compile/bpf.ts";

/** An atomic addition never fails. */
export default () =>
  bpf`
unsigned long counter, given_up;

SEC("raw_tp")
int count(void *ctx)
{
	__sync_fetch_and_add(&counter, 1);
	return 0;
}
`;

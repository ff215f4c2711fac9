import { bpf } from "../../../lib/compile/bpf.ts";

/** The old value is the ticket, and nobody else can get it. */
export default () =>
  bpf`
long next;
long owner[8], sold;

SEC("raw_tp")
int take_ticket(void *ctx)
{
	long mine = __sync_fetch_and_add(&next, 1);

	if (mine < 0 || mine >= 8)
		return 0;
	if (__sync_fetch_and_add(&owner[mine], 1) != 0)
		__sync_fetch_and_add(&sold, 1);
	return 0;
}
`;

import { bpf } from "../../../lib/compile/bpf.ts";

/** Acquire on the loads of the data keeps them before the second look; acquire on the first look keeps them after it. */
export default () =>
  bpf`
// -mcpu=v4
long version, a, b, valid, seen_a, seen_b;

SEC("raw_tp")
int write(void *ctx)
{
	__sync_fetch_and_add(&version, 1);
	WRITE_ONCE(a, 1);
	WRITE_ONCE(b, 1);
	__sync_fetch_and_add(&version, 1);
	return 0;
}

SEC("raw_tp")
int read(void *ctx)
{
	long before = __atomic_load_n(&version, __ATOMIC_ACQUIRE);
	long one = __atomic_load_n(&a, __ATOMIC_ACQUIRE), other = __atomic_load_n(&b, __ATOMIC_ACQUIRE);

	if ((before & 1) || READ_ONCE(version) != before)
		return 0;
	valid = 1;
	seen_a = one;
	seen_b = other;
	return 0;
}
`;

import { bpf } from "../../../lib/compile/bpf.ts";

/** The release keeps the data before the flag, the acquire keeps the look at the data after it. */
export default () =>
  bpf`
// -mcpu=v4
long data, flag, saw_flag, saw_data;

SEC("raw_tp")
int send(void *ctx)
{
	WRITE_ONCE(data, 7);
	__atomic_store_n(&flag, 1, __ATOMIC_RELEASE);
	return 0;
}

SEC("raw_tp")
int receive(void *ctx)
{
	saw_flag = __atomic_load_n(&flag, __ATOMIC_ACQUIRE);
	saw_data = READ_ONCE(data);
	return 0;
}
`;

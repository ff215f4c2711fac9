// One counter, many CPUs: `counter += 1` is a load, an addition and a store.
// Whatever another CPU stores between this CPU's load and its store is overwritten.
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

char LICENSE[] SEC("license") = "GPL";

int counter = 0;

SEC("tp_btf/sys_enter")
int sys_enter_count(void *ctx)
{
	counter += 1;
	return 0;
}

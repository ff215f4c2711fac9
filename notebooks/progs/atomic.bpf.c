// The same counter with one atomic instruction: no other CPU gets in between.
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

char LICENSE[] SEC("license") = "GPL";

int counter = 0;

SEC("tp_btf/sys_enter")
int sys_enter_count(void *ctx)
{
	__sync_fetch_and_add(&counter, 1);
	return 0;
}

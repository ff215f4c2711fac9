// A lock inside the map's value: whoever holds it updates the element alone, however many fields it has.
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

char LICENSE[] SEC("license") = "GPL";

struct concurrent_element {
	struct bpf_spin_lock semaphore;
	int count;
};

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__type(key, int);
	__type(value, struct concurrent_element);
	__uint(max_entries, 100);
} concurrent_map SEC(".maps");

SEC("tp_btf/sys_enter")
int sys_enter_count(void *ctx)
{
	int key = 0;
	struct concurrent_element init_value = {};
	struct concurrent_element *read_value;

	/* Makes the element where there is none yet; an error says that there is. */
	bpf_map_update_elem(&concurrent_map, &key, &init_value, BPF_NOEXIST);

	read_value = bpf_map_lookup_elem(&concurrent_map, &key);
	if (!read_value)
		return 0;

	bpf_spin_lock(&read_value->semaphore);
	read_value->count += 1;
	bpf_spin_unlock(&read_value->semaphore);
	return 0;
}

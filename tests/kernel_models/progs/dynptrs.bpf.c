// Dynptrs of a map's value, of a ring buffer's record, of a packet.
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

struct bpf_dynptr;

extern int bpf_dynptr_from_skb(struct __sk_buff *skb, __u64 flags, struct bpf_dynptr *ptr) __ksym;
extern int bpf_dynptr_from_xdp(struct xdp_md *xdp, __u64 flags, struct bpf_dynptr *ptr) __ksym;
extern void *bpf_dynptr_slice(const struct bpf_dynptr *ptr, __u32 offset, void *buffer, __u32 size) __ksym;
extern void *bpf_dynptr_slice_rdwr(const struct bpf_dynptr *ptr, __u32 offset, void *buffer, __u32 size) __ksym;
extern int bpf_dynptr_adjust(const struct bpf_dynptr *ptr, __u32 start, __u32 end) __ksym;
extern bool bpf_dynptr_is_null(const struct bpf_dynptr *ptr) __ksym;
extern bool bpf_dynptr_is_rdonly(const struct bpf_dynptr *ptr) __ksym;
extern __u32 bpf_dynptr_size(const struct bpf_dynptr *ptr) __ksym;
extern int bpf_dynptr_clone(const struct bpf_dynptr *ptr, struct bpf_dynptr *clone) __ksym;

char bytes[32];
long results[12];

SEC("tc") int of_memory(struct __sk_buff *skb)
{
	struct bpf_dynptr ptr, clone, bad;
	char read[8] = {}, *data;

	results[0] = bpf_dynptr_from_mem(bytes, sizeof(bytes), 0, &ptr);
	results[1] = bpf_dynptr_write(&ptr, 4, "abcdefgh", 8, 0);
	results[2] = bpf_dynptr_read(read, 4, &ptr, 6, 0) ?: read[0] * 256 + read[3];
	results[3] = bpf_dynptr_read(read, 8, &ptr, 25, 0);
	results[4] = bpf_dynptr_write(&ptr, 0, "x", 1, 1);
	data = bpf_dynptr_data(&ptr, 8, 2);
	results[5] = data ? data[1] : -1;
	results[6] = bpf_dynptr_clone(&ptr, &clone);
	results[7] = bpf_dynptr_adjust(&clone, 4, 12);
	results[8] = bpf_dynptr_size(&clone) * 100 + bpf_dynptr_size(&ptr);
	results[9] = bpf_dynptr_read(read, 8, &clone, 0, 0) ?: read[7];
	results[10] = bpf_dynptr_adjust(&clone, 2, 9);
	results[11] = bpf_dynptr_from_mem(bytes, sizeof(bytes), 1, &bad) * 10 + bpf_dynptr_is_null(&bad);
	return 0;
}

SEC("tc") int of_packet(struct __sk_buff *skb)
{
	struct bpf_dynptr ptr;
	char buffer[14], *data;
	char zero[2] = {};

	results[0] = bpf_dynptr_from_skb(skb, 0, &ptr);
	results[1] = bpf_dynptr_size(&ptr) - skb->len;
	results[2] = bpf_dynptr_is_rdonly(&ptr);
	results[3] = bpf_dynptr_write(&ptr, 12, "\x08\x06", 2, 0);
	data = bpf_dynptr_slice(&ptr, 0, buffer, sizeof(buffer));
	results[4] = data ? data[12] * 256 + data[13] : -1;
	data = bpf_dynptr_slice_rdwr(&ptr, 0, buffer, sizeof(buffer));
	if (data)
		data[13] = 9;
	results[5] = bpf_dynptr_read(zero, 2, &ptr, 12, 0) ?: zero[0] * 256 + zero[1];
	results[6] = bpf_dynptr_read(zero, 2, &ptr, skb->len - 1, 0);
	results[7] = bpf_dynptr_data(&ptr, 0, 2) ? 1 : 0;
	data = bpf_dynptr_slice(&ptr, skb->len - 4, buffer, sizeof(buffer));
	results[8] = data ? 1 : 0;
	return 0;
}

SEC("xdp") int of_xdp(struct xdp_md *xdp)
{
	struct bpf_dynptr ptr;
	char buffer[14], *data;

	results[0] = bpf_dynptr_from_xdp(xdp, 0, &ptr);
	results[1] = bpf_dynptr_size(&ptr) - bpf_xdp_get_buff_len(xdp);
	results[2] = bpf_dynptr_write(&ptr, 0, "\x01\x02", 2, 0);
	data = bpf_dynptr_slice(&ptr, 0, buffer, sizeof(buffer));
	results[3] = data ? data[0] * 256 + data[1] : -1;
	results[4] = bpf_dynptr_write(&ptr, 0, "\x01", 1, 1);
	results[5] = bpf_dynptr_from_xdp(xdp, 1, &ptr);
	return XDP_PASS;
}

SEC("socket") int of_socket(struct __sk_buff *skb)
{
	struct bpf_dynptr ptr;

	results[0] = bpf_dynptr_from_skb(skb, 0, &ptr);
	results[1] = bpf_dynptr_is_rdonly(&ptr);
	results[2] = bpf_dynptr_write(&ptr, 0, "\x01", 1, 0);
	return 0;
}

struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, 4096);
} ring SEC(".maps");

SEC("tc") int of_ring(struct __sk_buff *skb)
{
	struct bpf_dynptr ptr;
	long *data;

	results[0] = bpf_ringbuf_reserve_dynptr(&ring, 16, 0, &ptr);
	results[1] = bpf_dynptr_write(&ptr, 0, "01234567", 8, 0);
	data = bpf_dynptr_data(&ptr, 8, 8);
	if (data)
		*data = 7;
	bpf_ringbuf_discard_dynptr(&ptr, 0);
	results[2] = bpf_ringbuf_query(&ring, BPF_RB_AVAIL_DATA) > 0;
	results[3] = bpf_ringbuf_reserve_dynptr(&ring, 5000, 0, &ptr);
	results[4] = bpf_dynptr_write(&ptr, 0, "01234567", 8, 0);
	bpf_ringbuf_discard_dynptr(&ptr, 0);
	return 0;
}

SEC("tc") int sends(struct __sk_buff *skb)
{
	struct bpf_dynptr ptr;

	if (!bpf_ringbuf_reserve_dynptr(&ring, 8, 0, &ptr))
		bpf_dynptr_write(&ptr, 0, "01234567", 8, 0);
	bpf_ringbuf_submit_dynptr(&ptr, 0);
	return 0;
}

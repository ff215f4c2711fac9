#include "vmlinux.h"
#include <bpf/bpf_helpers.h>
char LICENSE[] SEC("license") = "GPL";

struct op {
	long what;
	long a;
	long b;
	long c;
};
/* What to call, and what came back; the ends of the packet and fields of the context behind it. */
struct op ops[4];
long results[16];
char buffer[32];
__u32 words[8];

static __always_inline void ends(long data, long end, long meta)
{
	results[4] = end - data;
	results[5] = data - meta;
}

static __always_inline long xdp_op(struct xdp_md *ctx, struct op *op)
{
	switch (op->what) {
	case 0: return bpf_xdp_adjust_head(ctx, op->a);
	case 1: return bpf_xdp_adjust_meta(ctx, op->a);
	case 2: return bpf_xdp_adjust_tail(ctx, op->a);
	case 3: return bpf_xdp_load_bytes(ctx, op->a, buffer, (op->b & 15) + 1);
	case 4: return bpf_xdp_store_bytes(ctx, op->a, buffer, (op->b & 15) + 1);
	case 5: return bpf_xdp_get_buff_len(ctx);
	case 6: return bpf_redirect(1, op->a & 3);
	}
	return bpf_csum_diff(words, op->a & 28, words, op->b & 28, op->c);
}

SEC("xdp") int xdp_ops(struct xdp_md *ctx)
{
	for (int i = 0; i < 4; i++) results[i] = xdp_op(ctx, &ops[i]);
	results[6] = ctx->ingress_ifindex;
	results[7] = ctx->rx_queue_index;
	ends(ctx->data, ctx->data_end, ctx->data_meta);
	return XDP_PASS;
}

static __always_inline long skb_op(struct __sk_buff *skb, struct op *op)
{
	switch (op->what) {
	case 0: return bpf_skb_load_bytes(skb, op->a, buffer, (op->b & 15) + 1);
	case 1: return bpf_skb_load_bytes_relative(skb, op->a, buffer, (op->b & 15) + 1, op->c & 3);
	case 2: return bpf_skb_store_bytes(skb, op->a, buffer, (op->b & 15) + 1, op->c & 7);
	case 3: return bpf_skb_pull_data(skb, op->a);
	case 4: return bpf_l3_csum_replace(skb, op->a, op->b, op->c, op->b & 1 ? 2 : op->c & 1 ? 4 : 0);
	case 5: return bpf_l4_csum_replace(skb, op->a, op->b, op->c, 0x20 | (op->b & 1 ? 2 : op->c & 1 ? 4 : 0));
	case 6: return bpf_skb_change_tail(skb, op->a & 2047, op->c == 1);
	case 7: return bpf_skb_change_head(skb, op->b & 15, op->a & 1);
	case 8: return bpf_skb_change_type(skb, op->a & 7);
	case 9: return bpf_skb_change_proto(skb, op->a & 1 ? 0x0008 : 0xdd86, 0);
	case 10: return bpf_skb_vlan_push(skb, 0x0081, op->a & 0xfff);
	case 11: return bpf_skb_vlan_pop(skb);
	case 12: return bpf_redirect(1, op->a & 3);
	case 13: return bpf_csum_level(skb, op->a & 3);
	}
	return bpf_csum_diff(words, op->a & 28, words, op->b & 28, op->c);
}

static __always_inline void fields(struct __sk_buff *skb)
{
	results[6] = skb->len;
	results[7] = skb->protocol;
	results[8] = skb->vlan_present;
	results[9] = skb->vlan_tci;
	results[10] = skb->vlan_proto;
	results[11] = skb->pkt_type;
	results[12] = skb->ifindex;
	results[13] = skb->mark;
}

SEC("tc") int skb_ops(struct __sk_buff *skb)
{
	for (int i = 0; i < 4; i++) results[i] = skb_op(skb, &ops[i]);
	ends(skb->data, skb->data_end, skb->data_meta);
	fields(skb);
	return 0;
}

/* What a parser does: pointers that are moved, compared and kept on the stack, bytes that are read and written. */
SEC("xdp") int turn(struct xdp_md *ctx)
{
	unsigned char *data = (void *)(long)ctx->data, *end = (void *)(long)ctx->data_end, *at = data;
	long sum = 0;
	for (int i = 0; i < 64; i++) {
		if (at + 1 > end) break;
		sum = sum * 31 + *at;
		*at = *at ^ i;
		at += 1;
	}
	results[0] = sum;
	results[1] = at - data;
	return sum & 3;
}

SEC("cgroup_skb/ingress") int network_layer(struct __sk_buff *skb)
{
	unsigned char *data = (void *)(long)skb->data, *end = (void *)(long)skb->data_end;
	results[0] = bpf_skb_load_bytes(skb, 0, buffer, 4);
	fields(skb);
	if (data + 1 > end) return 0;
	results[1] = *data;
	return 1;
}

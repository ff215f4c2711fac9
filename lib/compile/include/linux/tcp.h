/* TCP (RFC 9293; include/uapi/linux/tcp.h). Bit fields as on a little-endian machine. */
#ifndef INTERLEAVE_LINUX_TCP_H
#define INTERLEAVE_LINUX_TCP_H

#include <asm/byteorder.h>
#include <linux/types.h>

#ifndef INTERLEAVE_OWN_tcphdr
struct tcphdr {
	__be16 source;
	__be16 dest;
	__be32 seq;
	__be32 ack_seq;
	__u16 res1 : 4, doff : 4, fin : 1, syn : 1, rst : 1, psh : 1, ack : 1, urg : 1, ece : 1, cwr : 1;
	__be16 window;
	__sum16 check;
	__be16 urg_ptr;
};
#endif

#define TCP_NODELAY 1
#define TCP_MAXSEG 2
#define TCP_CORK 3
#define TCP_CONGESTION 13

#endif

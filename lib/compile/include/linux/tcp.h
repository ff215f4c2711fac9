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

/* The header as words, and the flags as they stand in the fourth. */
#ifndef INTERLEAVE_OWN_tcp_word_hdr
union tcp_word_hdr {
	struct tcphdr hdr;
	__be32 words[5];
};
#define tcp_flag_word(header) (((union tcp_word_hdr *)(header))->words[3])
enum {
	TCP_FLAG_CWR = __constant_cpu_to_be32(0x00800000),
	TCP_FLAG_ECE = __constant_cpu_to_be32(0x00400000),
	TCP_FLAG_URG = __constant_cpu_to_be32(0x00200000),
	TCP_FLAG_ACK = __constant_cpu_to_be32(0x00100000),
	TCP_FLAG_PSH = __constant_cpu_to_be32(0x00080000),
	TCP_FLAG_RST = __constant_cpu_to_be32(0x00040000),
	TCP_FLAG_SYN = __constant_cpu_to_be32(0x00020000),
	TCP_FLAG_FIN = __constant_cpu_to_be32(0x00010000),
	TCP_RESERVED_BITS = __constant_cpu_to_be32(0x0f000000),
	TCP_DATA_OFFSET = __constant_cpu_to_be32(0xf0000000),
};
#endif

#define TCP_NODELAY 1
#define TCP_MAXSEG 2
#define TCP_CORK 3
#define TCP_CONGESTION 13

#endif

/* IPv4 (RFC 791; include/uapi/linux/ip.h). Bit fields as on a little-endian machine. */
#ifndef INTERLEAVE_LINUX_IP_H
#define INTERLEAVE_LINUX_IP_H

#include <asm/byteorder.h>
#include <linux/types.h>

#define IPVERSION 4
#define MAXTTL 255
#define IPDEFTTL 64

#ifndef INTERLEAVE_OWN_iphdr
struct iphdr {
	__u8 ihl : 4, version : 4;
	__u8 tos;
	__be16 tot_len;
	__be16 id;
	__be16 frag_off;
	__u8 ttl;
	__u8 protocol;
	__sum16 check;
	union {
		struct {
			__be32 saddr;
			__be32 daddr;
		};
		struct {
			__be32 saddr;
			__be32 daddr;
		} addrs;
	};
};
#endif

#endif

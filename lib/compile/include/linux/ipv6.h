/* IPv6 (RFC 8200; include/uapi/linux/ipv6.h). Bit fields as on a little-endian machine. */
#ifndef INTERLEAVE_LINUX_IPV6_H
#define INTERLEAVE_LINUX_IPV6_H

#include <linux/in6.h>
#include <asm/byteorder.h>
#include <linux/types.h>

#ifndef INTERLEAVE_OWN_ipv6hdr
struct ipv6hdr {
	__u8 priority : 4, version : 4;
	__u8 flow_lbl[3];
	__be16 payload_len;
	__u8 nexthdr;
	__u8 hop_limit;
	union {
		struct {
			struct in6_addr saddr;
			struct in6_addr daddr;
		};
		struct {
			struct in6_addr saddr;
			struct in6_addr daddr;
		} addrs;
	};
};
#endif
#ifndef INTERLEAVE_OWN_ipv6_opt_hdr
struct ipv6_opt_hdr {
	__u8 nexthdr;
	__u8 hdrlen;
} __attribute__((packed));
#endif

#endif

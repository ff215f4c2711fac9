/* Protocols and addresses of IPv4 (include/uapi/linux/in.h). */
#ifndef INTERLEAVE_LINUX_IN_H
#define INTERLEAVE_LINUX_IN_H

#include <asm/byteorder.h>
#include <linux/types.h>

/* Unless the C library's own header has been here. */
#ifndef _NETINET_IN_H
enum {
	IPPROTO_IP = 0,
	IPPROTO_ICMP = 1,
	IPPROTO_IGMP = 2,
	IPPROTO_IPIP = 4,
	IPPROTO_TCP = 6,
	IPPROTO_EGP = 8,
	IPPROTO_PUP = 12,
	IPPROTO_UDP = 17,
	IPPROTO_IDP = 22,
	IPPROTO_TP = 29,
	IPPROTO_DCCP = 33,
	IPPROTO_IPV6 = 41,
	IPPROTO_GRE = 47,
	IPPROTO_ESP = 50,
	IPPROTO_AH = 51,
	IPPROTO_MTP = 92,
	IPPROTO_BEETPH = 94,
	IPPROTO_ENCAP = 98,
	IPPROTO_PIM = 103,
	IPPROTO_COMP = 108,
	IPPROTO_L2TP = 115,
	IPPROTO_SCTP = 132,
	IPPROTO_UDPLITE = 136,
	IPPROTO_MPLS = 137,
	IPPROTO_ETHERNET = 143,
	IPPROTO_RAW = 255,
	IPPROTO_MPTCP = 262,
};

#ifndef INTERLEAVE_OWN_in_addr
struct in_addr {
	__be32 s_addr;
};
#endif
#ifndef INTERLEAVE_OWN_sockaddr_in
struct sockaddr_in {
	unsigned short sin_family;
	__be16 sin_port;
	struct in_addr sin_addr;
	unsigned char __pad[8];
};
#endif

#define INADDR_ANY 0
#define INADDR_LOOPBACK 0x7f000001
#endif

#ifndef AF_INET
#define AF_UNIX 1
#define AF_INET 2
#define AF_INET6 10
#endif

#endif

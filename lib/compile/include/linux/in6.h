/* IPv6 addresses (include/uapi/linux/in6.h). */
#ifndef INTERLEAVE_LINUX_IN6_H
#define INTERLEAVE_LINUX_IN6_H

#include <asm/byteorder.h>
#include <linux/types.h>

#ifndef INTERLEAVE_OWN_in6_addr
struct in6_addr {
	union {
		__u8 u6_addr8[16];
		__be16 u6_addr16[8];
		__be32 u6_addr32[4];
	} in6_u;
#define s6_addr in6_u.u6_addr8
#define s6_addr16 in6_u.u6_addr16
#define s6_addr32 in6_u.u6_addr32
};
#endif

#define IPPROTO_HOPOPTS 0
#define IPPROTO_ROUTING 43
#define IPPROTO_FRAGMENT 44
#define IPPROTO_ICMPV6 58
#define IPPROTO_NONE 59
#define IPPROTO_DSTOPTS 60
#define IPPROTO_MH 135

#endif

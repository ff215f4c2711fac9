/* ICMPv6 (RFC 4443; include/uapi/linux/icmpv6.h). */
#ifndef INTERLEAVE_LINUX_ICMPV6_H
#define INTERLEAVE_LINUX_ICMPV6_H

#include <linux/types.h>

#define ICMPV6_DEST_UNREACH 1
#define ICMPV6_ECHO_REQUEST 128
#define ICMPV6_ECHO_REPLY 129

#ifndef INTERLEAVE_OWN_icmp6hdr
struct icmp6hdr {
	__u8 icmp6_type;
	__u8 icmp6_code;
	__sum16 icmp6_cksum;
	union {
		__be32 un_data32[1];
		__be16 un_data16[2];
		__u8 un_data8[4];
		struct {
			__be16 identifier;
			__be16 sequence;
		} u_echo;
	} icmp6_dataun;
};
#endif

#endif

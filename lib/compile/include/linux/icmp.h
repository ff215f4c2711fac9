/* ICMP (RFC 792; include/uapi/linux/icmp.h). */
#ifndef INTERLEAVE_LINUX_ICMP_H
#define INTERLEAVE_LINUX_ICMP_H

#include <asm/byteorder.h>
#include <linux/types.h>

#define ICMP_ECHOREPLY 0
#define ICMP_DEST_UNREACH 3
#define ICMP_REDIRECT 5
#define ICMP_ECHO 8
#define ICMP_TIME_EXCEEDED 11

#ifndef INTERLEAVE_OWN_icmphdr
struct icmphdr {
	__u8 type;
	__u8 code;
	__sum16 checksum;
	union {
		struct {
			__be16 id;
			__be16 sequence;
		} echo;
		__be32 gateway;
		struct {
			__be16 __unused;
			__be16 mtu;
		} frag;
		__u8 reserved[4];
	} un;
};
#endif

#endif

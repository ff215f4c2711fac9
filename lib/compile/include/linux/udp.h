/* UDP (RFC 768; include/uapi/linux/udp.h). */
#ifndef INTERLEAVE_LINUX_UDP_H
#define INTERLEAVE_LINUX_UDP_H

#include <asm/byteorder.h>
#include <linux/types.h>

#ifndef INTERLEAVE_OWN_udphdr
struct udphdr {
	__be16 source;
	__be16 dest;
	__be16 len;
	__sum16 check;
};
#endif

#endif

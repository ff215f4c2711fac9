/* VLAN tags, as they stand in a frame after its addresses. */
#ifndef INTERLEAVE_LINUX_IF_VLAN_H
#define INTERLEAVE_LINUX_IF_VLAN_H

#include <linux/types.h>

#ifndef INTERLEAVE_OWN_vlan_hdr
struct vlan_hdr {
	__be16 h_vlan_TCI;
	__be16 h_vlan_encapsulated_proto;
};
#endif

#endif

/* Ethernet frames (include/uapi/linux/if_ether.h). */
#ifndef INTERLEAVE_LINUX_IF_ETHER_H
#define INTERLEAVE_LINUX_IF_ETHER_H

#include <asm/byteorder.h>
#include <linux/types.h>

#define ETH_ALEN 6
#define ETH_HLEN 14
#define ETH_ZLEN 60
#define ETH_DATA_LEN 1500
#define ETH_FRAME_LEN 1514
#define ETH_FCS_LEN 4

#define ETH_P_LOOP 0x0060
#define ETH_P_IP 0x0800
#define ETH_P_ARP 0x0806
#define ETH_P_TEB 0x6558
#define ETH_P_RARP 0x8035
#define ETH_P_8021Q 0x8100
#define ETH_P_IPV6 0x86DD
#define ETH_P_MPLS_UC 0x8847
#define ETH_P_MPLS_MC 0x8848
#define ETH_P_PPP_SES 0x8864
#define ETH_P_8021AD 0x88A8
#define ETH_P_1588 0x88F7
#define ETH_P_LOOPBACK 0x9000
#define ETH_P_ALL 0x0003

#ifndef INTERLEAVE_OWN_ethhdr
struct ethhdr {
	unsigned char h_dest[ETH_ALEN];
	unsigned char h_source[ETH_ALEN];
	__be16 h_proto;
} __attribute__((packed));
#endif

#endif

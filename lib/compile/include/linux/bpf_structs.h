/*
 * What listings hand to helper functions, and the objects that the kernel finds in map values by their type's name
 * (include/uapi/linux/bpf.h). The opaque words belong to the kernel.
 */
#ifndef INTERLEAVE_LINUX_BPF_STRUCTS_H
#define INTERLEAVE_LINUX_BPF_STRUCTS_H

#include <linux/types.h>

#ifndef INTERLEAVE_OWN_bpf_tunnel_key
struct bpf_tunnel_key {
	__u32 tunnel_id;
	union {
	__u32 remote_ipv4;
	__u32 remote_ipv6[4];
	};
	__u8 tunnel_tos;
	__u8 tunnel_ttl;
	union {
	__u16 tunnel_ext;
	__be16 tunnel_flags;
	};
	__u32 tunnel_label;
	union {
	__u32 local_ipv4;
	__u32 local_ipv6[4];
	};
};
#endif
#ifndef INTERLEAVE_OWN_bpf_xfrm_state
struct bpf_xfrm_state {
	__u32 reqid;
	__u32 spi;
	__u16 family;
	__u16 ext;
	union {
	__u32 remote_ipv4;
	__u32 remote_ipv6[4];
	};
};
#endif
#ifndef INTERLEAVE_OWN_bpf_fib_lookup
struct bpf_fib_lookup {
	__u8 family;
	__u8 l4_protocol;
	__be16 sport;
	__be16 dport;
	union {
	__u16 tot_len;
	__u16 mtu_result;
	} __attribute__((packed, aligned(2)));
	__u32 ifindex;
	union {
	__u8 tos;
	__be32 flowinfo;
	__u32 rt_metric;
	};
	union {
	__be32 ipv4_src;
	__u32 ipv6_src[4];
	};
	union {
	__be32 ipv4_dst;
	__u32 ipv6_dst[4];
	};
	union {
	struct {
	__be16 h_vlan_proto;
	__be16 h_vlan_TCI;
	};
	__u32 tbid;
	};
	union {
	struct {
	__u32 mark;
	};
	struct {
	__u8 smac[6];
	__u8 dmac[6];
	};
	};
};
#endif
#ifndef INTERLEAVE_OWN_bpf_redir_neigh
struct bpf_redir_neigh {
	__u32 nh_family;
	union {
	__be32 ipv4_nh;
	__u32 ipv6_nh[4];
	};
};
#endif
#ifndef INTERLEAVE_OWN_bpf_perf_event_value
struct bpf_perf_event_value {
	__u64 counter;
	__u64 enabled;
	__u64 running;
};
#endif
#ifndef INTERLEAVE_OWN_bpf_pidns_info
struct bpf_pidns_info {
	__u32 pid;
	__u32 tgid;
};
#endif
#ifndef INTERLEAVE_OWN_bpf_devmap_val
struct bpf_devmap_val {
	__u32 ifindex;
	union {
	int fd;
	__u32 id;
	} bpf_prog;
};
#endif
#ifndef INTERLEAVE_OWN_bpf_cpumap_val
struct bpf_cpumap_val {
	__u32 qsize;
	union {
	int fd;
	__u32 id;
	} bpf_prog;
};
#endif
#ifndef INTERLEAVE_OWN_bpf_cgroup_storage_key
struct bpf_cgroup_storage_key {
	__u64 cgroup_inode_id;
	__u32 attach_type;
};
#endif
#ifndef INTERLEAVE_OWN_bpf_lpm_trie_key
struct bpf_lpm_trie_key {
	__u32 prefixlen;
	__u8 data[0];
};
#endif
#ifndef INTERLEAVE_OWN_bpf_lpm_trie_key_hdr
struct bpf_lpm_trie_key_hdr {
	__u32 prefixlen;
};
#endif
#ifndef INTERLEAVE_OWN_bpf_lpm_trie_key_u8
struct bpf_lpm_trie_key_u8 {
	union {
	struct bpf_lpm_trie_key_hdr hdr;
	__u32 prefixlen;
	};
	__u8 data[];
};
#endif
#ifndef INTERLEAVE_OWN_bpf_stack_build_id
struct bpf_stack_build_id {
	__s32 status;
	unsigned char build_id[20];
	union {
	__u64 offset;
	__u64 ip;
	};
};
#endif
#ifndef INTERLEAVE_OWN_btf_ptr
struct btf_ptr {
	void *ptr;
	__u32 type_id;
	__u32 flags;
};
#endif
#ifndef INTERLEAVE_OWN_bpf_list_head
struct bpf_list_head {
	__u64 __opaque[2];
} __attribute__((aligned(8)));
#endif
#ifndef INTERLEAVE_OWN_bpf_list_node
struct bpf_list_node {
	__u64 __opaque[3];
} __attribute__((aligned(8)));
#endif
#ifndef INTERLEAVE_OWN_bpf_rb_root
struct bpf_rb_root {
	__u64 __opaque[2];
} __attribute__((aligned(8)));
#endif
#ifndef INTERLEAVE_OWN_bpf_rb_node
struct bpf_rb_node {
	__u64 __opaque[4];
} __attribute__((aligned(8)));
#endif
#ifndef INTERLEAVE_OWN_bpf_wq
struct bpf_wq {
	__u64 __opaque[2];
} __attribute__((aligned(8)));
#endif
#ifndef INTERLEAVE_OWN_bpf_task_work
struct bpf_task_work {
	__u64 __opaque[1];
} __attribute__((aligned(8)));
#endif
#ifndef INTERLEAVE_OWN_bpf_iter_num
struct bpf_iter_num {
	__u64 __opaque[1];
} __attribute__((aligned(8)));
#endif
#ifndef INTERLEAVE_OWN_bpf_refcount
struct bpf_refcount {
	__u32 __opaque[1];
} __attribute__((aligned(4)));
#endif

#endif

/*
 * Stands in for the header that bpftool dumps from a running kernel: the types that concurrency listings use. Fields of
 * kernel structs are found by name when the program is loaded into a kernel (preserve_access_index), so that only the
 * fields that listings follow are here, in no particular place.
 */
#ifndef __VMLINUX_H__
#define __VMLINUX_H__

#include <linux/bpf.h>
#include <linux/icmp.h>
#include <linux/icmpv6.h>
#include <linux/if_ether.h>
#include <linux/if_vlan.h>
#include <linux/in.h>
#include <linux/ip.h>
#include <linux/ipv6.h>
#include <linux/tcp.h>
#include <linux/udp.h>
#include <stdbool.h>
#include <stddef.h>

typedef int pid_t;
typedef unsigned int uid_t;
typedef unsigned int gid_t;
typedef unsigned short umode_t;
typedef unsigned int fmode_t;
typedef unsigned int dev_t;
typedef long long loff_t;
typedef unsigned long long sector_t;
typedef long ssize_t;

#pragma clang attribute push(__attribute__((preserve_access_index)), apply_to = record)

typedef struct {
	int counter;
} atomic_t;
typedef struct {
	__s64 counter;
} atomic64_t;
typedef atomic64_t atomic_long_t;
typedef struct {
	uid_t val;
} kuid_t;
typedef struct {
	gid_t val;
} kgid_t;
typedef struct refcount_struct {
	atomic_t refs;
} refcount_t;

#ifndef INTERLEAVE_OWN_list_head
struct list_head {
	struct list_head *next, *prev;
};
#endif
#ifndef INTERLEAVE_OWN_ns_common
struct ns_common {
	unsigned int inum;
};
#endif
#ifndef INTERLEAVE_OWN_pid_namespace
struct pid_namespace {
	unsigned int level;
	struct pid_namespace *parent;
	struct ns_common ns;
};
#endif
#ifndef INTERLEAVE_OWN_nsproxy
struct nsproxy {
	struct pid_namespace *pid_ns_for_children;
	struct net *net_ns;
};
#endif
#ifndef INTERLEAVE_OWN_cred
struct cred {
	kuid_t uid;
	kgid_t gid;
	kuid_t suid;
	kgid_t sgid;
	kuid_t euid;
	kgid_t egid;
	kuid_t fsuid;
	kgid_t fsgid;
};
#endif
#ifndef INTERLEAVE_OWN_qstr
struct qstr {
	union {
		struct {
			__u32 hash;
			__u32 len;
		};
		__u64 hash_len;
	};
	const unsigned char *name;
};
#endif
struct super_block;
#ifndef INTERLEAVE_OWN_inode
struct inode {
	umode_t i_mode;
	kuid_t i_uid;
	kgid_t i_gid;
	unsigned int i_flags;
	struct super_block *i_sb;
	unsigned long i_ino;
	dev_t i_rdev;
	loff_t i_size;
};
#endif
#ifndef INTERLEAVE_OWN_super_block
struct super_block {
	dev_t s_dev;
	unsigned long s_blocksize;
	loff_t s_maxbytes;
	unsigned long s_flags;
	unsigned long s_magic;
	struct dentry *s_root;
};
#endif
#ifndef INTERLEAVE_OWN_dentry
struct dentry {
	unsigned int d_flags;
	struct dentry *d_parent;
	struct qstr d_name;
	struct inode *d_inode;
	struct super_block *d_sb;
};
#endif
#ifndef INTERLEAVE_OWN_vfsmount
struct vfsmount {
	struct dentry *mnt_root;
	struct super_block *mnt_sb;
	int mnt_flags;
};
#endif
#ifndef INTERLEAVE_OWN_path
struct path {
	struct vfsmount *mnt;
	struct dentry *dentry;
};
#endif
#ifndef INTERLEAVE_OWN_file
struct file {
	fmode_t f_mode;
	void *private_data;
	struct inode *f_inode;
	unsigned int f_flags;
	const struct cred *f_cred;
	struct path f_path;
	loff_t f_pos;
};
#endif
#ifndef INTERLEAVE_OWN_vm_area_struct
struct vm_area_struct {
	unsigned long vm_start;
	unsigned long vm_end;
	struct mm_struct *vm_mm;
	unsigned long vm_flags;
	struct file *vm_file;
};
#endif
#ifndef INTERLEAVE_OWN_mm_struct
struct mm_struct {
	struct {
		int map_count;
		unsigned long total_vm;
		unsigned long start_code, end_code, start_data, end_data;
		unsigned long start_brk, brk, start_stack;
		unsigned long arg_start, arg_end, env_start, env_end;
		struct task_struct *owner;
		struct file *exe_file;
	};
};
#endif
#ifndef INTERLEAVE_OWN_cgroup
struct kernfs_node;
struct cgroup {
	unsigned long flags;
	int level;
	struct kernfs_node *kn;
};
#endif
#ifndef INTERLEAVE_OWN_css_set
struct css_set {
	struct cgroup *dfl_cgrp;
};
#endif
#ifndef INTERLEAVE_OWN_signal_struct
struct signal_struct {
	int nr_threads;
	unsigned int flags;
};
#endif
#ifndef INTERLEAVE_OWN_sched_entity
struct sched_entity {
	unsigned int on_rq;
	__u64 exec_start;
	__u64 sum_exec_runtime;
	__u64 vruntime;
};
#endif
#ifndef INTERLEAVE_OWN_task_struct
struct task_struct {
	int pid;
	int tgid;
	char comm[16];
	unsigned int __state;
	void *stack;
	refcount_t usage;
	unsigned int flags;
	unsigned int ptrace;
	int on_cpu;
	int wake_cpu;
	int recent_used_cpu;
	int on_rq;
	int prio;
	int static_prio;
	int normal_prio;
	unsigned int rt_priority;
	struct sched_entity se;
	unsigned int policy;
	int nr_cpus_allowed;
	struct list_head tasks;
	struct mm_struct *mm;
	struct mm_struct *active_mm;
	int exit_state;
	int exit_code;
	int exit_signal;
	struct task_struct *real_parent;
	struct task_struct *parent;
	struct list_head children;
	struct list_head sibling;
	struct task_struct *group_leader;
	__u64 utime;
	__u64 stime;
	unsigned long nvcsw;
	unsigned long nivcsw;
	__u64 start_time;
	__u64 start_boottime;
	unsigned long min_flt;
	unsigned long maj_flt;
	const struct cred *real_cred;
	const struct cred *cred;
	struct nsproxy *nsproxy;
	struct signal_struct *signal;
	struct task_struct *last_wakee;
	struct css_set *cgroups;
};
#endif

#ifndef INTERLEAVE_OWN_pt_regs
struct pt_regs {
	unsigned long r15;
	unsigned long r14;
	unsigned long r13;
	unsigned long r12;
	unsigned long bp;
	unsigned long bx;
	unsigned long r11;
	unsigned long r10;
	unsigned long r9;
	unsigned long r8;
	unsigned long ax;
	unsigned long cx;
	unsigned long dx;
	unsigned long si;
	unsigned long di;
	unsigned long orig_ax;
	unsigned long ip;
	unsigned long cs;
	unsigned long flags;
	unsigned long sp;
	unsigned long ss;
};
#endif

#ifndef INTERLEAVE_OWN_sock_common
struct sock_common {
	__be32 skc_daddr;
	__be32 skc_rcv_saddr;
	__be16 skc_dport;
	__u16 skc_num;
	unsigned short skc_family;
	volatile unsigned char skc_state;
	int skc_bound_dev_if;
};
#endif
#ifndef INTERLEAVE_OWN_sock
struct sock {
	struct sock_common __sk_common;
	__u32 sk_priority;
	__u32 sk_mark;
	int sk_sndbuf;
	int sk_rcvbuf;
	__u16 sk_type;
	__u16 sk_protocol;
};
#endif
#ifndef INTERLEAVE_OWN_net_device
struct net_device {
	char name[16];
	int ifindex;
	unsigned int mtu;
	unsigned int flags;
};
#endif
#ifndef INTERLEAVE_OWN_sk_buff
struct sk_buff {
	struct net_device *dev;
	struct sock *sk;
	unsigned int len;
	unsigned int data_len;
	__u16 mac_len;
	__u32 priority;
	int skb_iif;
	__u32 hash;
	__u32 mark;
	__be16 protocol;
	__u16 transport_header;
	__u16 network_header;
	__u16 mac_header;
	unsigned char *head;
	unsigned char *data;
};
#endif
#ifndef INTERLEAVE_OWN_bpf_map
struct bpf_map {
	__u32 key_size;
	__u32 value_size;
	__u32 max_entries;
	__u32 map_flags;
	__u32 id;
	char name[16];
};
#endif

/* Contexts of iterators. */
#ifndef INTERLEAVE_OWN_seq_file
struct seq_file {
	char *buf;
	size_t size;
	size_t count;
	loff_t index;
};
#endif
#ifndef INTERLEAVE_OWN_bpf_iter_meta
struct bpf_iter_meta {
	union {
		struct seq_file *seq;
	};
	__u64 session_id;
	__u64 seq_num;
};
#endif
#ifndef INTERLEAVE_OWN_bpf_iter__task
struct bpf_iter__task {
	union {
		struct bpf_iter_meta *meta;
	};
	union {
		struct task_struct *task;
	};
};
#endif
#ifndef INTERLEAVE_OWN_bpf_iter__bpf_map
struct bpf_iter__bpf_map {
	union {
		struct bpf_iter_meta *meta;
	};
	union {
		struct bpf_map *map;
	};
};
#endif
#ifndef INTERLEAVE_OWN_bpf_iter__bpf_map_elem
struct bpf_iter__bpf_map_elem {
	union {
		struct bpf_iter_meta *meta;
	};
	union {
		struct bpf_map *map;
	};
	union {
		void *key;
	};
	union {
		void *value;
	};
};
#endif

/* Contexts of tracepoints. */
#ifndef INTERLEAVE_OWN_trace_entry
struct trace_entry {
	unsigned short type;
	unsigned char flags;
	unsigned char preempt_count;
	int pid;
};
#endif
#ifndef INTERLEAVE_OWN_trace_event_raw_sys_enter
struct trace_event_raw_sys_enter {
	struct trace_entry ent;
	long id;
	unsigned long args[6];
	char __data[0];
};
#endif
#ifndef INTERLEAVE_OWN_trace_event_raw_sys_exit
struct trace_event_raw_sys_exit {
	struct trace_entry ent;
	long id;
	long ret;
	char __data[0];
};
#endif
#ifndef INTERLEAVE_OWN_trace_event_raw_sched_switch
struct trace_event_raw_sched_switch {
	struct trace_entry ent;
	char prev_comm[16];
	pid_t prev_pid;
	int prev_prio;
	long prev_state;
	char next_comm[16];
	pid_t next_pid;
	int next_prio;
	char __data[0];
};
#endif

#pragma clang attribute pop

#endif

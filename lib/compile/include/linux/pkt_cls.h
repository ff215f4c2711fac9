/* What tc programs return (include/uapi/linux/pkt_cls.h); TC_ACT_* of everyday live in <linux/bpf.h>. */
#ifndef INTERLEAVE_LINUX_PKT_CLS_H
#define INTERLEAVE_LINUX_PKT_CLS_H

#include <linux/bpf.h>

#define TC_ACT_TRAP 8

#endif

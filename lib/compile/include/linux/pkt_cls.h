/* What tc programs return (include/uapi/linux/pkt_cls.h); TC_ACT_* of everyday live in <linux/bpf.h>, too. */
#ifndef INTERLEAVE_LINUX_PKT_CLS_H
#define INTERLEAVE_LINUX_PKT_CLS_H

#include <linux/bpf.h>

#ifndef TC_ACT_OK
#define TC_ACT_UNSPEC (-1)
#define TC_ACT_OK 0
#define TC_ACT_RECLASSIFY 1
#define TC_ACT_SHOT 2
#define TC_ACT_PIPE 3
#define TC_ACT_STOLEN 4
#define TC_ACT_QUEUED 5
#define TC_ACT_REPEAT 6
#define TC_ACT_REDIRECT 7
#endif
#define TC_ACT_TRAP 8

#endif

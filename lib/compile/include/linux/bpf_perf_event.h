/* Context of perf_event programs (include/uapi/linux/bpf_perf_event.h). */
#ifndef INTERLEAVE_LINUX_BPF_PERF_EVENT_H
#define INTERLEAVE_LINUX_BPF_PERF_EVENT_H

#include <linux/ptrace.h>
#include <linux/types.h>

#ifndef INTERLEAVE_OWN_bpf_perf_event_data
struct bpf_perf_event_data {
	struct pt_regs regs;
	__u64 sample_period;
	__u64 addr;
};
#endif

#endif

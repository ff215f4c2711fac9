/* The kernel's own sources call it so. */
#include <linux/bpf_perf_event.h>

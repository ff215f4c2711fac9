/* TC_ACT_* live with the rest. */
#include <linux/bpf.h>

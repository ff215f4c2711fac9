/* How XDP programs attach (include/uapi/linux/if_link.h). */
#ifndef INTERLEAVE_LINUX_IF_LINK_H
#define INTERLEAVE_LINUX_IF_LINK_H

#define XDP_FLAGS_UPDATE_IF_NOEXIST (1U << 0)
#define XDP_FLAGS_SKB_MODE (1U << 1)
#define XDP_FLAGS_DRV_MODE (1U << 2)

#endif

/* The kernel's own sources call it so. */
#include <linux/pkt_cls.h>

/* The kernel's own sources call it so. */
#include <linux/ipv6.h>

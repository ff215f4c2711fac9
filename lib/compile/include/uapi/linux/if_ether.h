/* The kernel's own sources call it so. */
#include <linux/if_ether.h>

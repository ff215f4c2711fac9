/* The kernel's own sources call it so. */
#include <linux/in6.h>

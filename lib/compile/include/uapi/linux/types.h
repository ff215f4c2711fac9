/* The kernel's own sources call it so. */
#include <linux/types.h>

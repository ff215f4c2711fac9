/* The same numbers under the name that user space knows. */
#include <linux/errno.h>

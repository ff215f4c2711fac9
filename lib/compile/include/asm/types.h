/* Some headers ask for this name. */
#include <linux/types.h>

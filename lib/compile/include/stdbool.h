/* A kernel's own header has them as a typedef and an enum. */
#if !defined(INTERLEAVE_STDBOOL_H) && !defined(INTERLEAVE_VMLINUX)
#define INTERLEAVE_STDBOOL_H

#define bool _Bool
#define true 1
#define false 0

#endif

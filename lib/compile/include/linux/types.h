/*
 * Integer types as the kernel names them. A listing may define any of these names itself: the compiler is then told so
 * with -DINTERLEAVE_OWN_<name> (lib/compile/listing.ts).
 */
#ifndef INTERLEAVE_LINUX_TYPES_H
#define INTERLEAVE_LINUX_TYPES_H
/* Headers of projects ask for the kernel's own guard. */
#define _LINUX_TYPES_H

typedef unsigned char __u8;
typedef unsigned short __u16;
typedef unsigned int __u32;
typedef unsigned long long __u64;
typedef signed char __s8;
typedef short __s16;
typedef int __s32;
typedef long long __s64;
typedef __u16 __be16;
typedef __u32 __be32;
typedef __u64 __be64;
typedef __u16 __le16;
typedef __u32 __le32;
typedef __u64 __le64;
typedef __u16 __sum16;
typedef __u32 __wsum;
typedef unsigned int __poll_t;
#define __bitwise
#define __aligned_u64 __u64 __attribute__((aligned(8)))
#ifndef __always_inline
#define __always_inline inline __attribute__((always_inline))
#endif

/* A kernel's own header has the short names, too. */
#ifndef INTERLEAVE_VMLINUX
#ifndef INTERLEAVE_OWN_u8
typedef __u8 u8;
#endif
#ifndef INTERLEAVE_OWN_u16
typedef __u16 u16;
#endif
#ifndef INTERLEAVE_OWN_u32
typedef __u32 u32;
#endif
#ifndef INTERLEAVE_OWN_u64
typedef __u64 u64;
#endif
#ifndef INTERLEAVE_OWN_s8
typedef __s8 s8;
#endif
#ifndef INTERLEAVE_OWN_s16
typedef __s16 s16;
#endif
#ifndef INTERLEAVE_OWN_s32
typedef __s32 s32;
#endif
#ifndef INTERLEAVE_OWN_s64
typedef __s64 s64;
#endif
#endif

#endif
